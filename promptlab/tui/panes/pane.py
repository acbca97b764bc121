"""Pane: a framed part of a screen that can be focused, says what it is for, and hears of changes at the desk."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from promptlab.tui.shown import plain

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.desk import Desk, Topic


class _Title:
    """A title of a frame that is drawn when it becomes another one: each time, Textual draws the whole pane anew."""

    def __init__(self, name: str) -> None:
        self._drawn, self._given = Widget.__dict__[name], f"_given_{name}"

    def __get__(self, pane: "Pane", owner: type | None = None) -> Any:
        return self._drawn.__get__(pane, owner)

    def __set__(self, pane: "Pane", title: Content | None) -> None:
        old = pane.__dict__.get(self._given)
        if title is not old and not (old is not None and title is not None and old.is_same(title)):
            pane.__dict__[self._given] = title
            self._drawn.__set__(pane, title)


class Pane(Vertical, can_focus=True):
    """A pane has a ``place`` (the beginning of its actions' ids), a ``title``, and ``HELP`` in Markdown.

    Its frame takes the focus when ``escape`` leaves an editor, so that single letters are keys. ``inner`` names the
    widget that gets the focus when the pane does by tab or enter. ``heard`` is called for each change at the desk.
    """

    place: ClassVar[str] = ""
    title: ClassVar[str] = ""
    inner: ClassVar[str] = ""
    saves: ClassVar[Literal["template", "words"]] = "template"  # what ctrl+s saves here
    HELP: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "enter", "Enter", show=False)]

    border_title = _Title("border_title")
    border_subtitle = _Title("border_subtitle")
    _stop_listening: Callable[[], None] | None = None

    @property
    def desk(self) -> "Desk":
        """The application's desk."""
        return cast("PromptlabApp", self.app).desk

    def on_mount(self) -> None:
        """Hear of changes from now on. Textual calls this one after that of a subclass: once is enough."""
        self.border_title = plain(self.title)
        if self._stop_listening is None:
            self._stop_listening = self.desk.listen(self.heard)

    def on_unmount(self) -> None:
        """Hear no more."""
        if self._stop_listening is not None:
            self._stop_listening()

    def heard(self, topic: "Topic") -> None:
        """Something changed at the desk; a pane overrides it to show what concerns it."""

    def enter(self) -> None:
        """Give the focus to what is inside, else to the frame."""
        target: Widget = self.query_one(self.inner) if self.inner and self.query(self.inner) else self
        target.focus()

    def action_enter(self) -> None:
        """Go from the frame to what is inside."""
        self.enter()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Mark the pane as the one that is shown where only one fits."""
        self.screen.post_message(self.Entered(self))

    def on_focus(self) -> None:
        """The frame has the focus."""
        self.screen.post_message(self.Entered(self))

    class Entered(Message):
        """A pane has the focus now."""

        def __init__(self, pane: "Pane") -> None:
            super().__init__()
            self.pane = pane


def leave(widget: Widget) -> None:
    """Give the focus to the frame of the pane that the widget is in."""
    pane = next((parent for parent in widget.ancestors if isinstance(parent, Pane)), None)
    if pane is not None:
        pane.focus()
