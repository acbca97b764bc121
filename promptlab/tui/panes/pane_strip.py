"""The strip of pane names above a narrow screen, where one pane is shown at a time."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static


class PaneStrip(Static):
    """Names of the panes, the current one marked; shown on narrow screens alone."""

    def show(self, titles: Sequence[str], current: str) -> None:
        """Show these names."""
        parts = [
            Content.styled(f"[{title}]" if title == current else f" {title} ", "bold" if title == current else "")
            for title in titles
        ]
        self.update(Content(" ").join(parts))
