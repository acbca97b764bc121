"""Reading: the desk's session read and scored by the engine; its answers become the desk's ``live``."""

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptlab.jobs.client import EngineError, EngineGone, EngineState
from promptlab.tui.state.session import Session

if TYPE_CHECKING:
    from promptlab.tui.desk import Desk

# Seconds after which an evaluation that nobody changed is kept.
KEPT_AFTER = 2.0
# Errors that say no more than that something newer is under way.
_OVERTAKEN = ("abandoned", "unread")


class Reading:
    """Asks for readings and scores of a desk's session and shows what comes, never what belongs to older revisions."""

    def __init__(self, desk: "Desk") -> None:
        self.desk = desk

    def read_soon(self, seconds: float) -> None:
        """Read the session's rows after a pause in which nothing else is edited; abandon what is being read."""
        self._set(phase="waiting", said="")
        if self.desk.can_read:
            self.desk.hearing.later("read", seconds, lambda: self.desk.hearing.spawn(self._read()))
        else:
            self.desk.engine.tell("abandon")

    def score_now(self) -> None:
        """Score the words as they stand, on the rows that were read."""
        if not self.desk.can_read:
            self.desk.hearing.tell("phase")
        elif self.desk.live.phase in ("idle", "waiting", "stopped", "failed"):
            self.read_soon(0)
        else:
            self.desk.hearing.spawn(self._score())

    async def restart(self) -> None:
        """Start the engine again and read what stands in the editors."""
        desk = self.desk
        await desk.engine.restart()
        desk.session = desk.session.reading()
        if desk.session.task is not None:
            with suppress(EngineError, EngineGone):
                desk.task = await desk.engine.ask("guess", task=desk.session.task.table())
        self.read_soon(0)

    async def pin(self, *, run: int | None = None) -> None:
        """Make the evaluation as it stands, or a stored run, the baseline; EngineError when it is not complete."""
        desk = self.desk
        stored: dict[str, Any] = {} if run is None else {"run": run}
        pinned = await desk.ask("pin", name=desk.name, **stored)
        desk.live = replace(desk.live, baseline=(pinned["name"], pinned["figures"]))
        desk.hearing.tell("baseline")
        if run is not None and desk.live.phase == "done":
            self.score_now()  # the difference to it

    async def keep(self, *, pinned: bool = False) -> int:
        """Keep the complete evaluation in the store and return its number; raises EngineError."""
        desk = self.desk
        revisions = (desk.session.read_rev, desk.session.score_rev)
        saved = await desk.ask("save", what="run", pinned=pinned, name=desk.name, **desk.names())
        if revisions == (desk.session.read_rev, desk.session.score_rev):
            desk.live = replace(desk.live, kept=saved["run"])
        desk.hearing.tell("saved")
        return int(saved["run"])

    def engine_changed(self, state: EngineState) -> None:
        """The engine started, is ready, or is gone."""
        if state.name == "stopped":
            self._set(phase="stopped", said=state.sentence, model=None, baseline=None)
        self.desk.hearing.tell("engine")

    async def _read(self) -> None:
        desk, session = self.desk, self.desk.session
        phase = "loading" if desk.live.model is None else "reading"
        self._set(phase=phase, said="", done=0, total=0, failure=None)
        fields = {**desk.prompt(), **desk.scoring(), "model": session.model.table(), "rows": session.rows}
        revisions = {"read_rev": session.read_rev, "score_rev": session.score_rev}
        answer = desk.engine.ask("read", on_event=self._on_event, **revisions, **fields)
        if await self._show(answer, session):
            self._set(phase="done", said="")

    async def _score(self) -> None:
        answer = self.desk.ask("score", on_event=self._on_event, **self.desk.scoring())
        shown = await self._show(answer, self.desk.session)
        if shown and self.desk.live.phase == "reading" and self.desk.live.is_complete(self.desk.session):
            self._set(phase="done", said="")  # what had to be read for these words is read

    async def _show(self, answer: Awaitable[Mapping[str, Any]], session: Session) -> bool:
        """Show the figures of an answer, or why there are none; whether the session is still read as it was asked."""
        try:
            result = await answer
        except EngineGone:
            return False  # engine_changed has said so
        except EngineError as error:
            if error.kind not in _OVERTAKEN and session.read_rev == self.desk.session.read_rev:
                failure = {"what": error.what, "where": error.where, "remedy": error.remedy, "kind": error.kind}
                self._set(phase="failed", failure=failure)
            return False
        self._figured(result["figures"])
        return session.read_rev == self.desk.session.read_rev

    def _on_event(self, event: Mapping[str, Any], read_rev: int, score_rev: int) -> None:
        if read_rev != self.desk.session.read_rev:
            return
        match event["kind"]:
            case "scored":
                self._figured(event["figures"], soon=True)
            case "progress":
                self._progressed(phase="reading", done=event["done"], total=event["total"], rate=event.get("rate"))
            case "download":
                self._progressed(phase="loading", done=event["done"], total=event["total"], said="downloading")
            case "model":
                self._set(model=event)
                self.desk.hearing.tell("model")
            case "phase":
                is_loading = "load" in event["text"]
                self._set(phase="loading" if is_loading else "reading", said=event["text"])
            case "note":
                self.desk.live = replace(self.desk.live, notes=(*self.desk.live.notes, event["text"])[-20:])
                self.desk.say(event["text"], "warning" if event.get("level") == "warning" else "information")

    def _figured(self, figures: Mapping[str, Any], *, soon: bool = False) -> None:
        desk = self.desk
        if not figures["n"] or figures["read_rev"] != desk.session.read_rev:
            return
        was_complete = desk.live.is_complete(desk.session)
        desk.live = desk.live.with_figures(figures, name=desk.name)
        is_complete = desk.live.is_complete(desk.session)
        if soon and not is_complete:
            desk.hearing.tell_soon("figures")
        else:
            desk.hearing.tell("figures")
        if is_complete and not was_complete:
            if desk.live.baseline is None:
                desk.hearing.spawn(self._pin_first())
            desk.hearing.later("keep", KEPT_AFTER, lambda: desk.hearing.spawn(self._keep()))

    async def _pin_first(self) -> None:
        with suppress(EngineError, EngineGone):
            await self.pin()

    async def _keep(self) -> None:
        if self.desk.live.kept is None and self.desk.live.is_complete(self.desk.session):
            with suppress(EngineGone):
                await self.keep()

    def _progressed(self, **changes: Any) -> None:
        self.desk.live = replace(self.desk.live, **changes)
        self.desk.hearing.tell_soon("phase")

    def _set(self, **changes: Any) -> None:
        self.desk.live = replace(self.desk.live, **changes)
        self.desk.hearing.tell("phase")
