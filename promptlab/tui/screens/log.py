"""Log: every sentence that was said, with its time, and the end of what the engine wrote."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Log as Lines
from textual.widgets import Static

from promptlab.text import safe_text
from promptlab.tui.actions import Action, declare
from promptlab.tui.shown import plain

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp

MOST = 500
_MOST_BYTES = 200_000


class Log(ModalScreen[None]):
    """Two boxes: what promptlab said, and the engine's own log."""

    place: ClassVar[str] = "log"
    BINDINGS: ClassVar[list[BindingType]] = [
        *declare(
            Action("log.close", "escape,q", "close", "Close", "Close the log.", True),
            Action("log.copy", "y", "copy", "Copy", "Copy the whole log, to paste it into a report.", True),
        ),
        Binding("f12", "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The two boxes and the keys."""
        with Vertical(id="log-box"):
            yield Lines(id="log-said", auto_scroll=True)
            yield Lines(id="log-engine", auto_scroll=True)
            yield Static(plain("y copy   tab other box   esc close"), id="log-foot", markup=False)

    def on_mount(self) -> None:
        """Fill both."""
        app = cast("PromptlabApp", self.app)
        said, engine = self.query_one("#log-said", Lines), self.query_one("#log-engine", Lines)
        said.border_title, engine.border_title = plain("What promptlab said"), plain("What the engine wrote")
        said.write_lines([safe_text(line) for line in app.said.lines()] or ["Nothing yet."])
        engine.write_lines(engine_lines(app.workspace) or ["Nothing yet."])
        said.focus()

    def action_close(self) -> None:
        """Close the log."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copy both boxes."""
        app = cast("PromptlabApp", self.app)
        app.copy_to_clipboard("\n".join([*app.said.lines(), "", *engine_lines(app.workspace)]))
        app.notify("The log was copied. In tmux this needs: set -s set-clipboard on", timeout=3)


def engine_log(workspace: Path) -> Path:
    """The file that the engine writes what goes wrong in it to."""
    return workspace / "engine.log"


def engine_lines(workspace: Path) -> list[str]:
    """The last lines of the engine's log, safe for a terminal; none when there is no log."""
    try:
        with engine_log(workspace).open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _MOST_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [safe_text(line.expandtabs(4))[:1000] for line in text.splitlines()[-MOST:]]
