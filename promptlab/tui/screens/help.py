"""Help: what the pane in focus is for, its keys, and every other key; searchable, and any other key closes it."""

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Markdown, Static

from promptlab.tui.actions import ACTIONS, Action
from promptlab.tui.line_input import LineInput
from promptlab.tui.modes import load_all
from promptlab.tui.shown import plain
from promptlab.tui.state.keymap import shown_key

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp

# Keys that move in the help; every other one closes it.
_MOVING = frozenset({"up", "down", "pageup", "pagedown", "home", "end", "j", "k"})
_KEY_WIDTH = 18


class Help(ModalScreen[None]):
    """``place`` is the pane in focus (empty without one), ``title`` its name, ``text`` its help in Markdown."""

    place: ClassVar[str] = "help"

    def __init__(self, of: str, title: str, text: str) -> None:
        super().__init__()
        self.of, self.title_shown, self.text = of, title, text

    def compose(self) -> ComposeResult:
        """The pane's help and its keys, then all the others; a line to search in."""
        with Vertical(id="help-box"):
            with VerticalScroll(id="help-scroll"):
                if self.text:
                    yield Markdown(self.text, id="help-text", open_links=False)
                yield Static(markup=False, id="help-keys")
            yield LineInput(placeholder="Search the keys", id="help-search")
            yield Static(plain("/ search   arrows scroll   any other key closes"), id="help-foot", markup=False)

    def on_mount(self) -> None:
        """Show all keys."""
        load_all()
        self.query_one("#help-box").border_title = plain(f"Help: {self.title_shown}" if self.title_shown else "Help")
        self.query_one("#help-search").display = False
        self.query_one("#help-scroll").focus()
        self._show("")

    def on_resize(self) -> None:
        """Break the lines anew."""
        self._show(self.query_one("#help-search", Input).value)

    def on_key(self, event: events.Key) -> None:
        """Any key closes, but those that move, search or type into the search."""
        if event.key in ("ctrl+q", "ctrl+c"):
            return
        search = self.query_one("#help-search", Input)
        if search.has_focus and event.key != "escape":
            return
        if event.key in _MOVING:
            self._move(event.key)
            event.stop()
            return
        event.stop()
        event.prevent_default()
        if event.character == "/":
            search.display = True
            search.focus()
        elif search.has_focus and search.value:
            search.value = ""
        else:
            self.dismiss()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the keys that fit what is searched for."""
        event.stop()
        self._show(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go from the search to what it found."""
        event.stop()
        self.query_one("#help-scroll").focus()

    def _move(self, key: str) -> None:
        scroll = self.query_one("#help-scroll", VerticalScroll)
        moves = {
            "up": scroll.scroll_up,
            "k": scroll.scroll_up,
            "down": scroll.scroll_down,
            "j": scroll.scroll_down,
            "pageup": scroll.scroll_page_up,
            "pagedown": scroll.scroll_page_down,
            "home": scroll.scroll_home,
            "end": scroll.scroll_end,
        }
        moves[key](animate=False)

    def _show(self, wanted: str) -> None:
        keys = cast("PromptlabApp", self.app).preferences.settings.keys
        fitting = [action for action in ACTIONS if _fits(action, wanted, keys.get(action.id, action.key))]
        width = self.query_one("#help-scroll").scrollable_content_region.width
        self.query_one("#help-keys", Static).update(keys_shown(fitting, self.of, keys, width=width))
        if texts := self.query("#help-text"):
            texts.first().display = not wanted


def keys_shown(actions: Sequence[Action], first: str, keys: Mapping[str, str], *, width: int) -> Content:
    """The actions with their keys, those of the place ``first`` before those that hold everywhere and the others."""
    places = sorted({action.place for action in actions}, key=lambda place: (place != first, place != "app", place))
    lines: list[Content] = []
    for place in places:
        heading = "Everywhere" if place == "app" else place.replace("_", " ").capitalize()
        lines += [Content(""), Content.styled(heading, "bold")]
        lines += [_line(action, keys, width) for action in actions if action.place == place]
    return Content("\n").join(lines or [Content("No key fits. Escape clears the search.")])


def _line(action: Action, keys: Mapping[str, str], width: int) -> Content:
    """The key, then name and sentence, whose further lines stand below their beginning."""
    key = shown_key(keys.get(action.id, action.key)) or "palette"
    said = wrap(f"{action.name}: {action.help}", max(width - _KEY_WIDTH - 2, 20))
    text = ("\n" + " " * (_KEY_WIDTH + 2)).join(said)
    return Content.assemble((f"  {key:<{_KEY_WIDTH}}", "bold"), plain(text, newlines=True))


def _fits(action: Action, wanted: str, key: str) -> bool:
    text = f"{shown_key(key)} {action.place} {action.name} {action.help}".casefold()
    return all(word in text for word in wanted.casefold().split())
