"""Runs: to be written."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from promptlab.tui.panes.pane import Pane
from promptlab.tui.screens.mode import Mode


class RunsPane(Pane):
    """To be written."""

    place = "runs"
    title = "Runs"

    def compose(self) -> Iterable[Widget]:
        yield Static("", markup=False)


class Runs(Mode):
    """To be written."""

    mode = "runs"
    title_shown = "Runs"

    def panes(self) -> Iterable[Widget]:
        """One pane."""
        yield RunsPane()
