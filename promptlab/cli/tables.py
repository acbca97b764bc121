"""Tables in plain characters: aligned columns, cut to the width of the terminal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promptlab.text import safe_text

_GAP = "  "
_LEAST = 8  # characters that a column which may shrink keeps


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, whether its cells stand to the right, whether it may lose characters when space is short."""

    title: str
    right: bool = False
    shrinks: bool = False


def number(title: str) -> Column:
    """A column of numbers."""
    return Column(title, right=True)


def text(title: str) -> Column:
    """A column of texts that may be cut."""
    return Column(title, shrinks=True)


def table_lines(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, width: int) -> list[str]:
    """The table's lines: titles, then a line a row; no line is wider than ``width`` as long as columns can shrink."""
    cells = [[column.title for column in columns], *([safe_text(cell) for cell in row] for row in rows)]
    if not any(column.title for column in columns):
        cells = cells[1:]
    widths = _fitted(columns, [max(map(_cells, column)) for column in zip(*cells, strict=True)] if cells else [], width)
    return [_GAP.join(map(_set, row, widths, (column.right for column in columns))).rstrip() for row in cells]


def _fitted(columns: Sequence[Column], widths: list[int], width: int) -> list[int]:
    """The columns' widths; the widest that may shrink gives way first."""
    spare = width - len(_GAP) * (len(columns) - 1)
    fitted = list(widths)
    while sum(fitted) > spare:
        wide = [place for place, column in enumerate(columns) if column.shrinks and fitted[place] > _LEAST]
        if not wide:
            break
        fitted[max(wide, key=lambda place: fitted[place])] -= 1
    return fitted


def _set(cell: str, width: int, right: bool) -> str:
    from rich.cells import set_cell_size

    if _cells(cell) > width:
        return set_cell_size(cell, width - 1) + "…"
    return " " * (width - _cells(cell)) + cell if right else cell + " " * (width - _cells(cell))


def _cells(cell: str) -> int:
    """How many columns of a terminal the text takes: two for a Chinese character."""
    from rich.cells import cell_len

    return cell_len(cell)
