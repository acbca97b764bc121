"""Columns: which column is the text and which the label, guessed, shown on the first rows, and corrected in place."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import DataTable, Input, Label, Static

from promptlab.errors import ConfigError
from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import counted, listed, shorten
from promptlab.tui.line_input import LineInput
from promptlab.tui.screens.name_labels import NameLabels
from promptlab.tui.shown import cell, plain
from promptlab.tui.state.session import TaskChoice
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp

_SHOWN = 8  # columns of the first rows that are shown, text and label first
_WIDTH = 40  # characters of a cell
_ONE_LABEL = (
    "Every row has the label {}, so there is nothing to tell apart. Choose another label column, or open a file "
    "with rows of two labels."
)
_NO_LABEL = "No label column was found. Type its name, or step through the columns with the arrow keys."


class ColumnInput(LineInput):
    """The name of a column: arrow keys step through them, the right arrow accepts what stands there in grey."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "step(1)", "Next column", show=False),
        Binding("up", "step(-1)", "Column before", show=False),
    ]

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.columns: dict[str, str] = {}  # as it is shown -> as it is called
        self.given = ""  # as it was put there, not typed

    def offer(self, columns: Sequence[str], value: str | None) -> None:
        """The columns that there are, and the one that was found."""
        self.columns = {shorten(name, 60): name for name in columns}
        self.suggester = SuggestFromList(list(self.columns), case_sensitive=False)
        self.given = "" if value is None else shorten(value, 60)
        self.value = self.given

    @property
    def is_changed(self) -> bool:
        """Whether something else stands there than was put there."""
        return self.value.strip() != self.given

    @property
    def column(self) -> str | None:
        """The column's own name; None while the field is empty."""
        typed = self.value.strip()
        return self.columns.get(typed, typed) or None

    def action_step(self, step: int) -> None:
        """Show the next column, and ask what the table is with it."""
        names = list(self.columns)
        if not names:
            return
        place = names.index(self.value) if self.value in names else -1 if step > 0 else 0
        self.value = names[(place + step) % len(names)]
        self.cursor_position = len(self.value)


