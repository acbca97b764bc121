"""Names for labels that are bare numbers: one field a label, and what is typed as the task's option takes it."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input, Label, Static

from promptlab.errors import ConfigError
from promptlab.text import shorten
from promptlab.tui.line_input import LineInput
from promptlab.tui.shown import plain

MOST = 40


class NameLabels(VerticalScroll, can_focus=False):
    """Asks for a name of each label, at most ``MOST`` of them; a field left empty keeps the number."""

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__(id="names")
        self.labels = tuple(labels)

    def compose(self) -> ComposeResult:
        """A line a label."""
        yield Static("These labels are numbers. Their names become the first label words:", markup=False)
        for place, label in enumerate(self.labels[:MOST]):
            with Horizontal(classes="name"):
                yield Label(plain(shorten(label, 12)))
                yield LineInput(placeholder="name (empty: the number stays)", id=f"name-{place}", compact=True)
        if len(self.labels) > MOST:
            yield Static(f"{len(self.labels) - MOST} more labels: name them in task.toml, [labels].", markup=False)

    def next_field(self, field: Input) -> Input | None:
        """The field below one of these; None for the last."""
        fields = list(self.query(Input))
        place = fields.index(field) + 1
        return fields[place] if place < len(fields) else None

    def option(self) -> str | None:
        """``1=positive,0=negative`` in the order of the labels; None when no name was typed.

        Raises ConfigError for a name that cannot be written so, and for a name given twice.
        """
        typed = [field.value.strip() for field in self.query(Input)]
        if not any(typed):
            return None
        names = [*typed, *([""] * (len(self.labels) - len(typed)))]
        named = {label: name or label for label, name in zip(self.labels, names, strict=True)}
        for name in named.values():
            if "," in name or "=" in name:
                raise ConfigError(
                    f"The name {name!r} has a comma or an equals sign. Write it into task.toml, [labels]."
                )
            if [*named.values()].count(name) > 1:
                raise ConfigError(f"{name!r} is given to two labels. Give each label a name of its own.")
        return ",".join(f"{label}={name}" for label, name in named.items())
