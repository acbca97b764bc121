"""A bar per label: which share of its rows was right, from 0 to 1 whatever the others are, with the counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from promptlab.tui.shown import in_cells

_FULL, _REST = "█", "·"
_PARTS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int) -> str:
    """``width`` cells, filled as far as the share of 1 goes, dots behind it."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    filled = _FULL * (eighths // 8) + _PARTS[eighths % 8].strip()
    return filled + _REST * (width - len(filled))


def label_bars(
    per_label: Mapping[str, Mapping[str, Any]], labels: Sequence[str], *, at: int, width: int, height: int
) -> list[Content]:
    """At most ``height`` lines, those around the label at ``at``: its name, a bar, the share, right of how many."""
    if height < 1 or not labels:
        return []
    shown = window(len(labels), at, height)
    wide = name_width(labels, most=max(8, width // 4))
    counts = {label: _counts(per_label.get(label)) for label in labels}
    room = max(len(text) for text in counts.values())
    long = max(4, width - wide - room - 10)
    return [_line(labels[place], per_label.get(labels[place]), counts, wide, long) for place in shown]


def window(count: int, at: int, height: int) -> range:
    """Which ``height`` of ``count`` places are shown so that ``at`` is among them."""
    first = max(0, min(at - height // 2, count - height))
    return range(first, min(count, first + height))


def name_width(names: Sequence[str], *, most: int) -> int:
    """Cells for the longest of the names, at most ``most``."""
    return max((cell_len(in_cells(name, most)) for name in names), default=0)


def fit(name: str, width: int) -> str:
    """A name cut and filled to a width in cells."""
    return set_cell_size(in_cells(name, width), width)


def _line(label: str, measured: Mapping[str, Any] | None, counts: Mapping[str, str], wide: int, long: int) -> Content:
    if measured is None or not measured["n"]:
        return Content(f"{fit(label, wide)}  {_REST * long}   -    {counts[label]}")
    share = float(measured["recall"])
    return Content.assemble(f"{fit(label, wide)}  ", (bar(share, long), "bold"), f" {share:.3f}  {counts[label]}")


def _counts(measured: Mapping[str, Any] | None) -> str:
    if measured is None or not measured["n"]:
        return "no rows"
    return f"{round(measured['recall'] * measured['n']):,} of {measured['n']:,}"
