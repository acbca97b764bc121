"""Ensemble: several templates and label words as one classifier, against each of them alone."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.disagreements import DisagreementsPane
from promptlab.tui.panes.members import MembersPane
from promptlab.tui.panes.together import TogetherPane
from promptlab.tui.screens.mode import Mode
from promptlab.tui.state.candidates import candidates
from promptlab.tui.state.team import Team
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.desk import Topic

# Seconds without another tick until the engine is asked.
SETTLED = 0.15
_WAITING = "The live rows are still being read; members are combined once that is done."
_CHANGES = ("task", "template", "words", "rows", "model")


class Ensemble(Mode):
    """Members on the left; what they are together, and where they disagree, on the right."""

    mode = "ensemble"
    title_shown = "Ensemble"
    place: ClassVar[str] = "ensemble"
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("ensemble.save", "ctrl+s", "save_ensemble", "Save", "Save the ensemble as a bundle.", True)
    )

    def __init__(self) -> None:
        super().__init__()
        self.team = Team()
        self.answer: Mapping[str, Any] | None = None
        self.said = ""
        self._answered: tuple[object, ...] = ()  # what the answer is of
        self._is_asking = False
        self._stop: Callable[[], None] | None = None

    def panes(self) -> Iterable[Widget]:
        """Members; together and disagreements."""
        yield MembersPane()
        with Vertical(id="right"):
            yield TogetherPane()
            yield DisagreementsPane()

    def on_mount(self) -> None:
        """Hear of changes from now on."""
        self._stop = self.desk.listen(self.heard)

    def on_unmount(self) -> None:
        """Hear no more."""
        if self._stop is not None:
            self._stop()

    def on_screen_resume(self) -> None:
        """The workbench's prompt may be another one by now."""
        work(self, "candidates", self._look)

    def on_screen_suspend(self) -> None:
        """What nobody looks at is not read."""
        self._abandon()

    def heard(self, topic: "Topic") -> None:
        """Say that the number is old; look again where that is seen."""
        if topic in _CHANGES:
            self._show()
            if self.is_current:
                work(self, "candidates", self._look)
        elif topic == "figures" and self.is_current and self.said == _WAITING:
            self._ask_again()

    # -- asking ---------------------------------------------------------------------------------------------------

    @property
    def is_answered(self) -> bool:
        """Whether the answer is of the team and the session as they stand."""
        return self.answer is not None and self._answered == self._wanted()

    def _wanted(self) -> tuple[object, ...]:
        session = self.desk.session
        return (session.read_rev, session.score_rev, self.team.members, repr(self.team.asked()))

    async def _look(self) -> None:
        """Find what fits the open table, in a thread, and combine what is ticked of it."""
        desk = self.desk
        found = await asyncio.to_thread(
            candidates,
            desk.session,
            kind=desk.task["kind"] if desk.task is not None else None,
            fields=desk.fields,
            folder=Path(),
        )
        if desk.task is None:
            found, self.answer = (), None
        self.team = self.team.with_candidates(found)
        self.query_one(MembersPane).show(self.team)
        self._ask_again()

    def on_members_pane_changed(self, event: MembersPane.Changed) -> None:
        """Combine the members as they are now."""
        self.team = event.team
        self._ask_again()

    def _ask_again(self) -> None:
        if self.is_answered:
            self._show()
        elif not self.team.is_enough or self.desk.task is None:
            self._abandon()
            self.answer, self.said = None, ""
            self._show()
        else:
            work(self, "ask", self._ask)

    def _abandon(self) -> None:
        """End what is being read for members."""
        self.workers.cancel_group(self, "ask")
        if self._is_asking:
            self._is_asking = False
            self.desk.engine.tell("abandon")

    async def _ask(self) -> None:
        self._say("◌ combining …")
        await asyncio.sleep(SETTLED)
        wanted, self._is_asking = self._wanted(), True
        try:
            answer = await self.desk.ask("ensemble", on_event=self._on_event, **self.team.asked())
        except EngineGone as error:
            return self._ended(f"✗ {error} Press ctrl+r to start it again.")
        except EngineError as error:
            if error.kind == "abandoned":
                return self._ended("")
            what = " ".join(filter(None, (f"✗ {error.what}", error.remedy)))
            return self._ended(_WAITING if error.kind == "unread" else what)
        self.answer, self._answered = answer, wanted
        self._ended("")

    def _on_event(self, event: Mapping[str, Any], read_rev: int, score_rev: int) -> None:
        if event["kind"] == "progress":
            self._say(f"▶ reading {event['done']:,} of {event['total']:,} rows of members that were not read yet")
        elif event["kind"] == "phase":
            self._say(f"▶ {event['text']}")

    def _ended(self, said: str) -> None:
        self._is_asking = False
        self._say(said)

    def _say(self, said: str) -> None:
        self.said = said
        self._show()

    def _show(self) -> None:
        if not self.query(DisagreementsPane):
            return
        is_current = self.is_answered
        self.query_one(MembersPane).show_answer(self.answer, is_current=is_current, said=self.said)
        self.query_one(TogetherPane).show(self.answer, is_current=is_current, said=self.said)
        self.query_one(DisagreementsPane).show(self.answer, is_current=is_current)

    # -- what is asked of the screen ------------------------------------------------------------------------------

    def on_disagreements_pane_opened(self, event: DisagreementsPane.Opened) -> None:
        """Open the row on the data screen."""
        cast("PromptlabApp", self.app).show_rows({"ids": [event.row]})

    def action_save_ensemble(self) -> None:
        """Ask for a folder and save the ensemble there."""
        if not self.team.is_enough:
            self.desk.say("Tick two or more members with space first.", "warning")
            return
        from promptlab.tui.screens.save_ensemble import SaveEnsemble

        self.app.push_screen(SaveEnsemble(self.team.asked()))
