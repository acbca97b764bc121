"""Choose: one of several values, each with a remark; what the choice looks like may be shown while it is looked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from promptlab.tui.shown import plain


@dataclass(frozen=True, slots=True)
class Choice:
    """A value with its name and a remark (empty without one)."""

    value: str
    name: str
    remark: str = ""


class Choose(ModalScreen[str | None]):
    """Dismissed with the value chosen, or None; ``preview`` is called with each value that the cursor comes to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Back")]

    def __init__(
        self, title: str, choices: Sequence[Choice], now: str, *, preview: Callable[[str], None] | None = None
    ) -> None:
        super().__init__()
        self.title_shown, self.choices, self.now, self.preview = title, choices, now, preview

    def compose(self) -> ComposeResult:
        """The list and its keys."""
        with Vertical(id="choose-box"):
            yield OptionList(*[Option(self._line(choice)) for choice in self.choices])
            yield Static(plain("enter choose   esc leave it as it is"), id="choose-foot", markup=False)

    def on_mount(self) -> None:
        """Begin at the value that holds now."""
        self.query_one("#choose-box").border_title = plain(self.title_shown)
        values = [choice.value for choice in self.choices]
        options = self.query_one(OptionList)
        options.highlighted = values.index(self.now) if self.now in values else 0
        options.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show what the choice looks like."""
        if self.preview is not None:
            self.preview(self.choices[event.option_index].value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose it."""
        self.dismiss(self.choices[event.option_index].value)

    def action_cancel(self) -> None:
        """Leave it as it was."""
        if self.preview is not None:
            self.preview(self.now)
        self.dismiss(None)

    def _line(self, choice: Choice) -> Content:
        mark = "● " if choice.value == self.now else "  "
        remark = plain(f"  {choice.remark}").stylize("dim") if choice.remark else Content("")
        return Content(mark) + plain(choice.name) + remark
