"""The threads of the engine together, in the test's own process."""

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from engine_at_hand import AtHand

from promptlab.jobs.engine import dispatch
from promptlab.jobs.engine.dispatch import Dispatcher, Handler
from promptlab.jobs.wire import Reply, Request


class Heard:
    """Replies as they come; ``then`` is told each one on the thread that sent it."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.changed = threading.Condition()
        self.then: Callable[[Reply], object] = lambda reply: None

    def __call__(self, reply: Reply) -> None:
        with self.changed:
            self.replies.append(reply)
            self.changed.notify_all()
        self.then(reply)

    def ends(self) -> list[int]:
        return [reply.id for reply in self.replies if reply.event is None]

    def answer(self, number: int) -> Any:
        with self.changed:
            assert self.changed.wait_for(lambda: number in self.ends(), 60)
            return next(reply for reply in self.replies if reply.id == number and reply.event is None)


def test_an_edit_that_comes_meanwhile_is_answered_before_the_reading_ends(fresh_engine: AtHand) -> None:
    heard, engine = Heard(), fresh_engine
    dispatcher = Dispatcher(engine.held, heard)
    edit = Request(2, "score", 1, 7, {"words": engine.words("positive=fine negative=poor"), "calibration": None})
    whole = Request(3, "score", 1, 8, {"words": engine.words("positive=really good negative=bad"), "calibration": None})

    def change() -> None:
        dispatcher.take(edit)
        heard.answer(2)  # this is the reading thread: the other one answers while it waits
        dispatcher.take(whole)

    heard.then = _once("scored", change)
    dispatcher.start()
    dispatcher.take(engine.reading())
    read, score = heard.answer(1), heard.answer(3)
    assert heard.ends()[0] == 2
    assert heard.answer(2).result["figures"]["n"] == 32 and heard.answer(2).score_rev == 7
    assert read.score_rev == read.result["figures"]["score_rev"] == 8
    assert score.result["figures"]["accuracy"] == read.result["figures"]["accuracy"]


def test_a_newer_reading_ends_the_older_one_and_is_read(fresh_engine: AtHand) -> None:
    heard, engine = Heard(), fresh_engine
    dispatcher = Dispatcher(engine.held, heard)
    first = engine.reading()
    second = replace(first, id=first.id + 1, read_rev=2)
    heard.then = _once("model", lambda: dispatcher.take(second))
    dispatcher.start()
    dispatcher.take(first)
    assert heard.answer(first.id).error["kind"] == "abandoned"
    result = heard.answer(second.id).result
    assert result["figures"]["complete"] and result["figures"]["read_rev"] == second.read_rev


def _once(kind: str, do: Callable[[], object]) -> Callable[[Reply], None]:
    """What does something at the first event of a kind."""
    done: list[int] = []

    def hear(reply: Reply) -> None:
        if (reply.event or {}).get("kind") == kind and not done:
            done.append(reply.id)
            do()

    return hear


def test_what_needs_torch_waits_for_the_reading_thread_and_what_does_not_is_answered(
    engine: AtHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers = {"heavy": Handler("made:where", needs="torch"), "light": Handler("made:where")}
    monkeypatch.setattr(dispatch, "HANDLERS", handlers)
    made = SimpleNamespace(where=lambda *asked: {"on": threading.current_thread().name})
    monkeypatch.setitem(sys.modules, "promptlab.jobs.engine.made", made)
    heard = Heard()
    dispatcher = Dispatcher(engine.held, heard)
    dispatcher.start()
    engine.held.torch_is_here.clear()
    dispatcher.take(Request(1, "heavy"))
    dispatcher.take(Request(2, "light"))
    assert [heard.answer(number).result["on"] for number in (1, 2)] == ["reading", "answering"]
    engine.held.torch_is_here.set()
    dispatcher.take(Request(3, "heavy"))
    assert heard.answer(3).result["on"] == "answering"


@pytest.mark.parametrize("do", sorted(dispatch.HANDLERS))
def test_every_handler_is_there(do: str) -> None:
    module, _, name = dispatch.HANDLERS[do].place.partition(":")
    assert callable(getattr(import_module(f"promptlab.jobs.engine.{module}"), name))
