"""Ensemble: to be written."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from promptlab.tui.panes.pane import Pane
from promptlab.tui.screens.mode import Mode


class EnsemblePane(Pane):
    """To be written."""

    place = "ensemble"
    title = "Ensemble"

    def compose(self) -> Iterable[Widget]:
        yield Static("", markup=False)


class Ensemble(Mode):
    """To be written."""

    mode = "ensemble"
    title_shown = "Ensemble"

    def panes(self) -> Iterable[Widget]:
        """One pane."""
        yield EnsemblePane()
