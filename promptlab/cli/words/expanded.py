"""Showing the words that were found for labels, and keeping them."""

import re
from collections import Counter
from typing import TYPE_CHECKING

from promptlab.cli import console
from promptlab.cli.tables import Column, number, table_lines, text

if TYPE_CHECKING:
    from promptlab.jobs.words.expansion import Expansion
    from promptlab.verbalizer.found import FoundWord


def show_expansion(expansion: "Expansion") -> None:
    """A table of the words, best first under each label; then what the model says most, and what was left out."""
    has_priors = any(word.prior is not None for word in expansion.found)
    has_effects = any(word.effect is not None for word in expansion.found)
    columns = [Column("label"), Column("word"), number("score"), number("pieces")]
    columns += [number("prior")] * has_priors + [number("effect")] * has_effects + [text("from")]
    rows = [
        _cells(word, has_priors=has_priors, has_effects=has_effects)
        for label in expansion.seeds.labels
        for word in expansion.of(label)
    ]
    console.show_lines(table_lines(columns, rows, width=console.width()))
    if not rows:
        console.say("No word was found that passes.")
    if expansion.likeliest:
        console.show(f"Likeliest at the slot over all texts: {', '.join(word for word, _ in expansion.likeliest)}.")
    if expansion.dropped:
        console.say(f"Left out before these: {left_out(expansion)}. --json names them.")


def left_out(expansion: "Expansion") -> str:
    """How many words were left out for which kind of reason, the commonest first."""
    kinds = Counter(_kind(word.dropped) for word in expansion.dropped)
    return "; ".join(f"{kind}: {count:,}" for kind, count in kinds.most_common())


def _kind(reason: str) -> str:
    """A reason without the word or number that differs from one to the next."""
    return re.sub(r"^\d+ pieces", "of several pieces", re.sub(r" -?\d[\d.]*,", "", re.sub(r"(['\"]).*\1", "…", reason)))


def _cells(word: "FoundWord", *, has_priors: bool, has_effects: bool) -> list[str]:
    cells = [word.label, word.text, f"{word.score:.2f}", str(len(word.pieces))]
    cells += ["" if word.prior is None else f"{word.prior:.1f}"] * has_priors
    cells += ["" if word.effect is None else f"{word.effect:+.3f}"] * has_effects
    return [*cells, word.provenance]