class Columns(ModalScreen[TaskChoice | None]):
    """Asks the engine what a table holds, shows it, and again at each change; the result is what was accepted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("enter", "accept", "Accept", show=False),
    ]

    def __init__(self, choice: TaskChoice) -> None:
        super().__init__()
        self.choice = choice
        self.guessed: Mapping[str, Any] | None = None
        self.problem = ""

    def compose(self) -> ComposeResult:
        """Two fields, the first rows, the labels, and what there is to say."""
        with Vertical(classes="dialog", id="columns") as dialog:
            dialog.border_title = plain(f"Is this right?  {shorten(self.choice.reference, 60)}")
            dialog.border_subtitle = plain("enter accepts · ↑ ↓ another column · tab next field · esc back")
            with Horizontal(id="fields"):
                yield Label("Text column")
                yield ColumnInput("text")
                yield Label("Label column")
                yield ColumnInput("label")
            yield Static("", id="problem", markup=False)
            first: DataTable[Content] = DataTable(id="first", cursor_type="none", show_cursor=False)
            first.can_focus = False  # tab goes from field to field
            yield first
            with VerticalScroll(id="about", can_focus=False):
                yield Static("", id="labels", markup=False)
                yield Vertical(id="naming")
                yield Static("", id="notes", markup=False)

    def on_mount(self) -> None:
        """Ask about the table as it was chosen."""
        self.query_one("#text").focus()
        self._ask(self.choice)

    # -- the engine's guess ---------------------------------------------------------------------------------------

    def _ask(self, choice: TaskChoice, *, accept: bool = False) -> None:
        work(self, "guess", self._guess, choice, accept)

    async def _guess(self, choice: TaskChoice, accept: bool) -> None:
        self._say("Looking at the table …")
        try:
            task = await cast("PromptlabApp", self.app).engine.ask("guess", task=choice.table())
        except EngineGone as error:
            return self._say(str(error))
        except EngineError as error:
            return self._refused(choice, error)
        if accept:
            self.dismiss(choice)
        else:
            await self._show(choice, task)

    def _refused(self, choice: TaskChoice, error: EngineError) -> None:
        """The table cannot be read so: say why; the fields stay as they are."""
        self.guessed = None
        self.choice = replace(choice, labels=None)
        for field, value in ((self._field("text"), choice.text), (self._field("label"), choice.label)):
            field.given = shorten(value or "", 60)
        self._say(" ".join(part for part in (error.what, error.remedy) if part))

    async def _show(self, choice: TaskChoice, task: Mapping[str, Any]) -> None:
        self.choice, self.guessed = replace(choice, labels=None), task
        text, label = self._field("text"), self._field("label")
        text.offer(task["columns"], task["text"])
        label.offer(task["columns"], task["label"])
        if task["pair"] and not choice.text:
            text.offer(task["columns"], None)
            text.placeholder = f"two texts: {listed(shorten(name, 20) for name in task['pair'])}"
        self._show_rows(task)
        self.query_one("#labels", Static).update(_labels(task))
        self.query_one("#notes", Static).update(_notes(task))
        naming = self.query_one("#naming", Vertical)
        await naming.remove_children()
        if task["numbers"]:
            await naming.mount(NameLabels(task["labels"]))
            if not _doubt(task) and self._is_untouched():
                naming.query(Input).first().focus()  # what is asked comes first
        self._say(_doubt(task))

    def _is_untouched(self) -> bool:
        """Whether the focus is where it was to begin with: in the text column, as that was found."""
        text = self._field("text")
        return text.has_focus and not text.is_changed and not self.choice.text and not self.choice.label

    def _show_rows(self, task: Mapping[str, Any]) -> None:
        chosen = [name for name in (*(task["pair"] or [task["text"]]), task["label"]) if name]
        every = list(dict.fromkeys([*(name for name in chosen if name in task["columns"]), *task["columns"]]))
        table = self.query_one("#first", DataTable)
        table.clear(columns=True)
        for name in every[:_SHOWN]:
            table.add_column(cell(name, 20))
        for row in task["first"]:
            cells = {**row["cells"], task["label"]: row["label"] if row["label"] is not None else "-"}
            table.add_row(*(cell(cells.get(name, ""), _WIDTH) for name in every[:_SHOWN]))

    def _field(self, name: str) -> ColumnInput:
        return self.query_one(f"#{name}", ColumnInput)

    def _say(self, sentence: str) -> None:
        self.problem = sentence
        self.query_one("#problem", Static).update(plain(sentence))

    # -- what the person does -------------------------------------------------------------------------------------

    @on(Input.Changed, "#text,#label")
    def _changed(self, event: Input.Changed) -> None:
        """Ask again once a column's whole name stands there."""
        field = event.input
        if isinstance(field, ColumnInput) and field.is_changed and field.value in field.columns:
            self._ask(self._typed())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        naming = self.query(NameLabels)
        below = (
            naming.first().next_field(event.input) if naming and event.input in naming.first().query(Input) else None
        )
        if below is not None:
            below.focus()
        else:
            self.action_accept()

    def action_accept(self) -> None:
        """Accept what is shown; ask about it first where a field was changed since."""
        if self._field("text").is_changed or self._field("label").is_changed:
            self._ask(self._typed())
            return
        if self.guessed is None or (doubt := _doubt(self.guessed)):
            self._say(doubt if self.guessed else self.problem or _NO_LABEL)
            return
        try:
            naming = self.query(NameLabels)
            labels = naming.first().option() if naming else None
        except ConfigError as error:
            self._say(str(error))
            return
        if labels is None:
            self.dismiss(self.choice)
        else:
            self._ask(replace(self.choice, labels=labels), accept=True)

    def action_back(self) -> None:
        """Open nothing."""
        self.dismiss(None)

    def _typed(self) -> TaskChoice:
        """The choice with the columns that were changed."""
        text, label = self._field("text"), self._field("label")
        choice = replace(self.choice, text=text.column) if text.is_changed else self.choice
        return replace(choice, label=label.column) if label.is_changed else choice


def _doubt(task: Mapping[str, Any]) -> str:
    """Why the table cannot be used as it was understood; empty when it can."""
    if not task["label"]:
        return _NO_LABEL
    if len(task["labels"]) == 1:
        return _ONE_LABEL.format(repr(shorten(task["labels"][0], 40)))
    return str(task.get("problem", ""))


def _labels(task: Mapping[str, Any]) -> Content:
    counts = task["label_counts"]
    shown = listed((f"{shorten(label, 30)} {counts.get(label, 0):,}" for label in task["labels"]), most=12)
    splits = {split: n for split, n in task["splits"].items() if n}
    # A file alone is not split: what its rows would be called then says nothing.
    rows = ", ".join(f"{n:,}" if len(splits) == 1 else f"{split} {n:,}" for split, n in splits.items())
    return plain(f"{counted(len(task['labels']), 'label')}: {shown}\nRows: {rows}", newlines=True)


def _notes(task: Mapping[str, Any]) -> Content:
    more = len(task["columns"]) - _SHOWN
    hidden = [f"{counted(more, 'more column')} not shown"] if more > 0 else []
    return plain("\n".join(f"· {shorten(str(note), 300)}" for note in [*task["notes"], *hidden]), newlines=True)
