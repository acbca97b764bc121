"""Live: what the engine last said about the session, and whether that is still about what stands in the editors."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from promptlab.tui.state.session import Session

Figures = Mapping[str, Any]  # the engine's figures, as the protocol has them
Phase = Literal["idle", "waiting", "loading", "reading", "done", "failed", "stopped"]
MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class Point:
    """One complete evaluation of the session's history: what it was called and how accurate it was."""

    accuracy: float
    n: int
    name: str
    read_rev: int
    score_rev: int


@dataclass(frozen=True)
class Live:
    """Figures with the revisions that they belong to, the phase of the reading in words, and the history.

    ``baseline`` is the name of what was pinned with its figures. ``failure`` says why there are no figures, as the
    engine's error: ``what`` and ``remedy``. ``kept`` is the number under which the store holds the evaluation.
    """

    figures: Figures | None = None
    read_rev: int = -1
    score_rev: int = -1
    phase: Phase = "idle"
    said: str = ""
    done: int = 0
    total: int = 0
    rate: float | None = None
    model: Mapping[str, Any] | None = None
    baseline: tuple[str, Figures] | None = None
    failure: Mapping[str, Any] | None = None
    history: tuple[Point, ...] = ()
    kept: int | None = None
    notes: tuple[str, ...] = ()

    def is_current(self, session: Session) -> bool:
        """Whether the figures are about the template, words, data and model that stand in the session."""
        revisions = (self.read_rev, self.score_rev)
        return self.figures is not None and revisions == (session.read_rev, session.score_rev)

    def is_complete(self, session: Session) -> bool:
        """Whether the figures are current and over all the rows."""
        return self.is_current(session) and self.figures is not None and bool(self.figures["complete"])

    def with_figures(self, figures: Figures, *, name: str) -> "Live":
        """Newer figures; older ones than those that stand there change nothing."""
        read_rev, score_rev = figures["read_rev"], figures["score_rev"]
        if (read_rev, score_rev) < (self.read_rev, self.score_rev):
            return self
        is_same = (read_rev, score_rev) == (self.read_rev, self.score_rev)
        history = self.history
        if figures["complete"] and not (
            history and (history[-1].read_rev, history[-1].score_rev) == (read_rev, score_rev)
        ):
            point = Point(figures["accuracy"], figures["n"], name, read_rev, score_rev)
            history = (*history, point)[-MOST_POINTS:]
        return replace(
            self,
            figures=figures,
            read_rev=read_rev,
            score_rev=score_rev,
            history=history,
            failure=None,
            kept=self.kept if is_same else None,
        )
