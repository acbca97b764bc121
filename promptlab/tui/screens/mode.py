"""Mode: a screen of panes with the status line above and the keys below, in three widths from one tree of widgets."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from promptlab.tui.panes.mini_live import MiniLive
from promptlab.tui.panes.pane import Pane
from promptlab.tui.panes.pane_strip import PaneStrip
from promptlab.tui.panes.status_line import StatusLine

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.desk import Desk


class Mode(Screen[None]):
    """A mode has a ``name`` and says which panes it has; narrow screens show one of them at a time.

    Classes on the screen: ``-narrow`` below 100 columns, ``-medium`` below 140, ``-wide`` above, ``-short`` below 30
    rows. Below 60x16 nothing of it is shown (screens/too_small.py).
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (140, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = ""  # on_mount says where it begins
    mode: ClassVar[str] = ""
    title_shown: ClassVar[str] = ""
    first: ClassVar[str] = ""  # the place of the pane in which it begins; the first one without it
    # A screen's own tab goes before the application's and would step through every widget.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.next_pane(1)", show=False, id="app.next_pane"),
        Binding("shift+tab", "app.next_pane(-1)", show=False, id="app.previous_pane"),
    ]

    @property
    def desk(self) -> "Desk":
        """The application's desk."""
        return cast("PromptlabApp", self.app).desk

    def compose(self) -> ComposeResult:
        """Status line, pane strip, body, the figures in one line, footer."""
        yield StatusLine()
        yield PaneStrip()
        with Container(id="body"):
            yield from self.panes()
        yield MiniLive()
        yield Footer(compact=True, show_command_palette=False)

    def panes(self) -> Iterable[Widget]:
        """The panes, in the order of tab."""
        raise NotImplementedError

    def every_pane(self) -> list[Pane]:
        """The panes in the order of tab, those that the layout does not show left out."""
        panes = list(self.query(Pane))
        return panes if self.has_class("-narrow") else [pane for pane in panes if pane.display]

    def on_mount(self) -> None:
        """Begin in the first pane."""
        if panes := self.every_pane():
            begin = next((pane for pane in panes if pane.place == self.first), panes[0])
            self.show_pane(begin)
            begin.enter()

    def on_resize(self) -> None:
        """Go to a pane that is shown, where the new layout leaves out the one that has the focus."""
        self.call_after_refresh(self._leave_hidden)

    def _leave_hidden(self) -> None:
        panes, now = self.every_pane(), self.current_pane()
        if panes and now not in panes:
            self.show_pane(panes[0])
            panes[0].enter()

    def on_pane_entered(self, event: Pane.Entered) -> None:
        """Show the pane that has the focus where only one fits."""
        self.show_pane(event.pane)

    def on_pane_strip_chosen(self, event: PaneStrip.Chosen) -> None:
        """Go to the pane whose name was clicked."""
        pane = self.every_pane()[event.place]
        self.show_pane(pane)
        pane.enter()

    def show_pane(self, pane: Pane) -> None:
        """Mark a pane as the current one."""
        for other in self.query(Pane):
            other.set_class(other is pane, "-current")
        self.query_one(PaneStrip).show([each.title for each in self.every_pane()], pane.title)

    def current_pane(self) -> Pane | None:
        """The pane that has the focus, or had it last."""
        return next((pane for pane in self.query(Pane) if pane.has_class("-current")), None)

    def step_pane(self, step: int) -> None:
        """Give the focus to the next pane or the one before."""
        panes = self.every_pane()
        if not panes:
            return
        now = self.current_pane()
        place = panes.index(now) if now in panes else -1
        target = panes[(place + step) % len(panes)]
        self.show_pane(target)
        target.enter()
