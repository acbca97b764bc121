"""A reading as the engine holds it, made without its threads, and handlers asked of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptlab.jobs.engine.held import Handle, Held
from promptlab.jobs.engine.live import Chunk, Reading
from promptlab.jobs.engine.live_rows import choose_live
from promptlab.jobs.wire import Request
from promptlab.model import LanguageModel
from promptlab.task.rows import pick
from promptlab.template import Template
from promptlab.verbalizer import from_table

REVIEWS = {"reference": "reviews"}
WORDS: dict[str, Any] = {"words": {"negative": ["terrible", "bad"], "positive": ["great"]}}


@dataclass
class Asked:
    """Handlers asked of what is held; ``said`` keeps the events of the last one."""

    held: Held
    said: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, handler: Handle, **fields: Any) -> dict[str, Any]:
        self.said = []
        answer = handler(
            self.held, Request(7, handler.__name__, 1, 1, fields), lambda event: self.said.append(dict(event))
        )
        json.dumps([answer, self.said], allow_nan=False)  # JSON's types, and finite numbers alone
        return answer

    @property
    def reading(self) -> Reading:
        assert self.held.reading is not None
        return self.held.reading


def begun(
    lm: LanguageModel | None,
    folder: Path,
    *,
    template: str = "{text} It was {mask}.",
    task: Mapping[str, Any] = REVIEWS,
    rows: int | None = None,
    truncate: Any = "tail",
    which: Any = "live",
) -> Asked:
    """A reading of a task's live rows, the first ``rows`` of its order read; without a model it is being loaded."""
    held = Held(folder)
    opened = held.task(task)
    live = choose_live(opened, which)
    reading = Reading(
        1,
        opened,
        task,
        live,
        Template.parse(template, truncate=truncate),
        words=from_table(WORDS, where="test"),
        score_rev=1,
        seed=13,
    )
    held.reading = reading
    if lm is not None:
        held.lm = lm
        reading.begin(lm)
        read_more(reading, len(live.rows) if rows is None else rows)
    return Asked(held)


def read_more(reading: Reading, rows: int) -> None:
    """Read the next rows of a reading's order."""
    done = reading.read
    places = list(reading.live.order[done : done + rows])
    if places:
        examples = list(pick(reading.rows, places))
        reading.add(Chunk(places, examples), list(reading.lm.read(reading.template, examples)))
