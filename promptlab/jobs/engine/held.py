"""Held: what the engine keeps between requests: tables, the model, the newest reading, the baseline."""

import gc
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from promptlab.jobs.wire import Refused, Request

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Reading
    from promptlab.model import LanguageModel
    from promptlab.model.language_model import ReadoutStore
    from promptlab.results import Scores
    from promptlab.task import Task

Say = Callable[[Mapping[str, Any]], None]
Handle = Callable[["Held", Request, Say], dict[str, Any]]


class Abandoned(Refused):
    """A newer reading came, newer words came, or the application abandoned what was being read."""

    kind: ClassVar[str] = "abandoned"


class Unread(Refused):
    """What is asked for has to be read first."""

    kind: ClassVar[str] = "unread"


class NeedsModel(Exception):
    """Raised on the answering thread: the request goes on with ``then`` on the reading thread."""

    def __init__(self, then: Handle) -> None:
        super().__init__()
        self.then = then


@dataclass(frozen=True, eq=False)
class Baseline:
    """The pinned evaluation: its name, scores, figures, and ``about``, what it was made with (dtype, split)."""

    name: str
    scores: "Scores"
    figures: Mapping[str, Any]
    fingerprint: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)


class Held:
    """What the threads of the engine share.

    ``cache`` and ``load`` are for the reading thread alone. ``serve_others`` answers what waits for the reading thread,
    but for another ``read``; whoever reads for long calls it between batches. ``torch_is_here`` is set once the model
    room is imported, ``threads`` is then how many of them torch takes by itself.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.lm: LanguageModel | None = None
        self.reading: Reading | None = None
        self.baseline: Baseline | None = None
        self.torch_is_here = threading.Event()
        self.threads = 0
        self.serve_others: Callable[[], None] = lambda: None
        self._tasks: dict[str, Task] = {}
        self._model: Mapping[str, Any] | None = None
        self._lock = threading.Lock()
        self._newest_read = self._newest_abandon = self._newest_ensemble = 0
        self._newest_score: Request | None = None

    @cached_property
    def cache(self) -> "ReadoutStore":
        """The user's cache of readouts."""
        from promptlab.model import ReadoutCache

        return ReadoutCache.on_disk()

    def task(self, table: Mapping[str, Any], *, again: bool = False) -> "Task":
        """The task of a request's table, opened once; ``again`` opens it anew. Raises DataError and ConfigError."""
        from promptlab.task import load_task, parse_labels

        key = json.dumps(table, sort_keys=True)
        with self._lock:
            if again or key not in self._tasks:
                self._tasks.pop(key, None)
                labels = table.get("labels")
                self._tasks[key] = load_task(
                    table["reference"],
                    text=table.get("text") or None,
                    label=table.get("label") or None,
                    labels=parse_labels(labels) if labels else None,
                    encoding=table.get("encoding") or None,
                )
            return self._tasks[key]

    def load(self, table: Mapping[str, Any], say: Say) -> "LanguageModel":
        """The model of a request's table, kept while the table stays the same; says its phases and what it is.

        Raises ModelError and ConfigError; then no model is held.
        """
        from promptlab.jobs.engine.loading import load, load_torch, say_model

        load_torch(self, say)
        wanted = {key: value for key, value in table.items() if value not in (None, "", "auto", False)}
        if self.lm is None or self._model != wanted:
            self.lm = self._model = None
            gc.collect()  # the old model is let go before the new one takes its memory
            self.lm, self._model = load(self, wanted, say), wanted
        say_model(self.lm, say)
        return self.lm

    def current(self, request: Request) -> "Reading":
        """The reading that a request is about; raises Unread when another one is held, or none."""
        reading = self.reading
        if reading is None or reading.read_rev != request.read_rev:
            raise Unread("These rows have not been read yet.")
        return reading

    def arrived(self, request: Request) -> None:
        """Called on the reader thread, for each request: a newer reading, or ``abandon``, ends older ones."""
        if request.do == "score":
            self._newest_score = request
        elif request.do == "read":
            self._newest_read = request.id
        elif request.do == "abandon":
            self._newest_abandon = request.id
        elif request.do == "ensemble":
            self._newest_ensemble = request.id

    @property
    def newest_score(self) -> int:
        """The number of the newest request for a score, 0 before there is one."""
        return self._newest_score.id if self._newest_score is not None else 0

    def newest_words(self, request: Request) -> Request:
        """The request with the newest words for a reading: its own, or a score that came before it began."""
        score = self._newest_score
        is_newer = score is not None and score.read_rev == request.read_rev and score.score_rev > request.score_rev
        return score if score is not None and is_newer else request

    def check_abandoned(self, request: Request) -> None:
        """Raises Abandoned when a newer reading, or ``abandon``, came after the request, and of two ensembles for the
        older one.
        """
        if request.do == "ensemble" and self._newest_ensemble > request.id:
            raise Abandoned("A newer ensemble was asked for.")
        if request.id and max(self._newest_read, self._newest_abandon) > request.id:
            raise Abandoned("A newer reading came." if self._newest_read > request.id else "The reading was abandoned.")
