"""A table of any size: a window of its rows is mounted, and whoever holds the table fetches the next one."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.message import Message
from textual.widgets import DataTable

from promptlab.tui.shown import cell, number
from promptlab.tui.state.row_view import MARGIN

Row = Mapping[str, Any]  # a row of the engine's page
_WIDTHS = {"": 1, "id": 10, "label": 12, "predicted": 12, "conf.": 5}
_NARROW = {"": 1, "id": 5, "label": 9, "predicted": 9, "conf.": 5}  # below 70 columns
_LEAST_TEXT = 16
_MARKS: Mapping[bool | None, str] = {True: "✓", False: "✗", None: "·"}


class RowsTable(DataTable[Text]):
    """``index`` is the cursor's row among all ``total``; ``Wanted`` asks for the rows around one of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("g", "scroll_top", show=False),
        Binding("G,shift+g", "scroll_bottom", show=False),
    ]

    class Wanted(Message):
        """The rows around ``index`` are to be shown."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class Moved(Message):
        """The cursor stands on another row."""

    def __init__(self) -> None:
        super().__init__(id="rows", cursor_type="row", zebra_stripes=False)
        self.window: list[Row] = []
        self.start = self.total = self.index = 0

    # -- what is mounted ------------------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """The text takes what the other columns leave."""
        widths = _WIDTHS if self.size.width >= 70 else _NARROW
        text = max(self.size.width - sum(widths.values()) - 2 * (len(widths) + 1) - 2, _LEAST_TEXT)
        if self.columns and self.ordered_columns[-1].width == text:
            return
        self.clear(columns=True)
        for name, width in widths.items():
            self.add_column(name, width=width)
        self.add_column("text", width=text)
        self._mount_rows()

    def fill(self, start: int, total: int, rows: Sequence[Row], *, index: int) -> None:
        """Show these rows, the cursor on ``index``, which stays at its height on the screen where that can be."""
        height = self.cursor_row - self.scroll_offset.y
        is_same_size = len(rows) == len(self.window) == self.row_count
        self.window, self.start, self.total = list(rows), start, total
        if is_same_size:
            self._write_rows()
        else:
            self._mount_rows()
        self.index = max(0, min(index, total - 1))
        self._place_cursor(max(0, height))

    def mark(self, rows: Mapping[int, Row]) -> None:
        """Other predictions for rows by their place in the data; rows and order stay."""
        self.window = [rows.get(row["place"], row) for row in self.window]
        self._write_rows()

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        at = self.index - self.start
        return self.window[at] if 0 <= at < len(self.window) else None

    def _mount_rows(self) -> None:
        self.clear()
        for row in self.window if self.columns else ():
            self.add_row(*_cells(row))

    def _write_rows(self) -> None:
        for at, row in enumerate(self.window):
            for column, shown in enumerate(_cells(row)):
                if self.get_cell_at(Coordinate(at, column)) != shown:
                    self.update_cell_at(Coordinate(at, column), shown)

    def _place_cursor(self, height: int) -> None:
        def place() -> None:
            at = self.index - self.start
            self.move_cursor(row=at, animate=False, scroll=False)
            self.scroll_to(y=at - height, animate=False, force=True, immediate=True)
            self.move_cursor(row=at, animate=False)

        place()
        self.call_after_refresh(place)
        self.post_message(self.Moved())

    # -- moving ---------------------------------------------------------------------------------------------------

    def go(self, index: int) -> None:
        """Put the cursor on one of all the rows."""
        self.index = max(0, min(index, self.total - 1))
        at = self.index - self.start
        if 0 <= at < len(self.window):
            self.move_cursor(row=at, animate=False)
            self.post_message(self.Moved())
        end = self.start + len(self.window)
        is_near_start = self.index < self.start + MARGIN and self.start > 0
        if is_near_start or (self.index >= end - MARGIN and end < self.total):
            self.post_message(self.Wanted(self.index))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """A click moved the cursor."""
        event.stop()
        if self.has_focus and self.window and not self._is_waiting and self.index != self.start + self.cursor_row:
            self.index = self.start + self.cursor_row
            self.post_message(self.Moved())

    @property
    def _is_waiting(self) -> bool:
        """Whether the cursor's row is still being fetched."""
        return not self.start <= self.index < self.start + len(self.window)

    def _page(self) -> int:
        return max(1, self.size.height - 2)

    def action_cursor_down(self) -> None:
        """One row down."""
        self.go(self.index + 1)

    def action_cursor_up(self) -> None:
        """One row up."""
        self.go(self.index - 1)

    def action_page_down(self) -> None:
        """A screen down."""
        self.go(self.index + self._page())

    def action_page_up(self) -> None:
        """A screen up."""
        self.go(self.index - self._page())

    def action_scroll_top(self) -> None:
        """To the first of all rows."""
        self.go(0)

    def action_scroll_bottom(self) -> None:
        """To the last of all rows."""
        self.go(self.total - 1)

    def action_scroll_home(self) -> None:
        """To the first of all rows."""
        self.go(0)

    def action_scroll_end(self) -> None:
        """To the last of all rows."""
        self.go(self.total - 1)


def _cells(row: Row) -> list[Text]:
    predicted = row["predicted"]
    return [
        cell(_MARKS[row["right"]]),
        cell(row["id"], 30),
        cell(row["label"] if row["label"] is not None else "-", 30),
        cell(predicted if predicted is not None else "-", 30),
        number(row["confidence"], 2),
        cell(row["text"], 300),
    ]
