"""Dispatch: which function answers a request, and on which thread."""

import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, NamedTuple

from promptlab.jobs.engine.held import Handle, Held, NeedsModel, Say
from promptlab.jobs.engine.loading import compute_alone, warm, warm_figures
from promptlab.jobs.wire import Reply, Request, error_of

Thread = Literal["answering", "reading", "aside"]
Needs = Literal["", "torch", "reading"]
Send = Callable[[Reply], None]


class Handler(NamedTuple):
    """``module:function`` in this package, the thread it is asked on, and what must be there before.

    What takes seconds and does not call the model goes "aside", where it stands neither behind a reading nor in front
    of edits. A handler that needs "torch" goes to the reading thread while torch is not imported yet, so that nothing
    light waits behind the import. One that needs a "reading" is refused (Unread) unless the request's own is held,
    before its module is imported.
    """

    place: str
    thread: Thread = "answering"
    needs: Needs = ""


HANDLERS: Mapping[str, Handler] = {
    "guess": Handler("guess:guess"),
    "describe": Handler("describe:describe", "aside", "torch"),
    "parse": Handler("parse:parse"),
    "load": Handler("load:load", "reading"),
    "read": Handler("read:read", "reading"),
    "abandon": Handler("abandon:abandon"),
    "score": Handler("score:score", needs="reading"),
    "pin": Handler("pin:pin"),
    "unpin": Handler("pin:unpin"),
    "words": Handler("words:words", needs="reading"),
    "what_if": Handler("words:what_if", needs="reading"),
    "row": Handler("rows:row", needs="reading"),
    "page": Handler("pages:page"),
    "senses": Handler("senses:senses", "aside"),
    "expand": Handler("expand:expand", "aside", needs="torch"),
    "check": Handler("checks:check", "aside"),
    "runs": Handler("runs:runs"),
    "save": Handler("save:save", needs="torch"),
    "bundle": Handler("bundles:bundle"),
    "ensemble": Handler("ensemble:ensemble", needs="reading"),
}


@dataclass(frozen=True, slots=True)
class Job:
    """A request that waits for a thread, and the function that answers it there (None: the handler's own)."""

    request: Request
    then: Handle | None = None


class Line:
    """Jobs that wait for one thread, first come first served."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()

    def put(self, job: Job) -> None:
        """Add a job."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    def take(self) -> Job:
        """The next job; waits for one."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs)
            return self._jobs.popleft()

    def take_before_read(self) -> Job | None:
        """The next job, unless there is none or it is another reading."""
        with self._changed:
            return self._jobs.popleft() if self._jobs and self._jobs[0].request.do != "read" else None


class Dispatcher:
    """Threads and what waits for each; ``send`` writes a line."""

    def __init__(self, held: Held, send: Send) -> None:
        self.held, self._send = held, send
        self._lines: Mapping[Thread, Line] = {"answering": Line(), "reading": Line(), "aside": Line()}
        self._warmed: set[str] = set()
        held.serve_others = self._serve_others

    def start(self) -> None:
        """Start the threads: two aside, as a search for neighbours must not keep the senses of a word waiting."""
        for name in (*self._lines, "aside"):
            threading.Thread(target=self._work, args=(name, self._lines[name]), name=name, daemon=True).start()

    def take(self, request: Request) -> None:
        """A request came; called on the reader thread."""
        self.held.arrived(request)
        handler = HANDLERS.get(request.do)
        thread: Thread = "answering" if handler is None else handler.thread
        if handler is not None and handler.needs == "torch" and not self.held.torch_is_here.is_set():
            thread = "reading"
        self._lines[thread].put(Job(request))

    def _work(self, name: Thread, line: Line) -> None:
        has_threads = name == "reading"
        while True:
            job = line.take()
            if not has_threads and self.held.torch_is_here.is_set():
                compute_alone()
                has_threads = True
            self._answer(job)

    def _serve_others(self) -> None:
        while (job := self._lines["reading"].take_before_read()) is not None:
            self._answer(job)

    def _answer(self, job: Job) -> None:
        request = job.request
        try:
            result = (job.then or _handle_of(self.held, request))(self.held, request, self._say_for(request))
        except NeedsModel as need:
            self._lines["reading"].put(Job(request, need.then))
            return
        except Exception as error:
            table = error_of(error)
            if table["kind"] == "ours":
                traceback.print_exc(file=sys.stderr)
            self._reply(request, error=table)
        else:
            self._reply(request, result=result)
        self._warm_up(request)

    def _warm_up(self, request: Request) -> None:
        """Once the first table is shown, import what reads; after the first reading, what comparisons are made with."""
        if request.do in _WARM and request.do not in self._warmed:
            self._warmed.add(request.do)
            thread, work = _WARM[request.do]
            self._lines[thread].put(Job(Request(0, "warm"), work))

    def _say_for(self, request: Request) -> Say:
        return lambda event: self._reply(request, event=event)

    def _reply(self, request: Request, **said: Mapping[str, Any]) -> None:
        """Send one line; figures are sent under the revision of the words that they were made with."""
        if request.id == 0 and "event" not in said:
            return
        (table,) = said.values()
        figures = table.get("figures")
        score_rev = figures["score_rev"] if isinstance(figures, Mapping) else request.score_rev
        self._send(Reply(request.id, request.read_rev, score_rev, **said))


def _handle_of(held: Held, request: Request) -> Handle:
    handler = HANDLERS.get(request.do)
    if handler is None:
        raise LookupError(f"The engine does not know how to {request.do!r}.")
    if handler.needs == "reading":
        held.current(request)
    module, _, name = handler.place.partition(":")
    found: Handle = getattr(import_module(f"promptlab.jobs.engine.{module}"), name)
    return found


def _warm_reading(held: Held, request: Request, say: Say) -> dict[str, Any]:
    warm(held)
    return {}


def _warm_figures(held: Held, request: Request, say: Say) -> dict[str, Any]:
    warm_figures()
    return {}


# After the first of these requests: the thread, and what it does while nothing is asked for.
_WARM: Mapping[str, tuple[Thread, Handle]] = {"guess": ("reading", _warm_reading), "read": ("aside", _warm_figures)}
