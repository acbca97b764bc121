"""How often each label was taken for each other, drawn as a grid around the cell under the cursor."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message

from promptlab.text import counted, shorten
from promptlab.tui.panes.bars import fit, name_width, window
from promptlab.tui.panes.lines import Lines
from promptlab.tui.shown import in_cells

_CORNER = "true \\ said"


@dataclass(frozen=True, slots=True)
class Grid:
    """What is drawn where: rows and columns of the confusions, the cells of their names, of a column."""

    rows: range
    columns: range
    name: int
    column: int

    def cell_at(self, x: int, y: int) -> tuple[int, int] | None:
        """The row and column at a place of the drawing; None beside them."""
        row, column = y - 1, (x - self.name) // self.column
        inside = 0 <= row < len(self.rows) and x >= self.name and column < len(self.columns)
        return (self.rows[row], self.columns[column]) if inside else None


def grid_of(labels: Sequence[str], cursor: tuple[int, int], *, width: int, height: int) -> Grid:
    """The part of the confusions that fits: a line for the predictions' names, one a label, one that explains."""
    name = name_width([*labels, _CORNER], most=max(8, width // 3)) + 1
    widest = name_width(labels, most=12)
    column = max(6, min(widest + 2, (width - name) // max(1, len(labels))))
    fitting = max(1, (width - name) // column)
    count = len(labels)
    return Grid(window(count, cursor[0], max(1, height - 2)), window(count, cursor[1], fitting), name, column)


class Confusion(Lines):
    """The grid as a widget; a click on a cell is told."""

    class Chosen(Message):
        """A cell was clicked: label and prediction, as places."""

        def __init__(self, cell: tuple[int, int]) -> None:
            super().__init__()
            self.cell = cell

    def __init__(self) -> None:
        super().__init__("live-confusion")
        self.grid: Grid | None = None

    def show_grid(self, lines: Sequence[Content], grid: Grid | None) -> None:
        """Draw these lines, which are those of the grid."""
        self.grid = grid if lines else None
        self.show(lines)

    def on_click(self, event: events.Click) -> None:
        """Tell which cell it was."""
        if self.grid is not None and (cell := self.grid.cell_at(event.x, event.y)) is not None:
            self.post_message(self.Chosen(cell))


def confusion_lines(
    labels: Sequence[str], counts: Sequence[Sequence[int]], cursor: tuple[int, int], grid: Grid
) -> list[Content]:
    """The grid; the cell under the cursor stands in brackets, and the last line says what it is."""
    heads = "".join(_right(labels[place], grid.column) for place in grid.columns)
    lines = [Content.styled(fit(_CORNER, grid.name) + heads, "dim")]
    for row in grid.rows:
        cells = [_cell(counts[row][column], row, column, cursor, grid.column) for column in grid.columns]
        lines.append(Content.assemble(fit(labels[row], grid.name - 1) + " ", *cells))
    return [*lines, _explained(labels, counts, cursor)]


def _right(label: str, width: int) -> str:
    shown = in_cells(label, width - 1)
    return " " * (width - cell_len(shown)) + shown


def _cell(count: int, row: int, column: int, cursor: tuple[int, int], width: int) -> Content:
    shown = f"{count:,}" if count else "·"
    if (row, column) == cursor:
        return Content.styled(f"{f'[{shown}]':>{width}}", "bold reverse")
    return Content.styled(f"{shown + ' ':>{width}}", "bold" if row == column else "")


def _explained(labels: Sequence[str], counts: Sequence[Sequence[int]], cursor: tuple[int, int]) -> Content:
    row, column = cursor
    label, said = shorten(labels[row], 20), shorten(labels[column], 20)
    what = f"{label}, right" if row == column else f"{label} taken for {said}"
    return Content.styled(f"enter: {counted(counts[row][column], 'row')}, {what}", "dim")
