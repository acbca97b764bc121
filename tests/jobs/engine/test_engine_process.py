"""The engine as a process, spoken to through its own descriptors."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from promptlab import __version__
from promptlab.jobs.wire import to_line

ENGINE = ("-P", "-m", "promptlab.jobs.engine")
# The same main function with one more handler, from a module that the test writes.
PATCHED = """
import sys
from promptlab.jobs.engine import dispatch
from promptlab.jobs.engine.__main__ import main
sys.path.insert(0, {folder!r})
sys.modules["promptlab.jobs.engine.made"] = __import__("made")
dispatch.HANDLERS = {{**dispatch.HANDLERS, **{{do: dispatch.Handler("made:" + do) for do in {names!r}}}}}
main()
"""
NOISE = """
import logging, os, sys, warnings
def noise(held, request, say):
    print("printed")
    os.write(1, b"written\\n")
    os.write(2, b"complained\\n")
    os.system("echo from a shell")
    warnings.warn("warned")
    logging.error("logged")
    sys.__stdout__.write('{"id": 1, "result": {}}\\n')
    say({"kind": "note", "level": "info", "text": "said"})
    return {"done": True, "modules": sorted({"torch", "transformers"} & set(sys.modules))}
"""


class Talk:
    """A process of the engine's and its lines."""

    def __init__(self, workspace: Path, program: tuple[str, ...] = ENGINE) -> None:
        self.log = workspace / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program, "--workspace", str(workspace)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def send(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def ask(self, number: int, do: str, **fields: Any) -> None:
        self.send(to_line({"v": 1, "id": number, "do": do, **fields}))

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        table: dict[str, Any] = json.loads(self.process.stdout.readline())
        return table

    def answer(self, number: int) -> dict[str, Any]:
        """The reply that ends this request."""
        while True:
            table = self.hear()
            if table["id"] == number and "event" not in table:
                return table


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Callable[..., Talk]]:
    begun: list[Talk] = []

    def begin(*program: str) -> Talk:
        begun.append(Talk(tmp_path, program or ENGINE))
        return begun[-1]

    yield begin
    for one in begun:
        one.process.kill()
        one.process.wait()
        for pipe in filter(None, (one.process.stdin, one.process.stdout)):
            with suppress(BrokenPipeError):
                pipe.close()


def patched(folder: Path, code: str, *names: str) -> tuple[str, str]:
    (folder / "made.py").write_text(code, encoding="utf-8")
    return "-c", PATCHED.format(folder=str(folder), names=names)


def test_ready_is_the_first_line(talk: Callable[..., Talk]) -> None:
    engine = talk()
    ready = {"kind": "ready", "pid": engine.process.pid, "version": __version__}
    assert engine.hear() == {"id": 0, "read_rev": 0, "score_rev": 0, "event": ready}


def test_a_guess_is_answered_while_torch_is_imported(talk: Callable[..., Talk]) -> None:
    engine = talk()
    engine.ask(1, "read", read_rev=1)  # imports torch, then fails for want of a task
    engine.ask(2, "guess", task={"reference": "sample"})
    order = []
    while len(order) < 2:
        table = engine.hear()
        order += [table["id"]] if "event" not in table and table["id"] else []
    assert order == [2, 1]


def test_noise_never_enters_the_protocol(talk: Callable[..., Talk], tmp_path: Path) -> None:
    engine = talk(*patched(tmp_path, NOISE, "noise"))
    engine.ask(7, "noise", read_rev=3, score_rev=5)
    revisions = {"id": 7, "read_rev": 3, "score_rev": 5}
    assert engine.hear()["event"]["kind"] == "ready"
    assert engine.hear() == {**revisions, "event": {"kind": "note", "level": "info", "text": "said"}}
    assert engine.hear() == {**revisions, "result": {"done": True, "modules": []}}
    said = engine.log.read_text(encoding="utf-8")
    assert all(word in said for word in ("printed", "written", "complained", "shell", "warned", "logged"))


def test_what_is_no_request_is_answered_and_the_engine_goes_on(talk: Callable[..., Talk]) -> None:
    engine = talk()
    engine.hear()
    engine.send(b"nonsense\n")
    assert engine.hear()["error"]["kind"] == "ours"
    engine.send(to_line({"v": 9, "id": 4, "do": "guess"}))
    assert engine.answer(4)["error"]["kind"] == "ours"
    engine.ask(5, "dance")
    assert "dance" in engine.answer(5)["error"]["what"]
    engine.ask(6, "score", read_rev=1, words={})
    assert engine.answer(6)["error"]["kind"] == "unread"
    engine.ask(7, "guess", task={"reference": "nowhere.csv"})
    assert engine.answer(7)["error"]["kind"] == "data"
    engine.ask(8, "guess", task={"reference": "sample"})
    assert engine.answer(8)["result"]["name"] == "reviews"


def test_a_bug_is_answered_and_its_traceback_kept(talk: Callable[..., Talk], tmp_path: Path) -> None:
    engine = talk(*patched(tmp_path, "def broken(held, request, say):\n    return 1 / 0\n", "broken"))
    engine.ask(1, "broken")
    error = engine.answer(1)["error"]
    assert (error["kind"], error["what"]) == ("ours", "ZeroDivisionError: division by zero")
    assert "1 / 0" in engine.log.read_text(encoding="utf-8")


def test_the_engine_ends_with_its_input(talk: Callable[..., Talk]) -> None:
    engine = talk()
    engine.hear()
    assert engine.process.stdin is not None
    engine.process.stdin.close()
    assert engine.process.wait(timeout=10) == 0


PARENT = """
import asyncio, sys
from pathlib import Path
from promptlab.jobs.client import EngineClient
async def main():
    client = EngineClient(Path(sys.argv[1]), on_state=lambda state: print(state.name, state.pid, flush=True))
    await client.start()
    await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="a process that is no child is waited for through its pidfd")
def test_the_engine_ends_when_the_application_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        words = next(line.split() for line in parent.stdout if line.startswith("ready"))
        # Readable once the process has ended, whoever its parent is by then.
        engine = os.pidfd_open(int(words[1]))
        parent.send_signal(signal.SIGKILL)
    try:
        assert select.select([engine], [], [], 10)[0]
    finally:
        os.close(engine)
