"""The application's end of the engine: starts the process, asks it, and says in a sentence when it is gone.

Light: nothing here brings in more than the standard library, so that the application paints at once.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from promptlab.jobs.engine_log import EngineLog
from promptlab.jobs.engine_state import EngineError, EngineGone, EngineState, error_from, why_it_ended
from promptlab.jobs.wire import Reply, Request, from_line, to_line

__all__ = ["EngineClient", "EngineError", "EngineGone", "EngineState", "OnEvent"]

# An event of a request, with the revisions that it belongs to.
OnEvent = Callable[[Mapping[str, Any], int, int], None]

# What the interpreter is given: nothing in the folder it starts in may stand in for a module.
_PROGRAM = ("-P", "-m", "promptlab.jobs.engine")
_LONGEST_LINE = 64 << 20
# Seconds that the engine is given to end when its input ends, and then when it is told to.
_TO_LEAVE, _TO_TERMINATE = 1.0, 0.5
_QUIET = {"PYTHONUNBUFFERED": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
# Threads that wait do not spin: on two cores, spinning takes what edits and the screen are computed with.
_WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}


@dataclass(slots=True)
class _Asked:
    """A request that is not answered yet."""

    answer: asyncio.Future[dict[str, Any]]
    on_event: OnEvent | None


class EngineClient:
    """One engine process for a workspace; to be used from one event loop.

    ``on_event`` hears events that nobody asked for, ``on_state`` each change of ``state``.
    """

    def __init__(
        self,
        workspace: Path,
        on_event: OnEvent | None = None,
        on_state: Callable[[EngineState], None] | None = None,
    ) -> None:
        self.workspace = workspace
        self._on_event, self._on_state = on_event, on_state
        self._state = EngineState("off")
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._log = EngineLog(workspace)
        self._asked: dict[int, _Asked] = {}
        self._numbers = count(1)
        self._is_stopping = False

    @property
    def state(self) -> EngineState:
        """Whether the engine runs."""
        return self._state

    async def start(self) -> None:
        """Start the process; what is asked from now on waits in its input. A failure is the state's sentence."""
        if self._process is not None:
            return
        self._is_stopping = False
        self._change(EngineState("starting"))
        command = (sys.executable, *_PROGRAM, "--workspace", str(self.workspace))
        try:
            with self._log.opened() as log:
                self._process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,
                    limit=_LONGEST_LINE,
                    env=_environment(),
                )
        except OSError as error:
            self._change(EngineState("stopped", f"The engine cannot be started: {error.strerror or error}."))
            return
        self._change(EngineState("starting", pid=self._process.pid))
        self._listening = asyncio.get_running_loop().create_task(self._listen(self._process))

    async def stop(self) -> None:
        """End the process: its input ends, then it is told to, then it is killed. Open questions raise EngineGone."""
        process, listening = self._process, self._listening
        self._is_stopping = True
        if process is None or listening is None:
            return
        with suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()
        for end, seconds in ((process.terminate, _TO_LEAVE), (process.kill, _TO_TERMINATE)):
            if not await _ends_within(process, seconds):
                with suppress(ProcessLookupError):
                    end()
        await process.wait()
        await listening

    async def restart(self) -> None:
        """End the process, if it runs, and start a new one; nothing that was read is kept."""
        await self.stop()
        await self.start()

    async def ask(
        self, do: str, *, read_rev: int = 0, score_rev: int = 0, on_event: OnEvent | None = None, **fields: Any
    ) -> dict[str, Any]:
        """The result of a request; ``on_event`` hears its events, with the revisions that they belong to.

        Raises EngineError for a request that is refused, EngineGone when there is no engine or it ends meanwhile.
        """
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[number] = _Asked(answer, on_event)
        try:
            self._write(Request(number, do, read_rev, score_rev, fields))
            return await answer
        finally:
            self._asked.pop(number, None)

    def tell(self, do: str, *, read_rev: int = 0, score_rev: int = 0, **fields: Any) -> None:
        """Ask without waiting for an answer; nothing happens when there is no engine."""
        with suppress(EngineGone):
            self._write(Request(next(self._numbers), do, read_rev, score_rev, fields))

    def _write(self, request: Request) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            raise EngineGone(self._state.sentence or "The engine does not run.")
        process.stdin.write(to_line(request.to_table()))

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Take replies until the process ends, then say how it ended."""
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                self._take(line)
                await asyncio.sleep(0)  # the keyboard goes before a burst of events
        except ValueError:  # a line of more than _LONGEST_LINE: nothing after it can be understood
            process.kill()
        self._ended(await process.wait())

    def _take(self, line: bytes) -> None:
        try:
            reply = Reply.from_table(from_line(line))
        except ValueError:
            return
        asked = self._asked.get(reply.id)
        if reply.event is not None:
            if reply.id == 0 and reply.event.get("kind") == "ready":
                self._change(EngineState("ready", pid=self._state.pid))
            self._hear(asked.on_event if asked else None if reply.id else self._on_event, reply)
        elif asked is None or asked.answer.done():
            return
        elif reply.result is not None:
            asked.answer.set_result(dict(reply.result))
        elif reply.error is not None:
            asked.answer.set_exception(error_from(reply.error))

    def _hear(self, on_event: OnEvent | None, reply: Reply) -> None:
        """Tell of an event; an error in what hears it is no reason to hear no more."""
        if on_event is None or reply.event is None:
            return
        try:
            on_event(reply.event, reply.read_rev, reply.score_rev)
        except Exception as error:
            context = {"message": "an event of the engine could not be shown", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

    def _ended(self, code: int) -> None:
        self._process = self._listening = None
        sentence = "The engine was stopped." if self._is_stopping else why_it_ended(code, self._log.last_line())
        self._change(EngineState("off" if self._is_stopping else "stopped", sentence))
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(EngineGone(sentence))

    def _change(self, state: EngineState) -> None:
        self._state = state
        if self._on_state is not None:
            self._on_state(state)


async def _ends_within(process: asyncio.subprocess.Process, seconds: float) -> bool:
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _environment() -> dict[str, str]:
    """The application's environment without what is meant for Textual alone."""
    return _WAITING | {name: value for name, value in os.environ.items() if not name.startswith("TEXTUAL")} | _QUIET
