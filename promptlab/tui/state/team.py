"""The ensemble as it is put together: candidates, those ticked, and how they are weighed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from promptlab.text import fold
from promptlab.tui.state.candidates import OWN, Candidate, member

Weights = Literal["uniform", "accuracy", "hand"]
WEIGHTS: dict[Weights, str] = {"uniform": "all the same", "accuracy": "by accuracy", "hand": "by hand"}
STEP, MOST = 0.25, 100.0
LEAST_MEMBERS = 2


@dataclass(frozen=True)
class Team:
    """``ticked`` holds names of candidates, ``by_hand`` the weights that were set; every other weight is 1."""

    candidates: tuple[Candidate, ...] = ()
    ticked: frozenset[str] = frozenset({OWN})
    weights: Weights = "uniform"
    by_hand: Mapping[str, float] = field(default_factory=dict)
    wanted: str = ""

    @property
    def shown(self) -> tuple[Candidate, ...]:
        """The candidates that fit the filter; those ticked always do."""
        words = fold(self.wanted).split()
        return tuple(
            one
            for one in self.candidates
            if one.name in self.ticked or all(word in fold(f"{one.name} {one.template}") for word in words)
        )

    @property
    def members(self) -> tuple[Candidate, ...]:
        """Those ticked, in the order of the list."""
        return tuple(one for one in self.candidates if one.name in self.ticked)

    @property
    def is_enough(self) -> bool:
        """Whether there is something to combine."""
        return len(self.members) >= LEAST_MEMBERS

    def asked(self) -> dict[str, Any]:
        """Members and weights as the engine takes them."""
        is_by_hand = self.weights == "hand"
        members = [member(one, self.weight(one.name) if is_by_hand else None) for one in self.members]
        return {"members": members, "weights": self.weights}

    def weight(self, name: str) -> float:
        """The weight set by hand."""
        return self.by_hand.get(name, 1.0)

    def with_candidates(self, candidates: Iterable[Candidate]) -> "Team":
        """Other candidates; ticks go with their names."""
        return replace(self, candidates=tuple(candidates))

    def toggled(self, name: str) -> "Team":
        """A candidate ticked, or no more."""
        return replace(self, ticked=self.ticked ^ {name})

    def weighed_next(self) -> "Team":
        """The next way of weighing."""
        names = tuple(WEIGHTS)
        return replace(self, weights=names[(names.index(self.weights) + 1) % len(names)])

    def reweighed(self, name: str, weight: float) -> "Team":
        """One member's weight set by hand, from 0 to ``MOST``."""
        return replace(self, weights="hand", by_hand={**self.by_hand, name: max(0.0, min(weight, MOST))})
