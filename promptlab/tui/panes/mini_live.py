"""The live number in one line: shown below every mode on narrow screens."""

from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widgets import Static

from promptlab.tui.panes.live_text import mini
from promptlab.tui.panes.live_view import view_of

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.desk import Topic


class MiniLive(Static):
    """Drawn again only when what it says changes."""

    def __init__(self) -> None:
        super().__init__("", id="mini-live", markup=False)
        self._shown = Content("")

    def on_mount(self) -> None:
        """Show it, and again at every change."""
        self._stop = cast("PromptlabApp", self.app).desk.listen(self.heard)
        self.heard("figures")

    def on_unmount(self) -> None:
        """Hear no more."""
        self._stop()

    def on_resize(self) -> None:
        """As much of it as fits."""
        self.heard("figures")

    def heard(self, topic: "Topic") -> None:
        """Show the line again."""
        desk = cast("PromptlabApp", self.app).desk
        line = mini(view_of(desk), self.content_size.width or self.app.size.width - 2)
        if not line.is_same(self._shown):
            self._shown = line
            self.update(line, layout=False)
