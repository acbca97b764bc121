"""What long work yields: frozen events that survive a trip through JSON; standard library only."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["finished", "stopped", "failed"]
Level = Literal["info", "warning"]


@dataclass(frozen=True, slots=True)
class Progress:
    """``step`` of ``total`` done (total 0 when unknown); ``metrics`` are numbers to show, such as rows a second."""

    step: int
    total: int
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scored:
    """Figures over the first ``n`` of ``total`` rows."""

    n: int
    total: int
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """A better template or better words: its score on ``n`` rows, the best of ``tried``."""

    template: str
    words: Mapping[str, Any]
    score: float
    n: int
    tried: int


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the user."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The end; ``result`` is what the work leaves, in JSON's types."""

    outcome: Outcome
    message: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)


Event = Progress | Scored | Found | Note | Done
KINDS: Mapping[str, type[Event]] = {"progress": Progress, "scored": Scored, "found": Found, "note": Note, "done": Done}


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event with the job that sent it, its number in that job, the time (Unix seconds) and the spec's hash."""

    job: str
    seq: int
    time: float
    spec: str
    event: Event

    def to_json(self) -> str:
        """One line of JSON."""
        kind = next(name for name, cls in KINDS.items() if isinstance(self.event, cls))
        head = {"job": self.job, "seq": self.seq, "time": self.time, "spec": self.spec}
        return json.dumps({**head, "event": kind, **asdict(self.event)}, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> "Envelope":
        """The inverse of ``to_json``; ValueError for a line that is not an event."""
        table = json.loads(line)
        try:
            head = {key: table.pop(key) for key in ("job", "seq", "time", "spec")}
            return cls(**head, event=KINDS[table.pop("event")](**table))
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not an event: {error}") from None
