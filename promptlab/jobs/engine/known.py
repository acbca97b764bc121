"""What is known of the live rows by their places: labels of all, and what the rows read so far were given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from promptlab.task import Example
from promptlab.task.rows import labels_of

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Judged, Reading
    from promptlab.results import Scores
    from promptlab.verbalizer import CalibrationKind, LabelWords


@dataclass(frozen=True, eq=False)
class Known:
    """Of N live rows: ``targets`` (N,) places of labels, -1 without one; ``predicted`` (N,), -1 where not read yet.

    ``confidence`` (N,) is the probability of what was predicted, ``margins`` (N,) how far the true label is ahead of
    the best other one in log-probability; both are NaN where they are not known. ``read`` counts the rows read.
    """

    labels: tuple[str, ...]
    targets: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidence: NDArray[np.float32]
    margins: NDArray[np.float32]
    read: int = 0

    @classmethod
    def of(cls, labels: tuple[str, ...], targets: NDArray[np.int64]) -> "Known":
        """Nothing is read yet."""
        unknown = np.full(len(targets), np.nan, np.float32)
        return cls(labels, targets, np.full(len(targets), -1), unknown, unknown)

    def with_scores(self, scores: "Scores", places: Sequence[int]) -> "Known":
        """With the scores of the rows at these places."""
        at = np.asarray(places, np.int64)
        predicted, confidence, margins = self.predicted.copy(), self.confidence.copy(), self.margins.copy()
        predicted[at] = scores.predictions
        confidence[at] = np.exp(scores.values.max(axis=1, initial=-np.inf))
        margins[at] = scores.true_margins()
        return Known(self.labels, self.targets, predicted, confidence, margins, len(at))

    def __len__(self) -> int:
        return len(self.targets)

    def right(self) -> NDArray[np.bool_]:
        """(N,): rows that were given their label."""
        right: NDArray[np.bool_] = (self.predicted >= 0) & (self.predicted == self.targets)
        return right

    def wrong(self) -> NDArray[np.bool_]:
        """(N,): rows with a label that were given another."""
        wrong: NDArray[np.bool_] = (self.predicted >= 0) & (self.targets >= 0) & (self.predicted != self.targets)
        return wrong

    def label(self, place: int) -> str | None:
        """The row's label."""
        return self._name(self.targets, place)

    def prediction(self, place: int) -> str | None:
        """What the row was given; None where it is not read yet."""
        return self._name(self.predicted, place)

    def is_right(self, place: int) -> bool | None:
        """Whether the row was given its label; None without a label, and where it is not read yet."""
        label, prediction = self.label(place), self.prediction(place)
        return None if label is None or prediction is None else label == prediction

    def _name(self, of: NDArray[np.int64], place: int) -> str | None:
        return self.labels[of[place]] if of[place] >= 0 else None


def places_of_labels(rows: Sequence[Example], labels: Sequence[str]) -> NDArray[np.int64]:
    """(N,): the place of each row's label, -1 for a row without one, or with another."""
    index = {label: place for place, label in enumerate(labels)}
    found = (-1 if label is None else index.get(label, -1) for label in labels_of(rows))
    return np.fromiter(found, np.int64, len(rows))


_TARGETS: "WeakKeyDictionary[Reading, NDArray[np.int64]]" = WeakKeyDictionary()
_NEWEST: "WeakKeyDictionary[Reading, tuple[object, Known, Judged]]" = WeakKeyDictionary()


def targets_of(reading: "Reading") -> NDArray[np.int64]:
    """(N,): places of the live rows' labels, -1 for a row without one; found out once."""
    if reading not in _TARGETS:
        _TARGETS[reading] = places_of_labels(reading.rows, reading.task.labels)
    return _TARGETS[reading]


def nothing_known(reading: "Reading") -> Known:
    """As if no row were read."""
    return Known.of(reading.task.labels, targets_of(reading))


def judge(reading: "Reading", words: "LabelWords", calibration: "CalibrationKind | None") -> "tuple[Known, Judged]":
    """What the rows read so far are given by these words; the newest answer is kept until more is read.

    Raises Unread when no row is read, NeedsReading for words that must be read whole and are not.
    """
    key = words, calibration, reading.read
    kept = _NEWEST.get(reading)
    if kept is not None and kept[0] == key:
        return kept[1:]
    judged = reading.scores(words, calibration)
    known = nothing_known(reading).with_scores(judged.scores, judged.places)
    if not judged.pending:
        _NEWEST[reading] = key, known, judged
    return known, judged
