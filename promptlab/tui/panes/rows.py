"""Rows pane: the live rows with what is predicted for them, filtered, sorted, and never re-sorted under the cursor."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import DataTable, Static

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.filter_bar import FilterBar
from promptlab.tui.panes.pane import Pane
from promptlab.tui.panes.rows_table import RowsTable
from promptlab.tui.shown import plain
from promptlab.tui.state.row_view import WINDOW, RowView, window_start
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

_NO_TASK = "No table is open. Press ctrl+o to open one."
_NO_ROWS = "No row fits the filter. Press x to show all rows."
# Seconds between two refreshes while rows are being read.
_REFRESH = 0.4
_SETTLED = 0.15


class RowsPane(Pane):
    """The table with its filter bar and one line that says where one is."""

    place = "data"
    title = "Rows"
    inner = "#rows"
    HELP = """# Rows

Every row that is read, with its label, what the prompt predicts, and how sure it is (✓ right, ✗ wrong, · not read yet).

Filter by text (`/`), label (`l`), prediction (`p`), right or wrong (`v`) and confidence (`c`); `x` clears all filters.
`s` steps through the orders. `enter` shows the row under the cursor with its prompt. When predictions change, the rows
stay where they are; `.` sorts and filters them again.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("data.text", "slash", "filter('text')", "Filter", "Show rows whose text holds something.", True),
        Action("data.sort", "s", "sort", "Sort", "Step through the orders: place, confidence, margin.", True),
        Action("data.clear", "x", "clear", "Clear", "Show all rows again."),
        Action("data.label", "l", "filter('label')", "Label", "Show the rows of one label."),
        Action("data.predicted", "p", "filter('predicted')", "Predicted", "Show the rows of one prediction."),
        Action("data.right", "v", "filter('right')", "Right or wrong", "Show the right rows, or the wrong ones."),
        Action("data.confidence", "c", "filter('confidence')", "Confidence", "Show rows by how sure the prompt is."),
        Action("data.resort", "full_stop", "resort", "Sort again", "Filter and sort by the newest predictions."),
        Action("data.next_wrong", "n", "wrong('next-wrong')", "Next wrong", "Show the next wrong row."),
        Action("data.previous_wrong", "N", "wrong('previous-wrong')", "Previous wrong", "Show the wrong row before."),
        Action("data.leave", "escape", "leave", "Leave", "From the filters to the rows."),
    )

    class Opened(Message):
        """A row is to be shown whole; ``find`` names a step from it."""

        def __init__(self, place: int, find: str | None = None) -> None:
            super().__init__()
            self.place, self.find = place, find

    def __init__(self) -> None:
        super().__init__()
        self.view = RowView()
        self.problem = ""
        self._answer: Mapping[str, Any] = {}
        self._is_old = False  # rows and order are by older predictions
        self._is_refreshing = False

    def compose(self) -> ComposeResult:
        """Filters, rows, the line below, and what stands there instead of rows."""
        yield FilterBar()
        yield RowsTable()
        yield Static(_NO_TASK, id="empty", markup=False)
        yield Static("", id="where", markup=False)

    def on_mount(self) -> None:
        """Show what is open."""
        super().on_mount()
        self._task_changed()

    # -- what is heard --------------------------------------------------------------------------------------------

    def heard(self, topic: "Topic") -> None:
        """Another table, other rows, or other predictions."""
        if topic in ("task", "rows"):
            self._task_changed()
        elif topic in ("figures", "template", "words") and not self._is_refreshing:
            self._is_refreshing = True
            self.set_timer(_REFRESH, self._refresh)

    def _task_changed(self) -> None:
        self.view = RowView()
        self.query_one(FilterBar).offer(self.desk.labels if self.desk.task else ())
        self.query_one(RowsTable).fill(0, 0, (), index=0)
        if self.desk.task is None:
            self._answer = {}
            self._say_where()
        else:
            self.load(0)

    def _refresh(self) -> None:
        """Show newer predictions: in place where rows and order would change under the cursor."""
        self._is_refreshing = False
        table = self.query_one(RowsTable)
        if self.desk.task is None:
            return
        if self.view.is_settled or not table.has_focus or not table.window:
            self.load(table.index)
        else:
            work(self, "page", self._mark)

    # -- rows -----------------------------------------------------------------------------------------------------

    def show(self, wanted: Mapping[str, Any]) -> None:
        """Show the rows that fit a filter, as the engine's ``page`` takes it."""
        self.view, self.problem = self.view.filtered(wanted), ""
        self.query_one(FilterBar).show(self.view.filter)
        self.load(0)

    def seek(self, place: int) -> None:
        """Put the cursor on the row at a place of the data, where the table shows it."""
        table = self.query_one(RowsTable)
        if not self.view.filter and self.view.order == 0:
            table.go(place)
        elif (at := next((at for at, row in enumerate(table.window) if row["place"] == place), None)) is not None:
            table.go(table.start + at)

    def load(self, index: int) -> None:
        """Show the rows around one of them, the cursor on it."""
        self.query_one(RowsTable).index = index
        work(self, "page", self._load, self.view)

    async def _load(self, view: RowView) -> None:
        table = self.query_one(RowsTable)
        while True:
            answer = await self._ask(view, window_start(table.index, max(table.total, table.index + 1)))
            if answer is None or view is not self.view:
                return
            if table.index >= answer["total"] > 0:
                table.index = answer["total"] - 1
                if not answer["rows"]:
                    table.total = answer["total"]
                    continue
            table.fill(answer["start"], answer["total"], answer["rows"], index=table.index)
            self._answer, self._is_old = answer, False
            self._say_where()
            if not answer.get("partial"):
                return

    async def _ask(self, view: RowView, start: int, **other: Any) -> dict[str, Any] | None:
        fields = {**view.asked(), "start": start, "count": WINDOW, **other}
        session = self.desk.session
        task = session.task.table() if session.task else None
        try:
            return {**await self.desk.ask("page", task=task, rows=session.rows, **fields), "start": start}
        except (EngineError, EngineGone) as error:
            self.problem = str(error)
            self._say_where()
            return None

    async def _mark(self) -> None:
        """Newer predictions for the rows that are mounted, wherever they would stand now."""
        table, view = self.query_one(RowsTable), self.view
        ids = {"filter": {"ids": [row["id"] for row in table.window]}, "sort": "place", "descending": False}
        answer = await self._ask(RowView(), 0, **ids)
        if answer is not None and view is self.view:
            table.mark({row["place"]: row for row in answer["rows"]})
            self._is_old = True
            self._say_where()

    def _say_where(self) -> None:
        table, answer = self.query_one(RowsTable), self._answer
        empty = _NO_TASK if self.desk.task is None else _NO_ROWS if answer and not answer["total"] else ""
        self.query_one("#empty", Static).update(plain(empty))
        self.query_one("#empty").display = bool(empty)
        table.display = not empty
        self.query_one("#where", Static).update(plain(self._where(table, answer) if answer else self.problem))

    def _where(self, table: RowsTable, answer: Mapping[str, Any]) -> str:
        total, every = answer["total"], answer["all"]
        parts = [f"row {table.index + 1:,} of {total:,}" if total else "no row"]
        if total != every:
            parts.append(f"filtered from {every:,}")
        if table.row is not None and (total != every or self.view.order):
            parts.append(f"place {table.row['place'] + 1:,}")
        parts.append(self.view.order_name)
        if self.desk.live.figures and answer.get("read") is not None and answer["read"] < every:
            parts.append(f"{answer['read']:,} read")
        if partial := answer.get("partial"):
            parts.append(f"searched {partial['scanned']:,} of {partial['of']:,}")
        if self.view.filter.get("ids"):
            parts.append("rows of the finding")
        if self._is_old:
            parts.append("order by older predictions, . sorts again")
        elif not self.desk.is_current:
            parts.append("predictions not up to date")
        return " · ".join(
            [*([self.problem] if self.problem else []), *parts, *(["x clears"] if self.view.filter else [])]
        )

    # -- messages and actions -------------------------------------------------------------------------------------

    def on_rows_table_wanted(self, event: RowsTable.Wanted) -> None:
        """The cursor comes near the end of what is mounted."""
        work(self, "page", self._load, self.view)

    def on_rows_table_moved(self) -> None:
        """The cursor stands on another row."""
        self._say_where()

    def on_filter_bar_filtered(self, event: FilterBar.Filtered) -> None:
        """Another filter was typed or chosen."""
        self.problem = event.problem
        if event.is_chosen:
            self.enter()
        view = self.view.filtered(event.wanted)
        if event.problem:
            self._say_where()
        elif view != self.view:
            self.view = view
            self.set_timer(_SETTLED, lambda: self.load(0) if self.view is view else None)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Show the row whole."""
        row = self.query_one(RowsTable).row
        if row is not None:
            self.post_message(self.Opened(row["place"]))

    def on_input_submitted(self) -> None:
        """From a filter to the rows."""
        self.enter()

    def action_filter(self, name: str) -> None:
        """Go to a field of the filter bar."""
        self.query_one(FilterBar).go_to(name)

    def action_sort(self) -> None:
        """The next order."""
        self.view = self.view.sorted_next()
        self.load(0)

    def action_resort(self) -> None:
        """Filter and sort by the newest predictions; the cursor stays at its height."""
        self.load(self.query_one(RowsTable).index)

    def action_clear(self) -> None:
        """Show all rows, the cursor on the row where it was."""
        row = self.query_one(RowsTable).row
        is_placed = row is not None and self.view.order == 0
        self.view, self.problem = self.view.filtered({}), ""
        self.query_one(FilterBar).show({})
        self.load(row["place"] if row is not None and is_placed else 0)

    def action_wrong(self, find: str) -> None:
        """Show the next wrong row, or the one before."""
        row = self.query_one(RowsTable).row
        if row is not None:
            self.post_message(self.Opened(row["place"], find))

    def action_leave(self) -> None:
        """From a field to the rows."""
        self.enter()
