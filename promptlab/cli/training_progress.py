"""Carrying out a training run for a command: its progress, Ctrl-C between two steps, and what came of it."""

import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab.cli import console
from promptlab.cli.edge import keeping
from promptlab.cli.progress import EventStream, duration, listening
from promptlab.results.events import Done, Progress
from promptlab.text import counted
from promptlab.text import size as in_bytes

if TYPE_CHECKING:
    from promptlab.results.events import Event


def carry_out(command: str, work: "Generator[Event]", out: Path, *, json: bool, events: bool) -> None:
    """Run the training to its end and print its result as asked; Ctrl-C leaves a checkpoint and says so."""
    stream = EventStream(command) if events else None

    def kept() -> str:
        from promptlab.model.training.checkpoints import Checkpoints

        sentence = Checkpoints(out).kept()
        if stream is not None:
            stream(Done("stopped", sentence))
        return sentence

    result: dict[str, Any] = {}
    with keeping(kept), listening("Training", stream=stream, unit="step") as listen, _interruptible(work) as stop:
        for event in work:
            if isinstance(event, Done):
                result = dict(event.result)
                break
            listen(event)
            stop.follow(event)
    if stream is not None:
        stream(Done("finished", result=console.document(command, [result])))
    elif json:
        console.show_document(command, [result])
    else:
        _show(result)


@dataclass
class _Stop:
    """What Ctrl-C does: while steps are taken it waits for the end of one; a second time, or else, it ends at once."""

    is_training: bool = False
    is_asked: bool = False

    def __call__(self, number: int, frame: object) -> None:
        if self.is_asked or not self.is_training:
            raise KeyboardInterrupt
        self.is_asked = True

    def follow(self, event: "Event") -> None:
        """KeyboardInterrupt between two steps when it was asked for."""
        self.is_training = isinstance(event, Progress)
        if self.is_asked:
            raise KeyboardInterrupt


@contextmanager
def _interruptible(work: "Generator[Event]") -> Iterator[_Stop]:
    """While open, Ctrl-C stops between two steps; the work is closed at the end, which leaves a checkpoint."""
    stop = _Stop()
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, stop) if is_main else None
    try:
        yield stop
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before)
        work.close()


def _show(result: dict[str, Any]) -> None:
    from promptlab.cli.figures import fact_lines

    before, after = result["validation_loss_before"], result["validation_loss"]
    facts = (
        ("Model", f"{result['out']} ({in_bytes(result['bytes'])}, {result['stored']})"),
        (
            "Validation",
            f"loss {before:.3f} before, {after:.3f} after; perplexity {result['perplexity_before']:,.1f} before, "
            f"{result['perplexity']:,.1f} after ({counted(result['held_out'], 'held-out document')})",
        ),
        (
            "Training",
            f"{result['objective']}, {result['method']}: {counted(result['steps'], 'step')}, "
            f"{counted(result['pieces'], 'piece')}, {result['passes']:.1f} passes over the text, "
            f"{duration(result['seconds'])}",
        ),
    )
    console.say("")
    console.show_lines(fact_lines(facts, width=console.width()))
    console.say("")
    console.say(f"Use it with --model {result['out']}.")
