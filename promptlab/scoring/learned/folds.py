"""Cross-validation on a few labelled rows: folds, scores of rows that were left out, and the temperature they want."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

from promptlab.errors import ConfigError, DataError
from promptlab.model import Readout
from promptlab.scoring.protocol import Verbalizer
from promptlab.text import counted, shorten

MOST_FOLDS = 4
# Few rows are cut into folds this often, so that one unlucky cut decides nothing; many rows once.
REPEATS = 3
_FEW = 300
# Temperatures that are tried, as factors of the usual one.
_FACTORS = torch.logspace(-1.5, 1.5, 61)

Made_co = TypeVar("Made_co", bound=Verbalizer, covariant=True)
# From rows to learn from (n, F), their labels (n,) and other rows (m, F) to scores of the latter (m, C).
Scorer = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Folds:
    """Places to learn from and places left out, fold by fold; in each of the ``repeats`` every row is left out once."""

    repeats: tuple[tuple[tuple[Tensor, Tensor], ...], ...]

    @property
    def fits(self) -> int:
        """How often something is fitted."""
        return sum(map(len, self.repeats))

    def held_out(self, vectors: Tensor, targets: Tensor, scorer: Scorer) -> Tensor:
        """Scores (R, N, C) of rows (N, F), each from the folds that it is not in."""
        return torch.stack([_one_repeat(repeat, vectors, targets, scorer) for repeat in self.repeats])


@dataclass(frozen=True, eq=False)
class Learnt(Generic[Made_co]):
    """A way of learning with its settings found: log-probabilities (R, N, C) of rows left out, and what makes it from
    a readout and its labels (N,)."""

    held_out: Tensor
    build: Callable[[Readout, Tensor], Made_co]


def make_folds(targets: Tensor, labels: Sequence[str], *, seed: int) -> Folds:
    """Stratified folds over rows with labels (N,): four, or as many as the rarest label has rows.

    Raises ConfigError for a label with one row, DataError for one without any.
    """
    from sklearn.model_selection import StratifiedKFold

    fewest = check_shots(targets, labels, least=2)
    repeats = []
    for repeat in range(REPEATS if len(targets) <= _FEW else 1):
        cut = StratifiedKFold(min(MOST_FOLDS, fewest), shuffle=True, random_state=(seed + repeat) % 2**32)
        folds = cut.split(targets.numpy(), targets.numpy())
        repeats.append(tuple((torch.from_numpy(rest), torch.from_numpy(left_out)) for rest, left_out in folds))
    return Folds(tuple(repeats))


def check_shots(targets: Tensor, labels: Sequence[str], *, least: int) -> int:
    """How many rows the rarest label has; ConfigError for fewer than ``least``, DataError for a label without any."""
    counts = torch.bincount(targets, minlength=len(labels))
    fewest, place = counts.min(0)
    label = shorten(labels[int(place)], 40)
    if fewest == 0:
        raise DataError(f"The label {label!r} has no row to learn from.")
    if fewest < least:
        raise ConfigError(
            f"The label {label!r} has {counted(int(fewest), 'row')} to learn from, and {least} of each label are "
            "needed: this is tried on rows left out of the learning. Take a larger --k."
        )
    return int(fewest)


def log_losses(logprobs: Tensor, targets: Tensor) -> Tensor:
    """-log p of each row's label (N,), the mean over the repeats of (R, N, C)."""
    return -logprobs[:, torch.arange(len(targets)), targets].mean(0)


def fit_temperature(scores: Tensor, targets: Tensor, *, usual: float) -> float:
    """What scores (R, N, C) of rows left out are divided by to have the lowest log-loss after a softmax.

    Few rows may all be right, and then no temperature is low enough: a prior holds it near the ``usual`` one (normal in
    its logarithm, with deviation 1).
    """
    tried = usual * _FACTORS
    losses = torch.stack([log_losses((scores / one).log_softmax(-1), targets).sum() for one in tried])
    return float(tried[(losses + _FACTORS.log() ** 2 / 2).argmin()])


def _one_repeat(repeat: Sequence[tuple[Tensor, Tensor]], vectors: Tensor, targets: Tensor, scorer: Scorer) -> Tensor:
    """(N, C)."""
    parts = [scorer(vectors[rest], targets[rest], vectors[left_out]) for rest, left_out in repeat]
    order = torch.cat([left_out for _, left_out in repeat]).argsort()
    return torch.cat(parts)[order]
