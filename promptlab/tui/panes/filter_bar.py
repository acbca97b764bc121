"""The filter bar over the rows: a text, a label, a prediction, right or wrong, and a range of confidence."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Select

from promptlab.errors import ConfigError
from promptlab.text import shorten
from promptlab.tui.line_input import LineInput
from promptlab.tui.shown import plain
from promptlab.tui.state.row_view import confidence_range

_VERDICTS = (("✓ right", True), ("✗ wrong", False))


class FilterBar(Horizontal):
    """One line of fields; ``Filtered`` carries the filter as the engine's ``page`` takes it."""

    class Filtered(Message):
        """Other rows are wanted; ``problem`` says why what was typed is no filter, ``is_chosen`` that it is whole."""

        def __init__(self, wanted: Mapping[str, Any], problem: str = "", *, is_chosen: bool = False) -> None:
            super().__init__()
            self.wanted, self.problem, self.is_chosen = wanted, problem, is_chosen

    def __init__(self) -> None:
        super().__init__(id="filters")
        self.ids: Sequence[str] = ()  # rows of a finding; no field shows them
        self.labels: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """The fields."""
        yield LineInput(placeholder="/ text", id="by-text", compact=True)
        yield Select[str]([], prompt="l label", id="by-label", compact=True)
        yield Select[str]([], prompt="p predicted", id="by-predicted", compact=True)
        yield Select[bool](_VERDICTS, prompt="v right?", id="by-right", compact=True)
        yield LineInput(placeholder="c confidence", id="by-confidence", compact=True)

    def offer(self, labels: Iterable[str]) -> None:
        """The labels of another task; nothing is filtered."""
        self.labels = tuple(labels)
        shown = [(plain(shorten(label, 40)), label) for label in self.labels]
        with self.prevent(Select.Changed):
            for name in ("#by-label", "#by-predicted"):
                self.query_one(name, Select).set_options(shown)
        self.show({})

    def show(self, wanted: Mapping[str, Any]) -> None:
        """Show a filter that was set elsewhere; nothing is told of it."""
        least, most = wanted.get("least"), wanted.get("most")
        typed = "" if least is None and most is None else f"{least or 0:g}-{1 if most is None else most:g}"
        self.ids = wanted.get("ids", ())
        with self.prevent(Select.Changed, Input.Changed):
            self.query_one("#by-text", Input).value = str(wanted.get("text", ""))
            self.query_one("#by-confidence", Input).value = typed
            for name, choices in (("label", self.labels), ("predicted", self.labels), ("right", (True, False))):
                value = wanted.get(name)
                self.query_one(f"#by-{name}", Select).value = value if value in choices else Select.NULL

    def go_to(self, name: str) -> None:
        """Give the focus to a field; a list of choices opens."""
        field = self.query_one(f"#by-{name}")
        field.focus()
        if isinstance(field, Select):
            field.action_show_overlay()

    @on(Input.Changed)
    @on(Select.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        wanted: dict[str, Any] = {"text": self.query_one("#by-text", Input).value}
        for name in ("label", "predicted", "right"):
            value = self.query_one(f"#by-{name}", Select).value
            wanted[name] = None if value is Select.NULL else value
        if self.ids:
            wanted["ids"] = list(self.ids)
        try:
            wanted["least"], wanted["most"] = confidence_range(self.query_one("#by-confidence", Input).value)
        except ConfigError as error:
            self.post_message(self.Filtered(wanted, str(error)))
        else:
            self.post_message(self.Filtered(wanted, is_chosen=isinstance(event, Select.Changed)))
