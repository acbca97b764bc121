"""Live pane: the accuracy of what stands in the editors, its interval and rows, and what it is made of."""

from typing import TYPE_CHECKING, ClassVar, get_args

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Digits, Static

from promptlab.text import counted
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes import live_text
from promptlab.tui.panes.confusion import Confusion
from promptlab.tui.panes.lines import Lines
from promptlab.tui.panes.live_sections import below_number
from promptlab.tui.panes.live_view import view_of
from promptlab.tui.panes.pane import Pane
from promptlab.tui.screens.choose import Choice, Choose
from promptlab.tui.screens.confirm import Answer, Confirm
from promptlab.tui.shown import plain
from promptlab.tui.state.live import Live
from promptlab.tui.work import work
from promptlab.verbalizer import CalibrationKind

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

_EMPTY = "No table is open. Press ctrl+o to open one; its accuracy stands here once rows are read."
_SWITCHED: tuple[CalibrationKind | None, ...] = (None, "batch", "contextual")
_KINDS = {
    "batch": "by the label shares over unlabelled rows",
    "contextual": "by what an empty input gives",
    "domain": "by random words of the data",
    "pmi": "by how likely each word is without the text",
    "word": "by how likely each word is over the rows",
}
# Above this height of the pane, empty lines stand between its parts.
_ROOMY = 28


