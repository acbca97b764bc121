"""Hearing: who must know of a change, at once or with the next repaint of progress; and work that goes on meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Literal

# What changed: "figures" and "phase" come from the engine, "task" is what it found out about a table, "said" a sentence
# for the user in ``desk.message``.
Topic = Literal[
    "task", "template", "words", "rows", "model", "figures", "phase", "baseline", "engine", "saved", "said", "row"
]
# Seconds between two repaints of a reading's progress.
PROGRESS = 0.1


class Hearing:
    """Listeners, timers and tasks of one desk; ``failed`` is told of a task that ended in an error."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._listeners: list[Callable[[Topic], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def listen(self, hear: Callable[[Topic], None]) -> Callable[[], None]:
        """Call ``hear`` with each change from now on; what is returned ends it."""
        self._listeners.append(hear)

        def stop() -> None:
            with suppress(ValueError):
                self._listeners.remove(hear)

        return stop

    def tell(self, *topics: Topic) -> None:
        """Tell everyone of changes, now."""
        for topic in topics:
            for hear in list(self._listeners):
                hear(topic)

    def tell_soon(self, topic: Topic) -> None:
        """Tell of progress, at most every ``PROGRESS`` seconds a topic."""
        timer, loop = self._timers.get(topic), asyncio.get_running_loop()
        if timer is None or timer.cancelled() or timer.when() <= loop.time():
            self._timers[topic] = loop.call_later(PROGRESS, self.tell, topic)

    def later(self, name: str, seconds: float, do: Callable[[], None]) -> None:
        """Do something after a pause, instead of what was to be done under the same name."""
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()
        self._timers[name] = asyncio.get_running_loop().call_later(seconds, do)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let work go on beside the keyboard."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def close(self) -> None:
        """No timer fires, no work goes on and nobody is told any more."""
        for timer in self._timers.values():
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        self._listeners.clear()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)
