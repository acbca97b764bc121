"""How label words are drawn: one line for a label, one for a word, and sentences about what is under the cursor."""

import math
from collections.abc import Mapping
from typing import Any

from rich.text import Text

from promptlab.text import counted
from promptlab.tui.panes.line_columns import Column, draw_cells, fit_columns
from promptlab.tui.shown import cell, effect
from promptlab.tui.state.word_facts import WordFacts
from promptlab.tui.state.word_lines import WordLine
from promptlab.verbalizer import LabelWords

COLUMNS = (
    Column("on", 2, rank=0),
    Column("word", 12, rank=1, share=2),
    Column("weight", 6, rank=2, right=True),
    Column("pieces", 12, rank=5, share=2),
    Column("prior", 6, rank=6, right=True),
    Column("if removed", 10, rank=3, right=True),
    Column("!", 1, rank=4),
    Column("from", 8, rank=7, share=3),
)
_NAMES = {column.name: column.name for column in COLUMNS} | {"on": ""}


def names_line(width: int, *, is_old: bool) -> Text:
    """The names of the columns; effects that belong to other words say so."""
    names = _NAMES | ({"if removed": "(removed)"} if is_old else {})
    return draw_cells(names, COLUMNS, fit_columns(COLUMNS, width), styles={})


def label_line(
    label: str, words: LabelWords, figures: Mapping[str, Any] | None, *, is_current: bool, width: int
) -> Text:
    """A label with how many of its words count and how many of its rows are right."""
    active, every = len(words.active(label)), len(words.words[label])
    count = counted(active, "word") if active == every else f"{active} of {counted(every, 'word')}"
    if not active:
        said = (
            ("no word counts: press i to type one" if not every else "every word is off: space switches one on"),
            ("bold red"),
        )
    else:
        said = f"{count}{label_accuracy(label, figures, is_current=is_current)}", "" if is_current else "dim"
    line = Text.assemble(("✗ " if not active else "", "bold red"), (cell(label, max(width // 2, 8)).plain, "bold"))
    line.append(f"  {said[0]}", said[1])
    line.truncate(width, overflow="ellipsis")
    line.no_wrap, line.end = True, ""
    return line


def label_accuracy(label: str, figures: Mapping[str, Any] | None, *, is_current: bool) -> str:
    """`` · 0.800 of 30 rows right`` for the label's rows; empty while nothing is known of them."""
    of = figures["per_label"].get(label) if figures else None
    if not of or not of["n"]:
        return ""
    said = f" · {of['recall']:.3f} of {counted(of['n'], 'row')} right"
    return said if is_current else f"{said} before the edit"


def word_line(line: WordLine, facts: WordFacts, *, is_old: bool, width: int) -> Text:
    """A word: whether it is on, its weight, pieces, prior, effect if removed, problems, where it comes from."""
    assert line.word is not None
    text, label = str(line.word), line.label
    counts = line.word.on and line.word.weight > 0
    prior = facts.prior(text) if facts.prior(text) is not None else line.word.prior
    cells = {
        "on": "✓" if counts else "✗",
        "word": text,
        "weight": f"{line.word.weight:g}" if line.word.on else "off",
        "pieces": _pieces(facts.pieces(text)),
        "prior": "…" if prior is None and not facts.knows(label, text) else "-" if prior is None else f"{prior:.1f}",
        "if removed": effect(facts.removed(label, text)) if facts.knows(label, text) else "…" if counts else "-",
        "!": "!" if facts.problems(label, text) else "",
        "from": line.word.dropped or line.word.provenance,
    }
    styles = {"if removed": "dim" if is_old else "", "!": "bold yellow", "from": "dim"}
    drawn = draw_cells(cells, COLUMNS, fit_columns(COLUMNS, width), styles=styles)
    if not counts:
        drawn.stylize("dim")
    return drawn


def about_word(line: WordLine, facts: WordFacts, *, is_old: bool) -> str:
    """What is known of the word under the cursor, its problems first and in full."""
    assert line.word is not None
    text, label = str(line.word), line.label
    parts = list(facts.problems(label, text))
    if line.word.dropped and not line.word.on:
        parts.append(f"Left out: {line.word.dropped}.")
    removed = facts.removed(label, text)
    if removed is not None:
        rows = counted(facts.n, "row") + (", before the last edit" if is_old else "")
        parts.append(f"Without it: accuracy {effect(removed)} points ({rows}).")
    prior = facts.prior(text)
    if prior is not None:
        parts.append(f"The model says it with probability {_probability(prior)}.")
    pieces = facts.pieces(text)
    if pieces is not None and len(pieces) > 1:
        parts.append(f"{counted(len(pieces), 'piece')}: {' '.join(pieces)}.")
    if line.word.provenance not in ("", "user"):
        parts.append(f"From {line.word.provenance}.")
    return " ".join(parts)


def _pieces(pieces: list[str] | None) -> str:
    if pieces is None:
        return "…"
    return "-" if not pieces else pieces[0] if len(pieces) == 1 else f"{len(pieces)}: {' '.join(pieces)}"


def _probability(logprob: float) -> str:
    value = math.exp(min(logprob, 0.0))
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"
