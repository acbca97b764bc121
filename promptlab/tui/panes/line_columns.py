"""Columns of a list of lines: which of them fit a width, how wide each becomes, and a line drawn from its cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from promptlab.tui.shown import in_cells


@dataclass(frozen=True, slots=True)
class Column:
    """A column of at least ``least`` cells; what is left over goes to the ``share`` of each.

    Columns of a lower ``rank`` are kept longer where the width does not suffice for all.
    """

    name: str
    least: int
    rank: int = 0
    share: int = 0
    right: bool = False


def fit_columns(columns: Sequence[Column], width: int) -> dict[str, int]:
    """The columns that fit, in their order, with their widths; a space stands between two."""
    chosen: list[Column] = []
    for column in sorted(columns, key=lambda column: column.rank):
        if sum(one.least + 1 for one in chosen) + column.least <= width:
            chosen.append(column)
    free = width - sum(column.least + 1 for column in chosen) + 1
    shares = sum(column.share for column in chosen)
    return {
        column.name: column.least + (free * column.share // shares if shares and free > 0 else 0)
        for column in columns
        if column in chosen
    }


def draw_cells(
    cells: Mapping[str, str], columns: Sequence[Column], widths: Mapping[str, int], *, styles: Mapping[str, str]
) -> Text:
    """One line; a cell is cut to its column, and a column's name gives its style (none: as the line's)."""
    line = Text(no_wrap=True, end="")
    for column in columns:
        if (width := widths.get(column.name)) is None:
            continue
        text = in_cells(cells.get(column.name, ""), max(width, 1))
        fill = " " * (width - cell_len(text))
        line.append(fill + text if column.right else text + fill, styles.get(column.name) or None)
        line.append(" ")
    return line
