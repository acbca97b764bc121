"""What evaluations leave: scores and their figures, comparisons, events, and the store that keeps runs.

Names are imported when asked for, so that events can be had without numpy, scipy or SQLite.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promptlab.results.comparison import Comparison, compare, compare_many, compare_runs
    from promptlab.results.events import Done, Envelope, Event, Found, Note, Progress, Scored
    from promptlab.results.run import Run
    from promptlab.results.scores import Scores
    from promptlab.results.store import RunStore
    from promptlab.results.tally import Tally

_FILES = {
    "comparison": ("Comparison", "compare", "compare_many", "compare_runs"),
    "events": ("Done", "Envelope", "Event", "Found", "Note", "Progress", "Scored"),
    "run": ("Run",),
    "scores": ("Scores",),
    "store": ("RunStore",),
    "tally": ("Tally",),
}

__all__ = [
    "Comparison",
    "Done",
    "Envelope",
    "Event",
    "Found",
    "Note",
    "Progress",
    "Run",
    "RunStore",
    "Scored",
    "Scores",
    "Tally",
    "compare",
    "compare_many",
    "compare_runs",
]


def __getattr__(name: str) -> object:
    for file, names in _FILES.items():
        if name in names:
            return getattr(import_module(f"promptlab.results.{file}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
