"""Expand: to be written."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from promptlab.tui.panes.pane import Pane
from promptlab.tui.screens.mode import Mode


class ExpandPane(Pane):
    """To be written."""

    place = "expand"
    title = "Expand"

    def compose(self) -> Iterable[Widget]:
        yield Static("", markup=False)


class Expand(Mode):
    """To be written."""

    mode = "expand"
    title_shown = "Expand"

    def panes(self) -> Iterable[Widget]:
        """One pane."""
        yield ExpandPane()
