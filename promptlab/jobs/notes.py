"""What long work says: its notes sifted, where a part of the work would say again what was said."""

from collections.abc import Callable, Generator
from typing import TypeVar

from promptlab.results import Event, Note

T = TypeVar("T")


def sifted(events: Generator[Event, None, T], keep: Callable[[Note], bool]) -> Generator[Event, None, T]:
    """The same events and outcome, with the notes that are to be kept."""
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            outcome: T = end.value
            return outcome
        if not isinstance(event, Note) or keep(event):
            yield event
