"""Held-out rows, hidden the same way each time, so that losses before, during and after training compare."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from promptlab.model.training.loss import count_targets
from promptlab.model.training.objectives import Objective, Sample
from promptlab.model.training.packing import Windows
from promptlab.model.training.trainer import Trainer

# Rows and targets that are looked at before and after training, and, the first of them, meanwhile: the targets decide
# how exact a loss is, and a causal model has seven times as many a row as a masked one.
_MOST_ROWS, _MOST_TARGETS = 1024, 20_000
_QUICK_ROWS, _QUICK_TARGETS = 128, 2_500


@dataclass(frozen=True, slots=True)
class Validation:
    """Samples of held-out documents."""

    samples: Sequence[Sample]

    @classmethod
    def of(cls, windows: Windows, objective: Objective, *, seed: int) -> "Validation":
        """The windows with what is hidden in each drawn once, from the seed and its number."""
        rows = range(min(len(windows.lengths), _MOST_ROWS))
        samples = (objective.sample(windows[row], np.random.default_rng((seed, 2, row))) for row in rows)
        return cls(_first(samples, targets=_MOST_TARGETS))

    def loss(self, trainer: Trainer, *, quick: bool = False) -> float:
        """The mean loss (nats a target) of all rows, or of the first ones."""
        samples = _first(self.samples[:_QUICK_ROWS], targets=_QUICK_TARGETS) if quick else self.samples
        summed, targets = trainer.losses(samples)
        return summed / max(targets, 1)


def _first(samples: Iterable[Sample], *, targets: int) -> list[Sample]:
    """The first samples, until they have so many targets."""
    kept: list[Sample] = []
    for sample in samples:
        kept.append(sample)
        targets -= count_targets([sample])
        if targets <= 0:
            break
    return kept


def perplexity(loss: float) -> float:
    """The exponential of a loss; the largest float where it would be larger."""
    return math.exp(min(loss, 700.0))
