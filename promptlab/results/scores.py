"""Scores: what one evaluation says about every row, and the figures that follow from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptlab.errors import DataError, ModelError
from promptlab.results.statistics import Interval
from promptlab.results.tally import BINS, LabelFigures, Majority, Tally


@dataclass(frozen=True, eq=False)
class Scores:
    """Rows against labels: ``values`` (N, C) log-probabilities over labels, each row's adding up to 1 as probabilities.

    ``targets`` (N,) are indices into ``labels``, -1 for a row without a label; ``ids`` name the rows, and two
    evaluations are compared row by row through them. Figures are over the rows with a label and raise DataError when
    there is none. Raises ModelError when a value is not a finite number, DataError for fewer than two labels.
    """

    labels: tuple[str, ...]
    values: NDArray[np.float32]
    targets: NDArray[np.int64]
    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        rows, columns = self.values.shape
        assert columns == len(self.labels) == len(set(self.labels))
        assert self.targets.shape == (rows,) and len(self.ids) == rows
        assert self.values.dtype == np.float32 and self.targets.dtype == np.int64
        assert rows == 0 or (self.targets.min() >= -1 and self.targets.max() < columns)
        if columns < 2:
            raise DataError(f"Classification needs two labels or more; there is only {list(self.labels)}.")
        broken = int((~np.isfinite(self.values).all(axis=1)).sum())
        if broken:
            raise ModelError(
                f"The model gave no usable number for {broken:,} of {rows:,} rows. Load it with --dtype float32; "
                "if that does not help, its weights are damaged."
            )
        assert np.allclose(np.exp(self.values, dtype=np.float64).sum(axis=1), 1, atol=1e-3), "not normalised"

    @classmethod
    def joined(cls, parts: Iterable["Scores"]) -> "Scores":
        """The rows of several, one after the other; all have the same labels in the same order."""
        shards = list(parts)
        labels = shards[0].labels
        assert all(shard.labels == labels for shard in shards)
        return cls(
            labels,
            np.concatenate([shard.values for shard in shards]),
            np.concatenate([shard.targets for shard in shards]),
            tuple(row for shard in shards for row in shard.ids),
        )

    def take(self, rows: NDArray[np.int64]) -> "Scores":
        """These rows, in this order."""
        return Scores(self.labels, self.values[rows], self.targets[rows], tuple(self.ids[row] for row in rows))

    def __len__(self) -> int:
        """How many rows there are, labelled or not (N)."""
        return len(self.ids)

    @cached_property
    def predictions(self) -> NDArray[np.int64]:
        """The index of the likeliest label of each row (N,), ties to the first label."""
        best: NDArray[np.int64] = self.values.argmax(axis=1)
        return best

    def margins(self) -> NDArray[np.float32]:
        """How far the likeliest label is ahead of the second (N,), in log-probability."""
        best_two = np.partition(self.values, -2, axis=1)[:, -2:]  # (N, 2)
        return best_two[:, 1] - best_two[:, 0]

    def true_margins(self) -> NDArray[np.float32]:
        """How far the true label is ahead of the best other one (N,): negative where wrong, NaN without a label."""
        rows = np.arange(len(self))
        others = self.values.copy()
        others[rows, self.targets] = -np.inf
        ahead = self.values[rows, self.targets] - others.max(axis=1, initial=-np.inf)
        return np.where(self.targets >= 0, ahead, np.float32(np.nan))

    def wrong(self) -> NDArray[np.int64]:
        """The indices of the labelled rows that were given another label, in order."""
        return np.flatnonzero((self.targets >= 0) & (self.predictions != self.targets))

    @cached_property
    def tally(self) -> Tally:
        """The counts behind the figures; the tallies of shards add up."""
        return Tally.of(self.labels, self.values, self.targets)

    @property
    def n(self) -> int:
        """How many rows have a label."""
        return self.tally.n

    @property
    def correct(self) -> int:
        """How many rows were given their label."""
        return self.tally.correct

    @property
    def accuracy(self) -> float:
        """The share of labelled rows that were given their label."""
        return self.tally.accuracy

    def interval(self, level: float = 0.95) -> Interval:
        """The Wilson interval of the accuracy."""
        return self.tally.interval(level)

    @property
    def majority(self) -> Majority:
        """What always answering the most frequent label would reach."""
        return self.tally.majority

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall of the labels that occur."""
        return self.tally.balanced_accuracy

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the labels that occur or were predicted."""
        return self.tally.macro_f1

    @property
    def mcc(self) -> float:
        """Matthews' correlation of true and predicted labels, -1 to 1."""
        return self.tally.mcc

    def per_label(self) -> dict[str, LabelFigures]:
        """Precision, recall, F1, rows and predictions of every label."""
        return self.tally.per_label

    def confusion(self) -> NDArray[np.int64]:
        """Counts (C, C): rows = true label, columns = predicted."""
        return self.tally.confusion

    def ece(self, bins: int = BINS) -> float:
        """Expected calibration error over equal parts of the confidence (see ``Tally.ece``)."""
        return Tally.of(self.labels, self.values, self.targets, bins=bins).ece

    @property
    def brier(self) -> float:
        """Mean over rows of the squared errors summed over labels, 0 to 2."""
        return self.tally.brier

    @property
    def log_loss(self) -> float:
        """Mean of -log p(true label), in nats."""
        return self.tally.log_loss

    def figures(self) -> dict[str, Any]:
        """Every figure in JSON's types, under the keys of a result."""
        return self.tally.figures()
