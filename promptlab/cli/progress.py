"""Showing work as it goes: a bar on a terminal, a line now and then elsewhere, events as JSON on request."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from promptlab.cli.console import is_watched, say, show_event, warn
from promptlab.results.events import Envelope, Event, Note, Progress
from promptlab.text import counted, safe_text, shorten

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

Listener = Callable[[Event], None]
# Seconds between two plain lines.
_PAUSE = 5.0
# Columns at the right that a bar leaves free.
_FREE = 3


@dataclass
class EventStream:
    """Events of one command as lines of JSON on standard output, numbered."""

    job: str
    spec: str = ""
    seq: int = field(default=0, init=False)

    def __call__(self, event: Event) -> None:
        """Print the event."""
        show_event(Envelope(self.job, self.seq, time.time(), self.spec, event).to_json())
        self.seq += 1


@contextmanager
def listening(title: str, *, stream: EventStream | None = None, unit: str = "row") -> Iterator[Listener]:
    """What is told each event: the stream when there is one, else a bar or plain lines on standard error.

    ``unit`` is what a step of the progress is called.
    """
    if stream is not None:
        yield stream
    elif is_watched():
        with _bar(unit) as bar:
            yield _BarListener(bar, shorten(title, 28))
    else:
        yield _PlainListener(title, unit)


@dataclass
class _PlainListener:
    """A line at most every few seconds: how far, how fast, how long still; fewer steps than before are new work."""

    title: str
    unit: str = "row"
    started: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)
    first: int | None = None
    last: int = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Note):
            tell(event)
        elif isinstance(event, Progress):
            self._progress(event, time.monotonic())

    def _progress(self, event: Progress, now: float) -> None:
        if self.first is None or event.step < self.last:
            self.first, self.started = event.step, now
        self.last = event.step
        if now - self.said >= _PAUSE and event.step < event.total:
            self.said = now
            rate = (event.step - self.first) / max(now - self.started, 1e-9)
            seconds = event.metrics.get("seconds_left", (event.total - event.step) / rate if rate else 0.0)
            speed = f", {_speed(rate, self.unit)}" if rate else ""
            left = f", {duration(seconds)} left" if seconds else ""
            say(f"{self.title}: {event.step:,} of {counted(event.total, self.unit)}{_figures(event)}{speed}{left}")


class _BarListener:
    """A bar with rows a second and the time left."""

    def __init__(self, bar: "Bar", title: str) -> None:
        self.bar, self.title = bar, safe_text(title)
        self.task: TaskID | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Note):
            # Printing through the bar's console keeps the bar below what is said.
            self.bar.console.print(_note(event), markup=False, highlight=False)
        elif isinstance(event, Progress):
            if self.task is None:
                self.task = self.bar.add_task(self.title, total=event.total)
            self.bar.update(self.task, completed=event.step, total=event.total, description=self._titled(event))

    def _titled(self, event: Progress) -> str:
        return f"{self.title}{_figures(event)}"


def tell(note: Note) -> None:
    """Say a note, as a warning where it is one."""
    (warn if note.level == "warning" else say)(note.text)


def _bar(unit: str) -> "Bar":
    from rich.console import Console, ConsoleOptions
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    class Rate(ProgressColumn):
        """Rows, or whatever the unit is, a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(_speed(speed, unit) if speed else "")

    class Narrowed(Console):
        """A console that leaves the last columns free for the ``^C`` that a terminal writes behind the bar: were it
        to begin a new line, that line and not the bar's would be cleared."""

        @property
        def options(self) -> ConsoleOptions:
            full = super().options
            return full.update_width(full.max_width - _FREE)

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(compact=True),
    )
    console = Narrowed(file=sys.stderr, markup=False, emoji=False)
    return Bar(*columns, console=console, transient=True, expand=True)


def _note(note: Note) -> str:
    return safe_text(f"Warning: {note.text}" if note.level == "warning" else note.text)


def _figures(event: Progress) -> str:
    """The figures of training: its loss, and how fast it reads."""
    loss, speed = event.metrics.get("loss"), event.metrics.get("pieces_per_second")
    return f", loss {loss:.2f}, {speed:,.0f} pieces/s" if loss is not None and speed is not None else ""


def _speed(rate: float, unit: str) -> str:
    return f"{rate:,.0f} {unit}s/s" if rate >= 10 else f"{rate:.1f} {unit}s/s"


def duration(seconds: float) -> str:
    """Seconds as ``8 s``, ``2:05`` or ``1:02:05``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}" if minutes else f"{rest} s"
