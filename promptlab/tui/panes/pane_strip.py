"""The strip of pane names above a narrow screen, where one pane is shown at a time."""

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from promptlab.tui.shown import plain


class PaneStrip(Static):
    """Names of the panes, the current one marked; shown on narrow screens alone. A click on a name chooses it."""

    class Chosen(Message):
        """The pane at this place of the strip was clicked."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def show(self, titles: Sequence[str], current: str) -> None:
        """Show these names."""
        shown = [f"[{title}]" if title == current else f" {title} " for title in titles]
        self._ends = [sum(len(text) + 1 for text in shown[: place + 1]) for place in range(len(shown))]
        parts = [plain(text).stylize("bold" if text.startswith("[") else "") for text in shown]
        self.update(Content(" ").join(parts))

    def on_click(self, event: events.Click) -> None:
        """Choose the name under the mouse."""
        x = event.get_content_offset_capture(self).x
        place = next((place for place, end in enumerate(self._ends) if x < end), None)
        if place is not None:
            self.post_message(self.Chosen(place))
