"""The kept evaluations as a list: filtered, sorted, two of them ticked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from promptlab.text import fold

Kept = Mapping[str, Any]  # one evaluation as the engine's ``runs`` has it

# How the list can be sorted: what it is called, and what is sorted by, in the order of the key that steps through.
ORDERS: tuple[tuple[str, Callable[[Kept], Any]], ...] = (
    ("newest", lambda run: -int(run["id"])),
    ("accuracy", lambda run: (run["accuracy"] is None, -(run["accuracy"] or 0.0), -int(run["id"]))),
    ("task", lambda run: (fold(str(run["task"])), -int(run["id"]))),
    ("name", lambda run: (fold(str(run["name"])), -int(run["id"]))),
)
_SEARCHED = ("name", "task", "split", "model", "calibration", "template", "template_name", "words_name")


@dataclass(frozen=True)
class RunList:
    """``runs`` are all of them; ``ticked`` holds the numbers of at most two, the one ticked first before the other."""

    runs: tuple[Kept, ...] = ()
    wanted: str = ""
    order: int = 0
    ticked: tuple[int, ...] = ()

    @property
    def shown(self) -> tuple[Kept, ...]:
        """Those that fit the filter, sorted."""
        found = [run for run in self.runs if _fits(run, self.wanted)]
        return tuple(sorted(found, key=ORDERS[self.order][1]))

    @property
    def sorted_by(self) -> str:
        """What the list is sorted by."""
        return ORDERS[self.order][0]

    def with_runs(self, runs: Iterable[Kept]) -> "RunList":
        """Newer runs; ticks of those that are gone go too."""
        new = tuple(runs)
        there = {int(run["id"]) for run in new}
        return replace(self, runs=new, ticked=tuple(number for number in self.ticked if number in there))

    def filtered(self, wanted: str) -> "RunList":
        """Only those that have every word of the text in them."""
        return replace(self, wanted=wanted)

    def sorted_next(self) -> "RunList":
        """Sorted by the next of the orders."""
        return replace(self, order=(self.order + 1) % len(ORDERS))

    def toggled(self, number: int) -> "RunList":
        """A run ticked, or no more; of three the first is let go."""
        if number in self.ticked:
            return replace(self, ticked=tuple(other for other in self.ticked if other != number))
        return replace(self, ticked=(*self.ticked, number)[-2:])

    def pair(self, number: int | None) -> tuple[int, int] | None:
        """Which two are compared: those ticked, else the one ticked with the one under the cursor, older first."""
        chosen = self.ticked if number is None else tuple(dict.fromkeys((*self.ticked, number)))[:2]
        return (min(chosen), max(chosen)) if len(chosen) == 2 else None


def _fits(run: Kept, wanted: str) -> bool:
    text = fold(" ".join([f"#{run['id']}", *(str(run.get(key) or "") for key in _SEARCHED)]))
    return all(word in text for word in fold(wanted).split())
