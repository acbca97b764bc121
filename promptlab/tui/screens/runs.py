"""Runs: every evaluation that was kept, the one under the cursor whole, and two of them against each other."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, cast

from textual.widget import Widget

from promptlab.tui.opening import engine_problem
from promptlab.tui.panes.run_details import RunPane
from promptlab.tui.panes.runs_list import RunsPane
from promptlab.tui.screens.mode import Mode
from promptlab.tui.state.session import ModelChoice, TaskChoice
from promptlab.tui.work import work
from promptlab.verbalizer import from_table

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.desk import Desk


class Runs(Mode):
    """The list and one run. Jobs that search are another list of this screen, beside that of the evaluations."""

    mode = "runs"
    title_shown = "Runs"

    def panes(self) -> Iterable[Widget]:
        """The list, and the run under the cursor."""
        yield RunsPane()
        yield RunPane()

    def on_screen_resume(self) -> None:
        """Read the list whenever one comes here."""
        work(self, "look", self._look)

    async def _look(self) -> None:
        problem = await engine_problem(self.desk)
        if problem is not None:
            self.desk.say(problem, "error")
        elif self.query(RunsPane):
            self.query_one(RunsPane).action_refresh_list()

    def on_runs_pane_marked(self, event: RunsPane.Marked) -> None:
        """Show the run under the cursor."""
        is_other = event.run is not None and self.query_one(RunsPane).is_other(event.run)
        self.query_one(RunPane).show(event.run, is_other=is_other)

    def on_runs_pane_opened(self, event: RunsPane.Opened) -> None:
        """Open the run in the workbench."""
        work(self, "open", self._open, event.number)

    async def _open(self, number: int) -> None:
        run = await self.desk.ask("runs", op="open", run=number)
        await open_run(self.desk, run)
        for note in run.get("notes", ()):
            self.desk.say(str(note), "warning")
        self.desk.say(f"Run {number} is in the workbench.")
        cast("PromptlabApp", self.app).action_mode("workbench")


async def open_run(desk: "Desk", run: Mapping[str, Any]) -> None:
    """Put a run's template and words into the editors; its table and its model too, where they are others.

    Raises EngineError for a table that is gone (nothing has changed then), ConfigError for damaged words.
    """
    words = replace(from_table(run["words"], where="the run's words"), name=str(run["words_name"]))
    task = TaskChoice(**_known(TaskChoice, run["task"]))
    if desk.session.task != task:
        await desk.open_task(task)
    now = desk.session.model
    model = replace(now, **{"revision": "", "dtype": None, **_known(ModelChoice, run["model"])})
    if (model.name, model.revision) != (now.name, now.revision):
        desk.use_model(model)
    desk.load_prompt(
        run["template"],
        words,
        name=str(run["template_name"]),
        truncate=run["truncate"],
        calibration=run["calibration"],
    )


def _known(choice: type[TaskChoice] | type[ModelChoice], table: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a table that a choice has a place for."""
    names = {field.name for field in fields(choice)}
    return {key: value for key, value in table.items() if key in names}
