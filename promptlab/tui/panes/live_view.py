"""What the live pane and the mini line show of the desk."""

from typing import TYPE_CHECKING

from promptlab.tui.panes.live_text import View
from promptlab.tui.state.live import Live

if TYPE_CHECKING:
    from promptlab.tui.desk import Desk


def view_of(desk: "Desk", *, frozen: Live | None = None) -> View:
    """The desk's figures beside what stands in its editors; ``frozen`` is shown instead of what came since."""
    return View(frozen or desk.live, desk.session, obstacle(desk), frozen is not None)


def obstacle(desk: "Desk") -> str:
    """Why what stands in the editors is not read, in few words; empty when it is."""
    if desk.task is None:
        return "no table is open"
    if desk.problems:
        return "the template has a problem"
    if desk.words_problem:
        return "the label words have a problem"
    return ""
