"""The application on a scripted engine that emits steadily: ``python steady_application.py WORKSPACE EVENTS``."""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tui"))
from scripted_engine import ScriptedEngine, figures

from promptlab.tui.app import PromptlabApp


def messages(engine: ScriptedEngine) -> Iterator[dict[str, Any]]:
    """Progress and figures in turn, of the reading that is open."""
    number = 0
    while True:
        number += 1
        done = 5 * number % 10_000
        yield {"kind": "progress", "done": done, "total": 10_000, "rate": float(number)}
        shown = figures(engine.last("read"), n=done + 2, total=10_000, accuracy=0.5 + number % 97 / 400)
        yield {"kind": "scored", "figures": shown}


async def emit(engine: ScriptedEngine, a_second: int) -> None:
    """As many as there should be by now, so that a slow turn of the loop is made up for."""
    while not engine.count("read"):
        await asyncio.sleep(0.05)
    began, sent, found = time.perf_counter(), 0, messages(engine)
    while a_second:
        while sent < (time.perf_counter() - began) * a_second:
            sent += 1
            if any(asked.do == "read" for asked, _ in engine.listeners):
                engine.emit("read", next(found))
        await asyncio.sleep(1 / a_second)


class Steady(PromptlabApp):
    """Begins to emit once it is painted."""

    a_second = 0

    def on_ready(self) -> None:
        """Emit from now on."""
        assert isinstance(self.engine, ScriptedEngine)
        self._emitting = asyncio.ensure_future(emit(self.engine, self.a_second))


if __name__ == "__main__":
    made = ScriptedEngine()
    made.hold("read")
    app = Steady(Path(sys.argv[1]), path="reviews", engine=made)
    app.a_second = int(sys.argv[2])
    made.on_state = app._engine_changed
    app.run()
