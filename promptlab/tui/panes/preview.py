"""Preview pane."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import Static

from promptlab.tui.panes.pane import Pane

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic


class PreviewPane(Pane):
    """To be written."""

    place = "preview"
    title = "Preview"

    def compose(self) -> Iterable[Widget]:
        yield Static("", markup=False)

    def heard(self, topic: "Topic") -> None:
        """Nothing yet."""
