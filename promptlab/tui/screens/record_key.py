"""Record a key: the next key pressed becomes an action's, unless it cannot be, which is said in place."""

from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from promptlab.errors import ConfigError
from promptlab.tui.actions import Action
from promptlab.tui.shown import plain
from promptlab.tui.state.keymap import shown_key

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp


class RecordKey(ModalScreen[bool]):
    """Dismissed with whether the action has another key now."""

    def __init__(self, action: Action) -> None:
        super().__init__()
        self.of = action

    def compose(self) -> ComposeResult:
        """What is asked, and a line for what is wrong."""
        with Vertical(id="record-box"):
            yield Static(plain(f"Press the new key for: {self.of.name}"), markup=False)
            yield Static(plain(self.of.help), markup=False)
            yield Static("", id="record-problem", markup=False)
            now = shown_key(cast("PromptlabApp", self.app).preferences.key_of(self.of)) or "none"
            yield Static(plain(f"now: {now}   backspace its default   esc leave it"), id="record-foot", markup=False)

    def on_key(self, event: events.Key) -> None:
        """The key, escape, or backspace."""
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.dismiss(False)
            return
        app = cast("PromptlabApp", self.app)
        try:
            app.preferences.give_key(app, self.of, "" if event.key == "backspace" else event.key)
        except ConfigError as error:
            self.query_one("#record-problem", Static).update(plain(error))
            return
        self.dismiss(True)