class LivePane(Pane):
    """Figures with their interval, dimmed while they are of something older than what stands in the editors."""

    place = "live"
    title = "Live"
    HELP = """# Live

The accuracy of template and words as they stand, with its 95 % interval and the rows it was counted on. While rows are
read, it is that of the rows so far, which come in a random order. **stale (edited)** means that the number belongs to
what stood there before; the new one replaces it.

The first complete number is the baseline; `b` pins another. The difference says in words whether the rows suffice to
tell. `r` reads all rows. Test rows are read on purpose only (`T`), counted, and left at the next edit.

The arrows walk the confusions, `enter` shows the rows of the cell. `c` and `m` choose a calibration, `f` freezes.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("live.pin", "b", "pin", "Pin", "Make this number the one that others are compared with.", True),
        Action("live.read_all", "r", "read_all", "Read all", "Read all rows, or go back to the live ones.", True),
        Action("live.test", "T", "test", "Test rows", "Read the test rows; each time is counted."),
        Action("live.calibrate", "c", "calibrate", "Calibrate", "Step through no, batch and contextual calibration."),
        Action("live.menu", "m", "menu", "Calibrations", "Choose among all calibrations."),
        Action("live.freeze", "f", "freeze", "Freeze", "Let the display stand still; reading goes on."),
        Action("live.left", "left,h", "move(0, -1)", "Left", "Go to the confusion on the left."),
        Action("live.right", "right,l", "move(0, 1)", "Right", "Go to the confusion on the right."),
        Action("live.up", "up,k", "move(-1, 0)", "Up", "Go to the confusion above."),
        Action("live.down", "down,j", "move(1, 0)", "Down", "Go to the confusion below."),
        Action("live.open", "enter", "open", "Show rows", "Show the rows of the confusion under the cursor."),
    )

    def __init__(self) -> None:
        super().__init__()
        self.cursor = (0, 1)  # of the confusions: label, prediction
        self.frozen: Live | None = None

    def compose(self) -> ComposeResult:
        """The number with what belongs to it beside, then a widget for each part."""
        with Horizontal(id="top"):
            yield Digits("", id="number")
            yield Lines("beside")
        for name in ("phase", "failure", "warnings", "delta", "rows", "calibration", "bars"):
            yield Lines(name)
        yield Confusion()
        yield Lines("history")
        yield Static(plain(_EMPTY), id="empty", markup=False)

    def on_resize(self) -> None:
        """Fit it to the place there is."""
        self._show()

    def heard(self, topic: "Topic") -> None:
        """Show what changed, in the frame in which it came."""
        if topic == "task":
            self.cursor, self.frozen = (0, 1), None
        if topic not in ("said", "engine"):
            self._show()

    def _show(self) -> None:
        size, desk = self.content_size, self.desk
        if not size.width or not self.is_mounted:
            return
        view = view_of(desk, frozen=self.frozen)
        is_empty = desk.task is None
        self.query_one("#empty").display = is_empty
        self.query_one("#top").display = not is_empty
        self.query_one("#number", Digits).set_class(not view.is_current, "-stale")
        digits = self.query_one("#number", Digits)
        if digits.value != (number := live_text.number(view) or "-.---"):
            digits.update(number)
        self.query_one("#beside", Lines).show(live_text.beside_number(view))
        is_roomy = size.height >= _ROOMY
        self.set_class(is_roomy, "-roomy")
        sections = below_number(view, self.cursor, width=size.width, height=size.height, is_roomy=is_roomy)
        for name in ("phase", "failure", "warnings", "delta", "rows", "calibration", "bars", "history"):
            self.query_one(f"#{name}", Lines).show(() if is_empty else sections.lines.get(name, ()))
        self.query_one(Confusion).show_grid(() if is_empty else sections.lines["confusion"], sections.grid)
        kept = desk.live.kept
        self.border_subtitle = plain("" if kept is None else f"kept as run {kept}")

    # -- actions --------------------------------------------------------------------------------------------------

    def action_pin(self) -> None:
        """Make the number the baseline, and keep it."""
        if self.desk.task is None:
            return
        if not self.desk.live.is_complete(self.desk.session):
            self.desk.say("Only a complete, current number can be pinned. Wait until all rows are read.", "warning")
        else:
            work(self, "pin", self._pin)

    async def _pin(self) -> None:
        await self.desk.pin()
        run = await self.desk.keep(pinned=True)
        self.desk.say(f"Pinned, and kept as run {run}: later numbers are compared with it.")

    def action_read_all(self) -> None:
        """Read all rows, or the live ones again."""
        if self.desk.task is not None:
            self.desk.read_rows("all" if self.desk.session.rows == "live" else "live")

    def action_test(self) -> None:
        """Ask, and read the test rows."""
        task = self.desk.task
        if task is None:
            return
        n = int(task["splits"].get("test", 0))
        if not n:
            self.desk.say("This table has no test rows.", "warning")
            return
        answers = (Answer("no", "Leave them unread", is_safe=True), Answer("yes", f"Read {counted(n, 'test row')}"))
        self.app.push_screen(Confirm(_test_question(self.desk.session.test_reads), answers), self._read_test)

    def _read_test(self, answer: str | None) -> None:
        if answer == "yes":
            self.desk.read_rows("test")

    def action_calibrate(self) -> None:
        """The next of the usual calibrations."""
        now = self.desk.session.calibration
        if self.desk.session.words is not None:
            place = _SWITCHED.index(now) if now in _SWITCHED else -1
            self.desk.calibrate(_SWITCHED[(place + 1) % len(_SWITCHED)])

    def action_menu(self) -> None:
        """Choose a calibration."""
        if self.desk.session.words is None:
            return
        choices = [
            Choice("", "none", "the scores as they are"),
            *(Choice(kind, kind, why) for kind, why in _KINDS.items()),
        ]
        self.app.push_screen(Choose("Calibration", choices, self.desk.session.calibration or ""), self._calibrate)

    def _calibrate(self, kind: str | None) -> None:
        if kind is not None:
            self.desk.calibrate(next((one for one in _every_kind() if one == kind), None))

    def action_freeze(self) -> None:
        """Let the display stand still, or go on with it."""
        self.frozen = self.desk.live if self.frozen is None else None
        self._show()

    def action_move(self, down: int, right: int) -> None:
        """Walk the confusions."""
        last = len(self.desk.labels) - 1
        row, column = self.cursor
        self.cursor = (max(0, min(row + down, last)), max(0, min(column + right, last)))
        self._show()

    def on_confusion_chosen(self, event: Confusion.Chosen) -> None:
        """A click puts the cursor on a cell, a second one opens it."""
        is_again = event.cell == self.cursor
        self.cursor = event.cell
        self._show()
        if is_again:
            self.action_open()

    def action_open(self) -> None:
        """Show the rows of the cell under the cursor."""
        figures, (row, column) = self.desk.live.figures, self.cursor
        if figures is not None and max(row, column) < len(figures["labels"]):
            from promptlab.tui.app import PromptlabApp

            assert isinstance(self.app, PromptlabApp)
            self.app.show_rows({"label": figures["labels"][row], "predicted": figures["labels"][column]})


def _every_kind() -> tuple[CalibrationKind, ...]:
    return tuple(kind for part in get_args(CalibrationKind) for kind in (get_args(part) or (part,)))


def _test_question(reads: int) -> str:
    before = (
        "The test rows were not read yet in this session."
        if not reads
        else f"The test rows were read {_times(reads)} in this session."
    )
    return f"{before} Each look at them while choosing a prompt makes their figure worth less."


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n, f"{n} times")
