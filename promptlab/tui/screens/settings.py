"""Settings: theme, animation, model and how it computes, and every key."""

from collections.abc import Iterable

from textual.widget import Widget

from promptlab.tui.panes.chosen import SettingsPane
from promptlab.tui.panes.keys import KeysPane
from promptlab.tui.screens.mode import Mode


class Settings(Mode):
    """The mode of what holds for every workspace."""

    mode = "settings"
    title_shown = "Settings"

    def panes(self) -> Iterable[Widget]:
        """The settings, and the keys below them."""
        yield SettingsPane()
        yield KeysPane()
