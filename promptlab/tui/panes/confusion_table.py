"""Confusion pane: how often each label was taken for each other; a cell leads to its rows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.coordinate import Coordinate
from textual.message import Message
from textual.widgets import DataTable, Static

from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.pane import Pane
from promptlab.tui.shown import cell, plain

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

_EMPTY = "Nothing is read yet. The confusions stand here once rows are."
_MOST = 12  # labels of a matrix; with more, the largest confusions are listed
_LISTED = 100


class ConfusionPane(Pane):
    """A matrix of labels (down) and predictions (across), or a list where there are many labels."""

    place = "confusion"
    title = "Confusions"
    inner = "#confusion"
    HELP = """# Confusions

Each line is a label, each column what was predicted for its rows. `enter` on a cell shows those rows in the table.
With many labels, the confusions stand as a list, the most frequent first.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("confusion.open", "space", "open", "Show rows", "Show the rows of the cell under the cursor.", True)
    )

    class Chosen(Message):
        """The rows of a cell are to be shown."""

        def __init__(self, wanted: Mapping[str, Any]) -> None:
            super().__init__()
            self.wanted = wanted

    def __init__(self) -> None:
        super().__init__()
        self.labels: tuple[str, ...] = ()
        self._pairs: list[tuple[str, str]] = []  # of a list

    def compose(self) -> ComposeResult:
        """The table, and what stands there before there is one."""
        yield DataTable[Text](id="confusion", cursor_type="cell")
        yield Static(_EMPTY, id="empty", markup=False)

    def on_mount(self) -> None:
        """Show what there is."""
        super().on_mount()
        self._show()

    def heard(self, topic: "Topic") -> None:
        """Other figures."""
        if topic in ("task", "figures", "template", "words", "rows"):
            self._show()

    def _show(self) -> None:
        figures, table = self.desk.live.figures, self.query_one(DataTable)
        table.display = figures is not None
        self.query_one("#empty").display = figures is None
        self.border_subtitle = plain("" if figures is None or self.desk.is_current else "not up to date")
        if figures is None:
            self.labels = ()
            return
        cursor = table.cursor_coordinate
        if len(figures["labels"]) <= _MOST:
            self._show_matrix(table, figures)
        else:
            self._show_list(table, figures)
        table.cursor_coordinate = cursor

    def _show_matrix(self, table: DataTable[Text], figures: Mapping[str, Any]) -> None:
        labels, counts = tuple(figures["labels"]), figures["confusion"]
        table.cursor_type = "cell"
        if labels != self.labels or len(table.rows) != len(labels):
            self.labels, self._pairs = labels, []
            table.clear(columns=True)
            for label in labels:
                table.add_column(cell(label, 12), width=max(5, min(len(label), 12)))
            for label, row in zip(labels, counts, strict=True):
                table.add_row(*map(_count, row), label=cell(label, 14))
            return
        for at, row in enumerate(counts):
            for column, count in enumerate(row):
                table.update_cell_at(Coordinate(at, column), _count(count))

    def _show_list(self, table: DataTable[Text], figures: Mapping[str, Any]) -> None:
        self.labels = labels = tuple(figures["labels"])
        found = [
            (count, labels[at], labels[column])
            for at, row in enumerate(figures["confusion"])
            for column, count in enumerate(row)
            if count and at != column
        ]
        found.sort(key=lambda one: -one[0])
        table.cursor_type = "row"
        table.clear(columns=True)
        table.add_columns("rows", "label", "predicted")
        self._pairs = [(label, said) for _, label, said in found[:_LISTED]]
        for count, label, said in found[:_LISTED]:
            table.add_row(_count(count), cell(label, 20), cell(said, 20))

    def on_data_table_cell_selected(self, event: DataTable.CellSelected) -> None:
        """Show the rows of a cell."""
        self.action_open()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Show the rows of a line of the list."""
        self.action_open()

    def action_open(self) -> None:
        """Show the rows of what is under the cursor."""
        at, column = self.query_one(DataTable).cursor_coordinate
        if self._pairs:
            label, said = self._pairs[at]
        elif self.labels:
            label, said = self.labels[at], self.labels[column]
        else:
            return
        self.post_message(self.Chosen({"label": label, "predicted": said}))


def _count(count: int) -> Text:
    return Text(f"{count:,}" if count else "·", justify="right", no_wrap=True, end="")
