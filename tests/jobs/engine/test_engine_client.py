import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from test_engine_process import patched

from promptlab.jobs import client as module
from promptlab.jobs.client import EngineClient, EngineError, EngineGone, EngineState

HEAVY = {"torch", "numpy", "transformers", "pyarrow", "nltk", "textual", "sklearn", "scipy", "tokenizers"}
# Handlers that no engine should have.
ODD = """
import ctypes, os, signal, time
def stuck(held, request, say):
    say({"kind": "note", "level": "info", "text": "stuck"})
    ctypes.PyDLL(None).sleep(60)  # a call into C that keeps the interpreter's lock
    return {}
def leave(held, request, say):
    os.write(2, b"something went wrong\\n")
    os._exit(3)
def many(held, request, say):
    for number in range(request.fields["count"]):
        say({"kind": "note", "level": "info", "text": str(number)})
        time.sleep(request.fields["pause"])
    return {"sent": number + 1}
"""
Start = Callable[..., Awaitable[EngineClient]]


@pytest.fixture
async def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    begun: list[EngineClient] = []

    async def begin(*, odd: bool = False, **heard: Any) -> EngineClient:
        if odd:
            monkeypatch.setattr(module, "_PROGRAM", patched(tmp_path, ODD, "stuck", "leave", "many"))
        begun.append(EngineClient(tmp_path / "workspace", **heard))
        await begun[-1].start()
        return begun[-1]

    yield begin
    for client in begun:
        await client.stop()


def test_the_client_brings_in_nothing_heavy() -> None:
    code = "import promptlab.jobs.client, sys; print(*sorted(name.split('.')[0] for name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) & HEAVY == set()


async def test_a_question_is_answered_and_an_error_raised(start: Start) -> None:
    states: list[EngineState] = []
    client = await start(on_state=states.append)
    assert (await client.ask("guess", task={"reference": "sample"}))["name"] == "reviews"
    with pytest.raises(EngineError, match="nowhere") as refusal:
        await client.ask("guess", task={"reference": "nowhere.csv"})
    assert refusal.value.kind == "data" and str(refusal.value) == refusal.value.what
    with pytest.raises(EngineError) as refusal:
        await client.ask("score", read_rev=4, words={})
    assert refusal.value.kind == "unread"
    assert [state.name for state in states] == ["starting", "starting", "ready"]
    assert client.state.pid == states[-1].pid is not None


async def test_a_reading_streams_its_events_with_their_revisions(start: Start) -> None:
    client, heard = await start(), []
    words = {"words": {"negative": ["bad"], "positive": ["good"]}}
    result = await client.ask(
        "read",
        read_rev=2,
        score_rev=5,
        on_event=lambda event, read_rev, score_rev: heard.append((event["kind"], read_rev, score_rev)),
        task={"reference": "sample"},
        model={"name": "embedded", "dtype": "float32"},
        template="{text} It was {mask}.",
        truncate="tail",
        words=words,
        calibration=None,
        rows="live",
    )
    kinds = [kind for kind, _, _ in heard]
    assert result["figures"]["n"] == 60 and result["figures"]["complete"]
    assert kinds.index("phase") < kinds.index("model") < kinds.index("scored")
    assert {(read_rev, score_rev) for _, read_rev, score_rev in heard} == {(2, 5)}
    again = await client.ask("score", read_rev=2, score_rev=6, words=words, calibration=None)
    assert again["figures"]["accuracy"] == result["figures"]["accuracy"]


async def test_a_killed_engine_is_said_in_a_sentence_and_can_be_started_again(start: Start) -> None:
    client, begun = await start(odd=True), asyncio.Event()
    waiting = asyncio.create_task(client.ask("many", count=10_000, pause=0.01, on_event=lambda *event: begun.set()))
    await begun.wait()
    assert client.state.pid is not None
    os.kill(client.state.pid, signal.SIGKILL)
    with pytest.raises(EngineGone, match=r"^The engine was killed \(signal 9\), probably because memory ran out\.$"):
        await waiting
    assert client.state.name == "stopped" and "signal 9" in client.state.sentence
    with pytest.raises(EngineGone, match="signal 9"):
        await client.ask("guess", task={"reference": "sample"})
    client.tell("abandon")  # nothing happens
    await client.restart()
    assert (await client.ask("guess", task={"reference": "sample"}))["name"] == "reviews"


async def test_an_engine_that_leaves_is_said_with_the_last_line_of_its_log(start: Start) -> None:
    client = await start(odd=True)
    with pytest.raises(EngineGone, match=r"^The engine stopped \(exit code 3\): something went wrong$"):
        await client.ask("leave")


async def test_a_handler_that_keeps_the_interpreters_lock_does_not_keep_the_engine_alive(start: Start) -> None:
    client, stuck = await start(odd=True), asyncio.Event()
    waiting = asyncio.create_task(client.ask("stuck", on_event=lambda *event: stuck.set()))
    await stuck.wait()
    began = time.monotonic()
    await client.stop()
    assert time.monotonic() - began < 3
    with pytest.raises(EngineGone):
        await waiting
    assert client.state.name == "off"


async def test_an_idle_engine_stops_at_once_and_twice_is_once(start: Start) -> None:
    client = await start()
    began = time.monotonic()
    await client.stop()
    await client.stop()
    assert time.monotonic() - began < 1 and client.state.name == "off"


async def test_two_hundred_events_a_second_all_arrive_and_the_loop_stays_free(start: Start) -> None:
    client, heard, longest = await start(odd=True), [], 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            await asyncio.sleep(0)
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    result = await client.ask("many", count=400, pause=0.005, on_event=lambda event, *_: heard.append(event["text"]))
    watching.cancel()
    assert heard == [str(number) for number in range(400)] and result == {"sent": 400}
    assert longest < 0.25


async def test_an_error_in_what_hears_events_is_told_to_the_loop_and_the_answer_still_comes(start: Start) -> None:
    client, told = await start(odd=True), []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["exception"]))

    def broken(*event: Any) -> None:
        raise KeyError("x")

    assert await client.ask("many", count=2, pause=0, on_event=broken) == {"sent": 2}
    assert list(map(type, told)) == [KeyError, KeyError]


async def test_a_question_that_is_given_up_leaves_nothing_behind(start: Start) -> None:
    client = await start(odd=True)
    heard: list[Any] = []
    waiting = asyncio.create_task(client.ask("many", count=3, pause=0.01, on_event=lambda *event: heard.append(event)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await client.ask("many", count=1, pause=0)) == {"sent": 1}
    assert heard == []


async def test_a_workspace_that_cannot_be_written_does_not_keep_the_engine_from_starting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    client = EngineClient(tmp_path / "file")
    await client.start()
    try:
        assert (await client.ask("guess", task={"reference": "sample"}))["name"] == "reviews"
    finally:
        await client.stop()


async def test_the_log_is_appended_to_for_the_user_alone_and_kept_short(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "workspace" / "engine.log"
    log.parent.mkdir()
    log.write_bytes(b"an old line\n" * 200_000)
    client = await start(odd=True)
    with pytest.raises(EngineGone):
        await client.ask("leave")
    assert log.stat().st_size < 600_000
    assert log.read_bytes().startswith(b"an old line\n") and log.read_bytes().endswith(b"something went wrong\n")
