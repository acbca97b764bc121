"""Quit: asked only while something long is running, since drafts are kept and short work begins again by itself."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from promptlab.tui.shown import plain

if TYPE_CHECKING:
    from promptlab.tui.desk import Desk


class Quit(ModalScreen[bool]):
    """Dismissed with whether to leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y,ctrl+q", "leave", "Leave"),
        Binding("escape,n", "stay", "Stay"),
    ]

    def __init__(self, running: str) -> None:
        super().__init__()
        self.running = running

    def compose(self) -> ComposeResult:
        """What runs, and the keys."""
        with Vertical(id="quit-box"):
            yield Static(plain(self.running), markup=False)
            yield Static(plain("enter leave all the same   esc stay"), id="quit-foot", markup=False)

    def action_leave(self) -> None:
        """Leave."""
        self.dismiss(True)

    def action_stay(self) -> None:
        """Stay."""
        self.dismiss(False)


def running_work(desk: "Desk") -> str:
    """What long work would be lost, as a sentence; empty without any.

    A reading of the live rows is short, and what was read is kept: it is not asked about.
    """
    live = desk.live
    if live.phase == "loading" and live.total:
        return f"A model is being downloaded ({live.done / max(live.total, 1):.0%}). What has come is kept."
    if live.phase in ("loading", "reading") and desk.session.rows != "live":
        which = "the test rows" if desk.session.rows == "test" else "all rows"
        done = f"{live.done:,} of {live.total:,}" if live.total else "not begun"
        return f"The model is reading {which} ({done}). What was read is kept."
    return ""
