"""How single rows of a run read: labels, margin, probabilities, and the text below."""

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from promptlab.cli.tables import number, table_lines, text
from promptlab.text import shorten

if TYPE_CHECKING:
    from promptlab.jobs.rows import RowSeen

# Probabilities that are shown beside each other; with more labels only the likeliest are.
_MOST_LABELS = 4
# Characters of each text that are shown.
_LONGEST = 600


def row_lines(rows: "Sequence[RowSeen]", *, fields: Sequence[str], width: int) -> list[str]:
    """A line of figures for each row, with these of its texts below it."""
    columns = (text("row"), text("label"), text("predicted"), number("margin"), text("probabilities"))
    figures = table_lines(columns, [_figures(row) for row in rows], width=width)
    lines = figures[:1]
    for line, row in zip(figures[1:], rows, strict=True):
        lines += [line, *_texts(row, fields, width=width)]
    return lines


def probabilities(shares: "Sequence[tuple[str, float]]") -> str:
    """``positive 0.812, negative 0.188``, the likeliest first, and how many more there are."""
    ranked = sorted(shares, key=lambda entry: -entry[1])
    shown = ", ".join(f"{label} {share:.3f}" for label, share in ranked[:_MOST_LABELS])
    more = len(ranked) - _MOST_LABELS
    return f"{shown} and {more} more" if more > 0 else shown


def _figures(row: "RowSeen") -> tuple[str, ...]:
    margin = "" if math.isnan(row.margin) else f"{row.margin:.2f}"
    return row.id, row.label or "", row.predicted, margin, probabilities(list(row.probabilities.items()))


def _texts(row: "RowSeen", fields: Sequence[str], *, width: int) -> list[str]:
    lines = []
    for name in fields:
        value = shorten(row.fields.get(name, ""), _LONGEST)
        shown = f"{name}: {value}" if len(fields) > 1 else value
        lines += textwrap.wrap(shown, max(width - 4, 30), initial_indent="    ", subsequent_indent="    ")
    return lines
