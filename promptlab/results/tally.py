"""Tally: the counts from which every figure of an evaluation comes; as small for a million rows as for ten."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from promptlab.errors import DataError
from promptlab.results.statistics import Interval, wilson

BINS = 15


class Majority(NamedTuple):
    """The most frequent label and the accuracy of always answering it."""

    label: str
    share: float


class LabelFigures(NamedTuple):
    """How one label fared: ``n`` rows have it, ``predicted`` rows were given it."""

    precision: float
    recall: float
    f1: float
    n: int
    predicted: int


@dataclass(frozen=True, eq=False)
class Tally:
    """Counts over rows; ``tally + tally`` counts the rows of both, so that shards are counted one by one.

    ``confusion`` is (C, C), rows = true label, columns = predicted. ``bins`` is (bins, 3): rows, hits and summed
    confidence of the rows whose confidence falls in each equal part of 0 to 1. ``squared_error`` and ``surprise`` are
    sums over rows of the Brier term and of -log p(true label), in nats.
    Figures raise DataError when no row has a label.
    """

    labels: tuple[str, ...]
    confusion: NDArray[np.int64]
    bins: NDArray[np.float64]
    squared_error: float
    surprise: float
    unlabelled: int

    @classmethod
    def empty(cls, labels: tuple[str, ...], *, bins: int = BINS) -> "Tally":
        """No rows yet."""
        return cls(labels, np.zeros((len(labels), len(labels)), np.int64), np.zeros((bins, 3)), 0.0, 0.0, 0)

    @classmethod
    def of(
        cls, labels: tuple[str, ...], values: NDArray[np.float32], targets: NDArray[np.int64], *, bins: int = BINS
    ) -> "Tally":
        """Count rows: ``values`` (N, C) log-probabilities over labels, ``targets`` (N,) indices, -1 = unlabelled."""
        labelled = targets >= 0
        logprobs, true = values[labelled].astype(np.float64), targets[labelled]
        predicted = logprobs.argmax(axis=1)
        confusion = np.bincount(true * len(labels) + predicted, minlength=len(labels) ** 2)
        probabilities = np.exp(logprobs)  # (n, C)
        confidence = probabilities.max(axis=1, initial=0.0)
        surprise = -logprobs[np.arange(len(true)), true].sum()
        wanted = np.eye(len(labels))[true]  # (n, C)
        return cls(
            labels,
            confusion.reshape(len(labels), len(labels)).astype(np.int64),
            _binned(confidence, predicted == true, bins),
            float(((probabilities - wanted) ** 2).sum()),
            float(surprise),
            int((~labelled).sum()),
        )

    def __add__(self, other: "Tally") -> "Tally":
        assert self.labels == other.labels and self.bins.shape == other.bins.shape
        return Tally(
            self.labels,
            self.confusion + other.confusion,
            self.bins + other.bins,
            self.squared_error + other.squared_error,
            self.surprise + other.surprise,
            self.unlabelled + other.unlabelled,
        )

    @property
    def n(self) -> int:
        """How many rows have a label: the rows that every figure is over."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """How many rows were given their label."""
        return int(self.confusion.trace())

    @property
    def accuracy(self) -> float:
        """The share of labelled rows that were given their label."""
        return self.correct / self._rows()

    def interval(self, level: float = 0.95) -> Interval:
        """The Wilson interval of the accuracy."""
        return wilson(self.correct, self._rows(), level)

    @property
    def majority(self) -> Majority:
        """What always answering the most frequent label would reach (ties to the first label)."""
        rows = self.confusion.sum(axis=1)
        largest = int(rows.argmax())
        return Majority(self.labels[largest], float(rows[largest]) / self._rows())

    @cached_property
    def per_label(self) -> dict[str, LabelFigures]:
        """Precision, recall and F1 of every label; 0 where there is nothing to divide by."""
        hits, has, given = self.confusion.diagonal(), self.confusion.sum(axis=1), self.confusion.sum(axis=0)
        shares = (_share(hits, given), _share(hits, has), _share(2 * hits, has + given), has, given)
        columns = [column.tolist() for column in shares]
        return {label: LabelFigures(*row) for label, *row in zip(self.labels, *columns, strict=True)}

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall of the labels that occur."""
        return _mean([label.recall for label in self.per_label.values() if label.n])

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the labels that occur or were predicted, as scikit-learn has it."""
        return _mean([label.f1 for label in self.per_label.values() if label.n or label.predicted])

    @property
    def mcc(self) -> float:
        """Matthews' correlation of true and predicted labels, -1 to 1; 0 when either is all one label."""
        from sklearn.metrics import matthews_corrcoef

        true, predicted, weights = self._cells()
        if len(set(true)) < 2 or len(set(predicted)) < 2:
            return 0.0
        return float(matthews_corrcoef(true, predicted, sample_weight=weights))

    @property
    def ece(self) -> float:
        """Expected calibration error (Guo et al. 2017, eq. 3): how far confidence is from accuracy, bin by bin."""
        _, hits, confidence = self.bins.T
        return float(np.abs(hits - confidence).sum()) / self._rows()

    @property
    def brier(self) -> float:
        """Mean over rows of the squared errors summed over labels: 0 to 2, for two labels twice the binary form."""
        return self.squared_error / self._rows()

    @property
    def log_loss(self) -> float:
        """Mean of -log p(true label), in nats."""
        return self.surprise / self._rows()

    def figures(self) -> dict[str, Any]:
        """Every figure in JSON's types, under the keys of a result."""
        return {
            "n": self.n,
            "unlabelled": self.unlabelled,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "interval": list(self.interval()),
            "majority": self.majority._asdict(),
            "balanced_accuracy": self.balanced_accuracy,
            "macro_f1": self.macro_f1,
            "mcc": self.mcc,
            "ece": self.ece,
            "brier": self.brier,
            "log_loss": self.log_loss,
            "labels": list(self.labels),
            "per_label": {label: figures._asdict() for label, figures in self.per_label.items()},
            "confusion": self.confusion.tolist(),
        }

    def _rows(self) -> int:
        if self.n == 0:
            raise DataError("No row has a label, so there is nothing to measure. Name the label column with --label.")
        return self.n

    def _cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The confusion matrix as weighted rows for scikit-learn: true labels, predicted labels, counts."""
        self._rows()
        true, predicted = self.confusion.nonzero()
        return true, predicted, self.confusion[true, predicted]


def _binned(confidence: NDArray[np.float64], hit: NDArray[np.bool_], bins: int) -> NDArray[np.float64]:
    """Rows, hits and summed confidence in each of the intervals (m/bins, (m+1)/bins]: (bins, 3)."""
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    columns = [np.bincount(place, weights=of, minlength=bins) for of in (np.ones_like(confidence), hit, confidence)]
    return np.stack(columns, axis=1)


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each part of its whole, 0 where the whole is."""
    return part / np.maximum(whole, 1)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
