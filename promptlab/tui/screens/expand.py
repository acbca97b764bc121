"""Expand: more words for a label, from several sources side by side; those ticked become label words as one edit."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual import work
from textual.containers import Container
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from promptlab.errors import ConfigError
from promptlab.text import counted, listed, shorten
from promptlab.tui.expanding import Expansion
from promptlab.tui.panes.expanding_pane import ExpandingPane
from promptlab.tui.panes.found_words import FoundPane
from promptlab.tui.panes.senses import SensesPane
from promptlab.tui.panes.source_words import ModelPane, NeighboursPane
from promptlab.tui.panes.word_lists import ListsPane
from promptlab.tui.panes.words_drawn import label_accuracy
from promptlab.tui.screens.choose import Choice, Choose
from promptlab.tui.screens.mode import Mode
from promptlab.tui.shown import plain

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

# Seconds after the last tick of a sense until the sources are asked again.
_SETTLED = 0.4


class Expand(Mode):
    """``show`` begins with a label; without one, with the first label that has words."""

    mode = "expand"
    title_shown = "Expand"

    def __init__(self) -> None:
        super().__init__()
        self.expansion: Expansion = Expansion(self.desk, self.changed)
        self._timer: Timer | None = None

    def panes(self) -> Iterable[Widget]:
        """Which label, the found words, and the sources."""
        yield Static("", id="of-label", markup=False)
        yield FoundPane()
        with Container(id="sources"):
            yield SensesPane()
            yield NeighboursPane()
            yield ModelPane()
            yield ListsPane()

    def on_mount(self) -> None:
        """Hear of other words and rows from now on."""
        super().on_mount()
        self._stop_listening = self.desk.listen(self._heard)
        self.changed()

    def on_unmount(self) -> None:
        """Hear no more."""
        self._stop_listening()

    def on_screen_resume(self) -> None:
        """Ask for what became old while another mode was shown."""
        self.call_after_refresh(self._catch_up)

    # -- what is asked --------------------------------------------------------------------------------------------

    def show(self, label: str) -> None:
        """Find words for a label; what was found for it before stays where nothing changed."""
        if label != self.expansion.label:
            self._begin(label)
        if self.is_mounted and self.query(FoundPane):
            self._catch_up()

    def look(self) -> None:
        """Ask the sources, and WordNet for senses."""
        if self.expansion.label is not None:
            self._look()

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look(self) -> None:
        await self.expansion.look()
        self._ask_effects()

    def _begin(self, label: str | None) -> None:
        for group in ("look", "effects"):
            self.workers.cancel_group(self, group)
        self.expansion.begin(label)
        self.changed()

    def _catch_up(self) -> None:
        words = self.desk.session.words
        if not self.is_current or words is None or self.desk.task is None:
            return
        if self.expansion.label not in words.labels:
            self._begin(next((label for label in words.labels if words.active(label)), words.labels[0]))
        if not self.expansion.is_looked:
            self.look()
        else:
            self._ask_effects()
        self.changed()

    @work(exclusive=True, group="effects", exit_on_error=False)
    async def _ask_effects(self) -> None:
        await self.expansion.ask_effects(self.query_one(FoundPane).on_screen)

    def _heard(self, topic: "Topic") -> None:
        expansion = self.expansion
        if topic == "task":
            self._begin(None)
        elif topic in ("words", "template", "rows", "model") and expansion.label is not None:
            expansion.forget_effects()
        elif topic == "figures" and expansion.label is not None and self.desk.live.is_complete(self.desk.session):
            self._all_read()
        if topic in ("task", "words", "figures") and self.is_current and self.desk.is_current:
            self._soon()

    def _all_read(self) -> None:
        """Every row is read: effects and the model's own words that were of fewer rows are old."""
        expansion, figures = self.expansion, self.desk.live.figures
        if figures is not None and expansion.n not in (None, figures["n"]):
            expansion.forget_effects()
        if expansion.is_early:
            expansion.is_early = False
            if expansion.found.ticks:
                self.query_one(FoundPane).say("All rows are read now: f asks the sources again.")
            else:
                expansion.asked = None

    def _soon(self) -> None:
        """Catch up once nothing changes any more."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_SETTLED, self._catch_up)

    # -- what is shown --------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Show the expansion as it is."""
        if not self.is_mounted or not self.query("#of-label"):
            return
        for pane in self.query(ExpandingPane):
            if pane.is_mounted:
                pane.changed()
        self.query_one("#of-label", Static).update(plain(self._of_label()))

    def _of_label(self) -> str:
        label = self.expansion.label
        if label is None:
            return "No table is open. Press ctrl+o to open one." if self.desk.task is None else "No label."
        seeds = listed((shorten(seed, 30) for seed in self.expansion.seeds), most=12)
        right = label_accuracy(label, self.desk.live.figures, is_current=self.desk.is_current)
        return f"{shorten(label, 40)}: {seeds or 'no words yet'}{right}"

    # -- messages -------------------------------------------------------------------------------------------------

    def on_found_pane_accept(self, event: FoundPane.Accept) -> None:
        """Add the ticked words and go back to where the accuracy is."""
        try:
            count = self.expansion.accept()
        except ConfigError as error:
            self.query_one(FoundPane).say(str(error))
            return
        label = shorten(self.expansion.label or "", 40)
        self.desk.say(f"{counted(count, 'word')} added to {label}. u in Words takes the edit back.")
        self.app.switch_mode("workbench")

    def on_found_pane_other_label(self, event: FoundPane.OtherLabel) -> None:
        """Choose the label."""
        labels = [Choice(label, shorten(label, 60)) for label in self.desk.labels]
        if labels:
            self.app.push_screen(Choose("Find words for", labels, self.expansion.label or ""), self._label_chosen)

    def _label_chosen(self, label: str | None) -> None:
        if label is not None:
            self.show(label)

    def on_found_pane_brought_back(self, event: FoundPane.BroughtBack) -> None:
        """Ask for its effect."""
        self._ask_effects()

    def on_senses_pane_chosen(self, event: SensesPane.Chosen) -> None:
        """Look again once no more is ticked."""
        self._soon()

    def on_lists_pane_named(self, event: ListsPane.Named) -> None:
        """Look in the files too."""
        self._catch_up()
