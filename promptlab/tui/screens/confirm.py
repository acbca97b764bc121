"""Confirm: a question with named answers; escape, and enter straight away, take the one that changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from promptlab.tui.shown import plain


@dataclass(frozen=True, slots=True)
class Answer:
    """What is given back, and what it is called; ``is_safe`` marks the one that loses nothing."""

    value: str
    name: str
    is_safe: bool = False


class Confirm(ModalScreen[str]):
    """Dismissed with the value of an answer; the cursor begins at the safe one (the first, where none is marked)."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "safe", "Back")]

    def __init__(self, question: str, answers: Sequence[Answer], *, title: str = "Question") -> None:
        super().__init__()
        self.question, self.answers, self.title_shown = question, tuple(answers), title
        self.safe = next((place for place, answer in enumerate(answers) if answer.is_safe), 0)

    def compose(self) -> ComposeResult:
        """The question, the answers, the keys."""
        with Vertical(id="confirm-box"):
            yield Static(plain(self.question, newlines=True), id="confirm-question", markup=False)
            yield OptionList(*[Option(plain(answer.name)) for answer in self.answers], id="confirm-answers")
            safe = self.answers[self.safe].name.lower()
            yield Static(plain(f"enter takes the answer   esc: {safe}"), id="confirm-foot", markup=False)

    def on_mount(self) -> None:
        """Begin at the safe answer."""
        self.query_one("#confirm-box").border_title = plain(self.title_shown)
        options = self.query_one(OptionList)
        options.highlighted = self.safe
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take this answer."""
        self.dismiss(self.answers[event.option_index].value)

    def action_safe(self) -> None:
        """Take the safe answer."""
        self.dismiss(self.answers[self.safe].value)
