"""How far a run is, by steps or by time, and the learning rate there."""

import math
from dataclasses import dataclass
from typing import Literal

Decay = Literal["linear", "cosine"]


@dataclass(frozen=True, slots=True)
class Budget:
    """When a run ends: after ``steps``, or after ``seconds`` of training; exactly one is given."""

    steps: int | None = None
    seconds: float | None = None

    def fraction(self, step: int, elapsed: float) -> float:
        """How much of the budget is spent after ``step`` steps and ``elapsed`` seconds; 1 and more is the end."""
        if self.steps is not None:
            return step / self.steps
        assert self.seconds is not None
        return elapsed / self.seconds

    def seconds_left(self, step: int, elapsed: float) -> float:
        """What is left at the speed so far."""
        if self.seconds is not None:
            return max(self.seconds - elapsed, 0.0)
        assert self.steps is not None
        return (self.steps - step) * elapsed / max(step, 1)

    def total_steps(self, step: int, elapsed: float) -> int:
        """All steps of the run, an estimate where the budget is time."""
        if self.steps is not None:
            return self.steps
        return max(round(step / max(self.fraction(step, elapsed), 1e-9)), step)


def rate_factor(fraction: float, *, decay: Decay, warmup: float) -> float:
    """The share of the highest learning rate: up in a line over the first ``warmup`` of the run, then down to 0."""
    if fraction < warmup:
        return fraction / warmup
    rest = min((fraction - warmup) / max(1 - warmup, 1e-9), 1.0)
    return 1 - rest if decay == "linear" else 0.5 * (1 + math.cos(math.pi * rest))
