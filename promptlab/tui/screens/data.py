"""Data: every row that is read with what is predicted for it, one row whole, confusions, and problems of the data."""

from collections.abc import Iterable, Mapping
from typing import Any

from textual.containers import Vertical
from textual.widget import Widget

from promptlab.tui.panes.confusion_table import ConfusionPane
from promptlab.tui.panes.findings import FindingsPane
from promptlab.tui.panes.row_details import RowPane
from promptlab.tui.panes.rows import RowsPane
from promptlab.tui.screens.mode import Mode


class Data(Mode):
    """The rows; ``show`` filters them from elsewhere, such as a cell of the live confusion."""

    mode = "data"
    title_shown = "Data"

    def panes(self) -> Iterable[Widget]:
        """The table, and beside it what belongs to one row, one cell, one finding."""
        yield RowsPane()
        with Vertical(id="beside"):
            yield RowPane()
            yield ConfusionPane()
            yield FindingsPane()

    def show(self, wanted: Mapping[str, Any]) -> None:
        """Show the rows that fit a filter, as the engine's ``page`` takes it."""
        if not self.query(RowsPane) or not self.query_one(RowsPane).is_mounted:
            self.call_after_refresh(self.show, wanted)
            return
        pane = self.query_one(RowsPane)
        pane.show(wanted)
        self._show_rows(pane)

    def on_screen_resume(self) -> None:
        """Check the table the first time that it is looked at."""
        self.call_after_refresh(lambda: self.query_one(FindingsPane).check_once())

    def on_rows_pane_opened(self, event: RowsPane.Opened) -> None:
        """Show a row whole."""
        pane = self.query_one(RowPane)
        pane.show(event.place, event.find)
        self.show_pane(pane)
        pane.enter()

    def on_row_pane_left(self, event: RowPane.Left) -> None:
        """Back to the table, at the row that was shown last."""
        pane = self.query_one(RowsPane)
        if event.place is not None:
            pane.seek(event.place)
        self._show_rows(pane)

    def on_confusion_pane_chosen(self, event: ConfusionPane.Chosen) -> None:
        """Show the rows of a cell."""
        self.show(event.wanted)

    def on_findings_pane_chosen(self, event: FindingsPane.Chosen) -> None:
        """Show the rows of a finding."""
        self.show({"ids": event.ids})

    def _show_rows(self, pane: RowsPane) -> None:
        self.show_pane(pane)
        pane.enter()
