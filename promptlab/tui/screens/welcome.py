"""Welcome: what this is, and the three ways in: a sample, a table of this folder, a path."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Footer, Static

from promptlab.tui.actions import bindings
from promptlab.tui.panes.status_line import StatusLine
from promptlab.tui.screens.open_task import ESCAPE, Opener

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.desk import Topic

_WHAT = (
    "Write a prompt, choose the words that stand for each label, and watch how often a language model on this "
    "machine is right."
)
WELCOME = "welcome"  # its mode
_KEYS = "enter opens what is marked (first: a sample) · s other samples · o a path of yours"


class Welcome(Screen[None]):
    """Shown while there is neither a table nor a draft; it needs no model and no network.

    At the start it is a mode of its own, so that nothing else must be drawn first; later it lies above the others.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings([ESCAPE])
    HELP = "# Welcome\n\nChoose a table to work on. The samples are there at once; your own file stays where it is."

    def compose(self) -> ComposeResult:
        """One sentence, the keys, the list."""
        yield StatusLine()
        with Vertical(id="welcome"):
            yield Static("promptlab", id="name", markup=False)
            yield Static(_WHAT, id="what", markup=False)
            yield Static(_KEYS, id="keys", markup=False)
            yield Opener()
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Hear when a table is open."""
        self._stop = cast("PromptlabApp", self.app).desk.listen(self._heard)

    def on_unmount(self) -> None:
        """Hear no more."""
        self._stop()

    def on_screen_resume(self) -> None:
        """Gone when a table was opened meanwhile."""
        self._leave()

    def on_opener_opened(self) -> None:
        """A table is open."""
        self._leave()

    def action_back(self) -> None:
        """From the path to the list."""
        self.query_one(Opener).back()

    def _heard(self, topic: "Topic") -> None:
        if topic == "task":
            self.call_later(self._leave)

    def _leave(self) -> None:
        app = cast("PromptlabApp", self.app)
        if not self.is_current or app.desk.task is None:
            return
        if app.current_mode == WELCOME:
            app.switch_mode(app.FIRST_MODE)
        else:
            self.dismiss()
