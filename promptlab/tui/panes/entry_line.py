"""A line that asks for something in a pane: what it asks for in front, the text behind; esc leaves it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from promptlab.tui.line_input import LineInput
from promptlab.tui.panes.pane import leave
from promptlab.tui.shown import plain


class EntryLine(Horizontal):
    """Hidden until ``ask``; submitted as ``Entered`` with the purpose that it was asked for."""

    DEFAULT_CSS = """
    EntryLine { height: 1; display: none; }
    EntryLine.-asking { display: block; }
    EntryLine Static { width: auto; max-width: 50%; color: $text-accent; padding-right: 1; }
    EntryLine Input { width: 1fr; background: $panel; }
    """

    class Entered(Message):
        """``enter`` was pressed."""

        def __init__(self, purpose: str, text: str) -> None:
            super().__init__()
            self.purpose, self.text = purpose, text

    class Changed(Entered):
        """The text became another one."""

    class Left(Message):
        """``esc`` was pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.purpose = ""

    def compose(self) -> ComposeResult:
        """What is asked, and where it is typed."""
        yield Static("", markup=False)
        yield _Entry(compact=True, select_on_focus=False)

    @property
    def text(self) -> str:
        """What is typed."""
        return self.query_one(_Entry).value

    def ask(self, purpose: str, question: str, text: str = "", *, placeholder: str = "") -> None:
        """Ask for a text; ``text`` stands there to begin with."""
        self.purpose = purpose
        self.add_class("-asking")
        self.query_one(Static).update(plain(question))
        entry = self.query_one(_Entry)
        with entry.prevent(Input.Changed):
            entry.value = text
        entry.placeholder = placeholder
        entry.cursor_position = len(text)
        entry.focus()

    def close(self) -> None:
        """Hide the line."""
        self.remove_class("-asking")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Say what was typed."""
        event.stop()
        self.post_message(self.Entered(self.purpose, event.value))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what is being typed."""
        event.stop()
        if self.has_class("-asking"):
            self.post_message(self.Changed(self.purpose, event.value))


class _Entry(LineInput):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave", show=False)]

    def action_leave(self) -> None:
        """Back to the frame of the pane."""
        self.post_message(EntryLine.Left())
        leave(self)
