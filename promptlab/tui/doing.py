"""Doing: an action run where it belongs, whichever mode its pane is in."""

from typing import TYPE_CHECKING, Any

from textual.dom import DOMNode
from textual.screen import Screen

from promptlab.tui.actions import Action
from promptlab.tui.modes import every_mode
from promptlab.tui.panes.pane import Pane
from promptlab.tui.screens.mode import Mode

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp

# In which mode the panes were found that were looked for.
_MODE_OF: dict[str, str] = {}


async def do(app: "PromptlabApp", action: Action) -> None:
    """Run the action on its pane, going to the pane's mode where it is in another one."""
    before = app.current_mode
    place = await _go_to(app, action.place)
    if place is None:
        app.desk.say(f"{action.name}: that is not on the screen now.", "warning")
    elif app.current_mode == before:
        await _run(app, action, place)
    else:  # once the mode has given the focus to its first pane
        app.screen.call_after_refresh(_run, app, action, place)


async def _run(app: "PromptlabApp", action: Action, place: DOMNode) -> None:
    if isinstance(place, Pane) and isinstance(app.screen, Mode):
        app.screen.show_pane(place)
        if app.screen.focused is None or place not in app.screen.focused.ancestors_with_self:
            place.enter()
    await app.run_action(action.does, place)


def can_do(app: "PromptlabApp", action: Action, screen: Screen[Any]) -> bool:
    """Whether the action can be run from this screen: those of a dialog only while it is open."""
    return action.place == "app" or _is_pane(action.place) or find(screen, action.place) is not None


def find(screen: Screen[Any], place: str) -> DOMNode | None:
    """The screen, or the widget on it, that has the place's actions."""
    if getattr(screen, "place", None) == place:
        return screen
    return next((node for node in screen.walk_children() if getattr(node, "place", None) == place), None)


async def _go_to(app: "PromptlabApp", place: str) -> DOMNode | None:
    if place == "app":
        return app
    if (found := find(app.screen, place)) is not None:
        return found
    if not _is_pane(place):
        return None
    first, before = _MODE_OF.get(place, place), app.current_mode
    for mode in sorted(every_mode(), key=lambda name: name != first):
        await app.switch_mode(mode)
        if (found := find(app.screen, place)) is not None:
            _MODE_OF[place] = mode
            return found
    await app.switch_mode(before)
    return None


def _is_pane(place: str) -> bool:
    """Whether a pane has these actions: it is in some mode then."""
    waiting: list[type[Pane]] = [Pane]
    while waiting:
        pane = waiting.pop()
        if pane.place == place:
            return True
        waiting += pane.__subclasses__()
    return False
