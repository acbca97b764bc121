"""Held-out rows, hidden the same way each time, so that losses before, during and after training compare."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from promptlab.model.training.objectives import Objective, Sample
from promptlab.model.training.packing import Windows
from promptlab.model.training.trainer import Trainer

# Rows that are looked at before and after training, and, the first of them, meanwhile.
_MOST_ROWS, _QUICK_ROWS = 1024, 128


@dataclass(frozen=True, slots=True)
class Validation:
    """Samples of held-out documents."""

    samples: Sequence[Sample]

    @classmethod
    def of(cls, windows: Windows, objective: Objective, *, seed: int) -> "Validation":
        """The windows with what is hidden in each drawn once, from the seed and its number."""
        rows = range(min(len(windows.lengths), _MOST_ROWS))
        return cls([objective.sample(windows[row], np.random.default_rng((seed, 2, row))) for row in rows])

    def loss(self, trainer: Trainer, *, quick: bool = False) -> float:
        """The mean loss (nats a target) of all rows, or of the first 128."""
        samples = self.samples[: _QUICK_ROWS if quick else len(self.samples)]
        summed, targets = trainer.losses(samples)
        return summed / max(targets, 1)


def perplexity(loss: float) -> float:
    """The exponential of a loss; the largest float where it would be larger."""
    return math.exp(min(loss, 700.0))
