"""Run pane: the evaluation under the cursor whole."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from promptlab.tui.panes.pane import Pane
from promptlab.tui.panes.runs_drawn import details
from promptlab.tui.shown import plain
from promptlab.tui.state.run_list import Kept

_EMPTY = "The run under the cursor stands here with its template, words and figures."


class RunPane(Pane):
    """Figures, template and words of a run."""

    place = "run"
    title = "Run"
    inner = "#run"
    HELP = """# Run

What the run under the cursor was: its figures, its template and words, the data and the model. `enter` in the list
opens it in the workbench.
"""

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="run"):
            yield Static(plain(_EMPTY), markup=False)

    def show(self, run: Kept | None, *, is_other: bool) -> None:
        """Show this run."""
        self.query_one(Static).update(plain(_EMPTY) if run is None else details(run, is_other=is_other))
