"""Soak: two hundred events a second for ten seconds; keys are painted, nothing piles up, memory stays where it was."""

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from on_screen import screen_text
from scripted_engine import ScriptedEngine, figures
from textual import events

from promptlab.tui.app import PromptlabApp

SECONDS, EVENTS = 10.0, 200
TICK = 0.01
LETTERS = "abcdefghij"


def resident() -> float:
    """Megabytes that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def messages_of_a_reading(engine: ScriptedEngine) -> Iterator[dict[str, Any]]:
    """Progress and figures in turn, always other ones."""
    asked = engine.last("read")
    for number in count(1):
        done = min(number * 5, 9_999)
        if number % 2:
            yield {"kind": "progress", "done": done, "total": 10_000, "rate": float(number)}
        else:
            shown = figures(asked, n=done, total=10_000, accuracy=0.5 + number % 97 / 400)
            yield {"kind": "scored", "figures": shown}


async def emit_steadily(engine: ScriptedEngine, seconds: float) -> int:
    """Emit as many as there should be by now, so that a slow turn of the loop is made up for; how many it was."""
    began, sent, messages = time.perf_counter(), 0, messages_of_a_reading(engine)
    while (gone := time.perf_counter() - began) < seconds:
        while sent < gone * EVENTS:
            engine.emit("read", next(messages))
            sent += 1
        await asyncio.sleep(1 / EVENTS)
    return sent


async def watch(lags: list[tuple[float, float]], queued: list[int], app: PromptlabApp) -> None:
    """How much later than asked for the loop goes on: by the clock, and by what this thread itself computed."""
    while True:
        clock, computed = time.perf_counter(), time.thread_time()
        await asyncio.sleep(TICK)
        lags.append((time.perf_counter() - clock - TICK, time.thread_time() - computed))
        queued.append(max(node._message_queue.qsize() for node in (app, *app.screen.walk_children())))


async def painted(app: PromptlabApp, holds: Callable[[str], bool]) -> float:
    """Seconds until the screen shows something."""
    began = time.perf_counter()
    while not holds(screen_text(app)):
        assert time.perf_counter() - began < 5, screen_text(app)
        await asyncio.sleep(0.005)
    return time.perf_counter() - began


def share(values: list[float], part: float) -> float:
    return sorted(values)[int(part * (len(values) - 1))]


async def test_keys_are_painted_while_events_pour_in_and_nothing_piles_up(start: Any) -> None:
    engine = ScriptedEngine()
    engine.hold("read")
    async with start(engine=engine) as (app, pilot, _):
        await pilot.press("shift+tab", "home")
        await emit_steadily(engine, 1.0)  # what is made once is made by now
        before, lags, queued = resident(), list[tuple[float, float]](), list[int]()
        watching = asyncio.ensure_future(watch(lags, queued, app))
        emitting = asyncio.ensure_future(emit_steadily(engine, SECONDS))
        waits, typed = [], ""
        # Typing would end the reading that the events are of after 0.3 s: its text stays what it was.
        app.desk.edit_template = lambda *args, **kwargs: None  # type: ignore[method-assign]
        for letter in LETTERS:
            await asyncio.sleep(SECONDS / 15)
            typed += letter
            app.post_message(events.Key(letter, letter))
            waits.append(await painted(app, lambda text, typed=typed: f"{typed}{{text}}" in text))  # type: ignore[misc]
        sent = await emitting
        watching.cancel()
        grown = resident() - before
        assert "9,9" in screen_text(app) or f"{min(sent * 5, 9_999):,}" in screen_text(app)
    lag, own = ([pair[at] for pair in lags] for at in (0, 1))
    print(f"\n{sent} events, {len(lags)} turns: lag p50 {share(lag, 0.5):.3f}, p99 {share(lag, 0.99):.3f} s")
    print(f"computed a turn: p99 {share(own, 0.99):.3f} s; key to paint p50 {share(waits, 0.5):.3f} s")
    print(f"largest queue {max(queued)}; {grown:+.1f} MB")
    assert sent >= 0.95 * SECONDS * EVENTS
    assert share(own, 0.99) < 0.05  # what others compute on this machine is none of the application's lag
    assert max(queued) < 100 and grown < 10
    assert share(waits, 0.5) < 1
