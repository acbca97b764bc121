"""An engine in the test's own process: its handlers are called one by one, and what they say is kept."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from promptlab.jobs.engine.held import Held
from promptlab.jobs.engine.read import read
from promptlab.jobs.engine.score import score
from promptlab.jobs.wire import Request
from promptlab.model import LanguageModel, ReadoutCache
from promptlab.verbalizer import parse_words, to_table

Heard = Callable[[Mapping[str, Any]], None]
Words = str | dict[str, Any]  # as --words takes them, or a table


THINGS = ("film", "food", "room", "band", "book", "trip", "coat", "play", "game", "song")
JUDGED = {"positive": ("lovely", "great fun", "superb", "so good"), "negative": ("awful", "a bore", "bad", "so weak")}


def write_task(folder: Path) -> Path:
    """A task of short texts: 80 train, 60 dev and 60 test rows, the labels by turns, no text twice."""
    folder.mkdir()
    lines = [
        f"{start} {thing} was {said},{label}"
        for start in ("the", "a", "that")
        for thing in THINGS
        for pair in zip(*JUDGED.values(), strict=True)
        for label, said in zip(JUDGED, pair, strict=True)
    ]
    for name, part in {"train": lines[:80], "dev": lines[80:140], "test": lines[140:200]}.items():
        (folder / f"{name}.csv").write_text("\n".join(["text,label", *part]) + "\n", encoding="utf-8")
    return folder


class AtHand:
    """Requests with growing numbers and revisions; ``events`` are those of the last ``read`` or ``score``."""

    def __init__(self, workspace: Path, task: Path, lm: LanguageModel, cache: ReadoutCache) -> None:
        self.held = Held(workspace)
        self.held.torch_is_here.set()
        self.held.lm, self.held._model = lm, {"name": "embedded"}
        self.held.cache = cache
        self.task: dict[str, Any] = {"reference": str(task)}
        self.template = "{text} It was {mask}."
        self.labels = tuple(JUDGED)
        self.events: list[Mapping[str, Any]] = []
        self.number = self.read_rev = self.score_rev = 0

    def request(self, do: str, **fields: Any) -> Request:
        """The next request, noted as the reader thread notes it."""
        self.number += 1
        made = Request(self.number, do, self.read_rev, self.score_rev, fields)
        self.held.arrived(made)
        return made

    def words(self, text: str) -> dict[str, Any]:
        return to_table(parse_words(text, self.labels))

    def reading(self, words: Words = "positive=good negative=bad", **fields: Any) -> Request:
        """A request for a new reading."""
        self.read_rev += 1
        usual = {"task": self.task, "template": self.template, "model": {"name": "embedded"}, "calibration": None}
        table = {"words": words if isinstance(words, dict) else self.words(words)}
        return self.request("read", **{**usual, **table, **fields})

    def read(self, words: Words = "positive=good negative=bad", hear: Heard | None = None, **fields: Any) -> Any:
        """The figures of a reading; ``hear`` is told each event while it goes on."""
        return self.answer(read, self.reading(words, **fields), hear)["figures"]

    def score(self, words: Words, calibration: str | None = None, **fields: Any) -> Any:
        """The figures under other words; asked as on the answering thread."""
        self.score_rev += 1
        table = words if isinstance(words, dict) else self.words(words)
        request = self.request("score", words=table, calibration=calibration, **fields)
        return score(self.held, request, lambda event: None)["figures"]

    def answer(self, handle: Any, request: Request, hear: Heard | None = None) -> Any:
        """What a handler answers; its events are kept."""
        self.events = []

        def say(event: Mapping[str, Any]) -> None:
            self.events.append(event)
            if hear is not None:
                hear(event)

        return handle(self.held, request, say)

    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events]

    def scored(self) -> list[Mapping[str, Any]]:
        """The figures of the events that brought some."""
        return [event["figures"] for event in self.events if event["kind"] == "scored"]
