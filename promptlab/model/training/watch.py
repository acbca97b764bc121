"""Whether a training loss still makes sense: finite, and not on the rise."""

import math
from dataclasses import dataclass

from promptlab.errors import ModelError

_FIRST = 10  # steps whose mean is the start
_SMOOTHING = 0.9
_MARGIN, _MARGIN_SHARE = 0.3, 0.1  # nats above the start, and as a share of it
_PATIENCE = 30  # steps


@dataclass(frozen=True, slots=True)
class Smoothed:
    """The loss over steps: the mean of the first ones, a running mean, and for how many steps it has been too high."""

    steps: int = 0
    start: float = 0.0
    now: float = 0.0
    above: int = 0

    @property
    def is_calm(self) -> bool:
        """Whether the loss is where it should be."""
        return self.above == 0

    def followed_by(self, loss: float, *, rate: float) -> "Smoothed":
        """With one more loss; ModelError when it is not finite, or too high for too long."""
        if not math.isfinite(loss):
            raise ModelError(
                f"The loss of step {self.steps + 1:,} is not a finite number. Lower --learning-rate (highest now: "
                f"{rate:.2g}), or compute with --dtype float32."
            )
        steps = self.steps + 1
        start = self.start + (loss - self.start) / steps if steps <= _FIRST else self.start
        now = loss if steps == 1 else _SMOOTHING * self.now + (1 - _SMOOTHING) * loss
        is_above = steps > _FIRST and now > start + max(_MARGIN, _MARGIN_SHARE * start)
        above = self.above + 1 if is_above else 0
        if above >= _PATIENCE:
            raise ModelError(
                f"The loss rises: {start:.2f} at the start, {now:.2f} at step {steps:,}. Lower --learning-rate "
                f"(highest now: {rate:.2g})."
            )
        return Smoothed(steps, start, now, above)
