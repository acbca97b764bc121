"""Runs pane: every evaluation that was kept; filter, sort, pin, compare two, open one again, delete."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import counted, listed
from promptlab.tui.actions import Action, declare
from promptlab.tui.line_input import LineInput
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.panes.lines import Lines
from promptlab.tui.panes.pane import Pane, leave
from promptlab.tui.panes.runs_drawn import names_line, run_line
from promptlab.tui.screens.confirm import Answer, Confirm
from promptlab.tui.shown import plain
from promptlab.tui.state.run_list import Kept, RunList
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

_EMPTY = (
    "No evaluation is kept yet. One is kept when all rows are read and nothing was edited for two seconds, "
    "or when you press b in the workbench's live pane (key 1)."
)
_NONE_FITS = "No run fits the filter. Press / and empty it to see all."


class RunsPane(Pane):
    """The list, a filter that is shown while it is used, and the sentence of a comparison below."""

    place = "runs"
    title = "Runs"
    inner = "LineList"
    HELP = """# Runs

Every evaluation that was kept, with its interval and its rows. `enter` opens one in the workbench, `b` pins it: it is
marked then, and numbers of the same task are compared with it.

Tick two with `space` and press `c`: they are compared on the rows that both have, and a sentence says whether these
suffice to tell. With one ticked, it is compared with the one under the cursor. `s` sorts, `/` filters, `d` deletes.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("runs.open", "enter", "open", "Open", "Open the run in the workbench.", True),
        Action("runs.tick", "space", "tick", "Tick", "Tick the run, to compare it with another one."),
        Action("runs.compare", "c", "compare", "Compare", "Compare the two ticked runs on the rows they share.", True),
        Action("runs.pin", "b", "pin", "Pin", "Mark the run, and compare new numbers with it.", True),
        Action("runs.sort", "s", "sort", "Sort", "Step through the orders: newest, accuracy, task, name."),
        Action("runs.filter", "slash", "filter", "Filter", "Show runs that have these words in them."),
        Action("runs.delete", "d", "delete", "Delete", "Delete the ticked runs, or the one under the cursor."),
        Action("runs.refresh", "full_stop", "refresh_list", "Look again", "Read the list again."),
        Action("runs.leave", "escape", "leave", "Leave", "From the filter to the runs."),
    )

    class Marked(Message):
        """Another run is under the cursor; None when there is none."""

        def __init__(self, run: Kept | None) -> None:
            super().__init__()
            self.run = run

    class Opened(Message):
        """A run is wanted in the workbench."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        super().__init__()
        self.runs = RunList()
        self._shown: Sequence[Kept] = ()

    def compose(self) -> ComposeResult:
        """Filter, list, what stands there without runs, where one is, and the comparison."""
        yield LineInput(placeholder="words of the name, task, model, template", id="filter")
        yield LineList(self._draw)
        yield Static("", id="empty", markup=False)
        yield Lines("where")
        yield Static("", id="compared", markup=False)

    def on_mount(self) -> None:
        """The filter comes when it is wanted."""
        self.query_one("#filter").display = False
        self.query_one("#compared").display = False
        self._show("")

    def heard(self, topic: "Topic") -> None:
        """A run may have been kept; and which task is open says which runs are of another one."""
        if topic == "saved":
            self.action_refresh_list()
        elif topic == "task":
            self.query_one(LineList).refresh()

    @property
    def marked(self) -> Kept | None:
        """The run under the cursor."""
        at = self.query_one(LineList).cursor
        return self._shown[at] if 0 <= at < len(self._shown) else None

    def is_other(self, run: Kept) -> bool:
        """Whether the run is of another task than the one that is open."""
        task = self.desk.task
        return task is not None and str(run["task"]) != str(task["name"])

    def action_refresh_list(self) -> None:
        """Read the list again; the cursor stays on its run."""
        work(self, "list", self._list)

    async def _list(self) -> None:
        try:
            answer = await self.desk.ask("runs", op="list")
        except (EngineError, EngineGone) as error:
            return self._show(str(error))
        self.runs = self.runs.with_runs(answer["runs"])
        self._show("")

    def _show(self, problem: str) -> None:
        """Draw the list again, the cursor on the run where it was."""
        lines = self.query_one(LineList)
        before = self.marked
        self._shown = self.runs.shown
        places = {run["id"]: place for place, run in enumerate(self._shown)}
        lines.show(len(self._shown), places.get(before["id"], lines.cursor) if before else 0)
        instead = problem or (_EMPTY if not self.runs.runs else _NONE_FITS if not self._shown else "")
        self.query_one("#empty", Static).update(plain(instead))
        self.query_one("#empty").display = bool(instead)
        lines.display = not instead or bool(self._shown)
        self.query_one("#where", Lines).show([plain(self._where())])
        self.post_message(self.Marked(self.marked))

    def _where(self) -> str:
        if not self.runs.runs:
            return ""
        parts = [counted(len(self.runs.runs), "run"), f"sorted by {self.runs.sorted_by} (s)"]
        if self.runs.wanted:
            parts.append(f"{len(self._shown)} fit {self.runs.wanted!r} (/)")
        if self.runs.ticked:
            parts.append(f"ticked: {listed(f'run {number}' for number in self.runs.ticked)} (c compares)")
        return " · ".join(parts)

    def _draw(self, at: int, width: int) -> Text:
        if at < 0:
            return names_line(width)
        run = self._shown[at]
        return run_line(run, width, is_ticked=run["id"] in self.runs.ticked, is_other=self.is_other(run))

    # -- keys -----------------------------------------------------------------------------------------------------

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Show what is under the cursor."""
        self.post_message(self.Marked(self.marked))

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """Open it in the workbench."""
        self.action_open()

    def action_open(self) -> None:
        """Open the run under the cursor; from the frame, go to the list first."""
        if not self.query_one(LineList).has_focus:
            self.enter()
        elif self.marked is not None:
            self.post_message(self.Opened(int(self.marked["id"])))

    def action_tick(self) -> None:
        """Tick the run, or take its tick away."""
        if self.marked is not None:
            self.runs = self.runs.toggled(int(self.marked["id"]))
            self._show("")

    def action_sort(self) -> None:
        """Sort by the next of the orders."""
        self.runs = self.runs.sorted_next()
        self._show("")

    def action_filter(self) -> None:
        """Type what the runs must have in them."""
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.runs = self.runs.filtered(event.value)
        self._show("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to what was found."""
        self.action_leave()

    def action_leave(self) -> None:
        """From the filter to the list; from the list to the frame."""
        field = self.query_one("#filter", Input)
        if not field.has_focus:
            return leave(self.query_one(LineList))
        field.display = bool(field.value)
        self.query_one(LineList).focus() if self._shown else leave(field)

    def action_compare(self) -> None:
        """Compare two."""
        pair = self.runs.pair(None if self.marked is None else int(self.marked["id"]))
        if not self.runs.ticked or pair is None:
            self.desk.say("Tick two runs with space, then press c.", "warning")
        else:
            work(self, "compare", self._compare, pair)

    async def _compare(self, pair: tuple[int, int]) -> None:
        try:
            found = await self.desk.ask("runs", op="compare", ids=list(pair))
        except EngineError as error:
            return self._say_compared(f"Run {pair[1]} against run {pair[0]}", str(error), ())
        self._say_compared(f"Run {pair[1]} against run {pair[0]}", *_verdict(found))

    def _say_compared(self, head: str, sentence: str, notes: Sequence[str]) -> None:
        said = Content("\n").join([Content.styled(head, "bold"), *(plain(line) for line in (sentence, *notes))])
        self.query_one("#compared", Static).update(said)
        self.query_one("#compared").display = True

    def action_pin(self) -> None:
        """Mark the run, or take the mark away."""
        if self.marked is not None:
            work(self, "pin", self._pin, self.marked)

    async def _pin(self, run: Kept) -> None:
        number, pinned = int(run["id"]), not run["pinned"]
        await self.desk.ask("runs", op="pin", run=number, pinned=pinned)
        if pinned and self.desk.task is not None and not self.is_other(run):
            await self.desk.pin(run=number)
            self.desk.say(f"Run {number} is pinned; numbers are compared with it from now on.")
        else:
            self.desk.say(f"Run {number} is {'pinned' if pinned else 'no longer pinned'}.")
        await self._list()

    def action_delete(self) -> None:
        """Ask, and delete the ticked runs or the one under the cursor."""
        marked = self.marked
        numbers = self.runs.ticked or (() if marked is None else (int(marked["id"]),))
        if not numbers:
            return
        named = listed(f"run {number}" for number in numbers)
        answers = (Answer("no", "Keep", is_safe=True), Answer("yes", f"Delete {named}"))
        question = f"Delete {named} from this workspace? Figures, template and words kept with it go too."
        self.app.push_screen(
            Confirm(question, answers, title="Delete"),
            lambda answer: work(self, "delete", self._delete, numbers) if answer == "yes" else None,
        )

    async def _delete(self, numbers: Sequence[int]) -> None:
        await self.desk.ask("runs", op="delete", ids=list(numbers))
        self.query_one("#compared").display = False
        self.desk.say(f"Deleted: {listed(f'run {number}' for number in numbers)}.")
        await self._list()


def _verdict(found: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The sentence and what stands below it: the rows that one alone got right, and what makes the two unlike."""
    only = f"Right in the first alone: {found['only_first']:,} · in the second alone: {found['only_second']:,}"
    return str(found["sentence"]), (f"{only} · {counted(found['n'], 'row')} in both", *map(str, found["notes"]))
