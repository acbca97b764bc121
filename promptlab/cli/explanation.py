"""How an explanation reads: the labels, the prompt, each label word, and the likeliest words at the slot."""

import math
import textwrap
from typing import TYPE_CHECKING

from promptlab.cli.figures import fact_lines
from promptlab.cli.tables import Column, number, table_lines, text
from promptlab.results import wording
from promptlab.text import counted, listed, safe_text, shorten

if TYPE_CHECKING:
    from promptlab.jobs import Explanation

# Columns in which the likeliest words are laid out.
_COLUMNS = 4
# Label words of one label that are shown.
_MOST_WORDS = 12


def explanation_lines(explanation: "Explanation", *, label: str | None, width: int) -> list[str]:
    """The whole explanation; ``label`` is the row's own, None for a text without one."""
    return [
        *fact_lines(_answer(explanation, label), width=width),
        "",
        *_prompt(explanation, width=width),
        "",
        *_labels(explanation, width=width),
        "",
        *_words(explanation, width=width),
        *_likeliest(explanation, width=width),
    ]


def _answer(explanation: "Explanation", label: str | None) -> list[tuple[str, str]]:
    probability = math.exp(explanation.labels[explanation.prediction])
    facts = [("Predicted", f"{explanation.prediction} ({probability:.3f})")]
    if label is not None:
        facts.append(("Label", f"{label}: {'right' if label == explanation.prediction else 'wrong'}"))
    if explanation.verbalizer != "words":
        facts.append(("Verbalizer", f"{explanation.verbalizer}, {wording.depths(explanation.depths)}"))
    return facts


def _prompt(explanation: "Explanation", *, width: int) -> list[str]:
    cut = listed(f"{counted(count, 'piece')} of {field}" for field, count in explanation.cut.items() if count)
    dropped = f"{counted(explanation.dropped, 'demonstration')} left out" if explanation.dropped else ""
    lost = ", ".join(filter(None, (f"cut: {cut}" if cut else "nothing cut", dropped)))
    lines = [f"The prompt as the model saw it ({counted(explanation.pieces, 'piece')}, {lost})"]
    for line in safe_text(explanation.prompt, newlines=True).split("\n"):
        lines += textwrap.wrap(line, max(width - 2, 30), initial_indent="  ", subsequent_indent="  ") or [""]
    return lines


def _labels(explanation: "Explanation", *, width: int) -> list[str]:
    ranked = sorted(explanation.labels, key=lambda label: -explanation.labels[label])
    is_calibrated = any(abs(explanation.labels[label] - explanation.raw[label]) > 1e-6 for label in ranked)
    columns = [text("label"), number("probability"), *([number("uncalibrated")] if is_calibrated else [])]
    rows = []
    for label in ranked:
        row = [label, f"{math.exp(explanation.labels[label]):.3f}"]
        rows.append([*row, f"{math.exp(explanation.raw[label]):.3f}"] if is_calibrated else row)
    return table_lines(columns, rows, width=width)


def _words(explanation: "Explanation", *, width: int) -> list[str]:
    """Each label's words, the likeliest first."""
    rows, hidden = [], 0
    for label in explanation.labels:
        words = sorted((one for one in explanation.words if one.label == label), key=lambda one: -one.logprob)
        hidden += max(len(words) - _MOST_WORDS, 0)
        rows += [
            (label, one.word, share(math.exp(one.logprob)), "whole" if one.rank is None else f"{one.rank:,}")
            for one in words[:_MOST_WORDS]
        ]
    if not rows:
        return []
    columns = (text("label"), text("label word"), number("probability"), number("rank"))
    more = [f"and {counted(hidden, 'less likely word')}"] if hidden else []
    return [*table_lines(columns, rows, width=width), *more, ""]


def _likeliest(explanation: "Explanation", *, width: int) -> list[str]:
    if not explanation.top:
        sentence = (
            f"No likeliest words: the model was read {wording.depths(explanation.depths)} and stopped there, below the "
            "layer that scores words."
        )
        return textwrap.wrap(sentence, width)
    lines: list[str] = []
    for slot, words in enumerate(explanation.top, 1):
        of = f" {slot}" if len(explanation.top) > 1 else ""
        lines += [f"Likeliest at slot{of}" if of else "Likeliest at the slot"]
        room = max(width // _COLUMNS - len("12 ") - len(" 0.123  "), 6)
        entries = [f"{place:>2} {shorten(word, room)} {share(chance)}" for place, (word, chance) in enumerate(words, 1)]
        down = -(-len(entries) // _COLUMNS)
        rows = [(entries[start::down] + [""] * _COLUMNS)[:_COLUMNS] for start in range(down)]
        lines += table_lines([Column("", shrinks=True)] * _COLUMNS, rows, width=width)
    return lines


def share(probability: float) -> str:
    """``0.123``, and small ones as ``1.2e-05``."""
    return f"{probability:.3f}" if probability >= 0.0005 else f"{probability:.1e}"
