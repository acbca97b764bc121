"""Two evaluations of the same rows against each other, and what can be said about it in words."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from promptlab.errors import ConfigError, DataError
from promptlab.results import wording
from promptlab.results.run import Run
from promptlab.results.scores import Scores
from promptlab.results.statistics import (
    Interval,
    fewest_disagreements,
    holm,
    mcnemar_exact,
    paired_bootstrap,
    rows_needed,
)
from promptlab.text import counted, listed, shorten

ALPHA = 0.05
Verdict = Literal["first", "second", "too few", "no difference"]


@dataclass(frozen=True)
class Comparison:
    """The second of ``names`` against the first, on the ``n`` labelled rows that both scored.

    ``only_first`` and ``only_second`` count the rows that one alone got right. ``interval`` is the paired bootstrap's
    for the difference, ``p`` the exact McNemar test's; ``adjusted`` is ``p`` after Holm's correction for ``together``
    comparisons made at once, and decides the verdict. ``notes`` say what makes the two unlike.
    """

    names: tuple[str, str]
    n: int
    correct: tuple[int, int]
    only_first: int
    only_second: int
    interval: Interval
    p: float
    adjusted: float
    together: int = 1
    notes: tuple[str, ...] = ()

    @property
    def accuracy(self) -> tuple[float, float]:
        """The two accuracies on the shared rows."""
        return self.correct[0] / self.n, self.correct[1] / self.n

    @property
    def difference(self) -> float:
        """The second accuracy less the first."""
        return (self.only_second - self.only_first) / self.n

    @cached_property
    def more_rows(self) -> int | None:
        """How many more labelled rows would tell (see ``rows_needed``); None when no number of them can be named."""
        return rows_needed(self.only_first, self.only_second, self.n, alpha=ALPHA / self.together)

    @property
    def verdict(self) -> Verdict:
        """Which is better at the 5 % level, or why that cannot be said."""
        if self.adjusted <= ALPHA:
            return "second" if self.difference > 0 else "first"
        few = self.only_first + self.only_second < fewest_disagreements(ALPHA / self.together)
        return "too few" if few else "no difference"

    @property
    def sentence(self) -> str:
        """The verdict in words, with the figures that it rests on."""
        if self.verdict == "too few":
            seen = counted(self.only_first + self.only_second, "disagreement")
            needed = fewest_disagreements(ALPHA / self.together)
            return f"too few examples to tell: {seen}, at least {needed} one way needed{self._outlook()}"
        if self.verdict == "no difference":
            shown = f"{self.names[1]} {self._evidence(self.difference, self.interval)}"
            return f"no difference that {counted(self.n, 'row')} can show: {shown}{self._outlook()}"
        if self.verdict == "second":
            return f"{self.names[1]} is better: {self._evidence(self.difference, self.interval)}"
        low, high = self.interval
        return f"{self.names[0]} is better: {self._evidence(-self.difference, (-high, -low))}"

    def to_json(self) -> dict[str, Any]:
        """The fields and what follows from them, in JSON's types."""
        table = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
        derived = ("difference", "more_rows", "verdict", "sentence")
        return {**table, "accuracy": list(self.accuracy), **{key: getattr(self, key) for key in derived}}

    def _evidence(self, difference: float, bounds: Interval) -> str:
        low, high = map(wording.points, bounds)
        corrected = f" for {self.together} comparisons" if self.together > 1 else ""
        behind = f"{low} to {high}, {wording.p_value(self.adjusted)}{corrected}, {counted(self.n, 'row')}"
        return f"{wording.points(difference)} points ({behind})"

    def _outlook(self) -> str:
        if not self.more_rows:
            return ""
        return f"; {wording.about(self.more_rows)} more labelled rows would be needed if it goes on like this"


def compare(
    a: Scores,
    b: Scores,
    *,
    names: tuple[str, str] = ("the first", "the second"),
    about: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
    seed: int = 0,
) -> Comparison:
    """Compare b with a on the labelled rows that both have, matched by id; what differs in ``about`` becomes a note.

    ``about`` holds each one's record; its keys dtype and split are looked at. Raises DataError when the
    labels differ, when no row is shared, when ids are not unique, or when a shared row has two labels.
    """
    _require_same_labels(a, b, names)
    rows_a, rows_b = _shared_rows(a, b, names)
    right_a, right_b = _right(a, rows_a), _right(b, rows_b)
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    p = mcnemar_exact(only_a, only_b)
    return Comparison(
        names=names,
        n=len(rows_a),
        correct=(int(right_a.sum()), int(right_b.sum())),
        only_first=only_a,
        only_second=only_b,
        interval=paired_bootstrap(right_a, right_b, seed=seed),
        p=p,
        adjusted=p,
        notes=(*_overlap_note(a, b, len(rows_a), names), *_unlike(about, names)),
    )


def compare_many(
    scores: Mapping[str, Scores], *, about: Mapping[str, Mapping[str, Any]] | None = None, seed: int = 0
) -> list[Comparison]:
    """Every one after the first compared with the first, the p-values adjusted together (Holm)."""
    assert scores
    records = about or {}
    first, *others = scores
    alone = [
        compare(
            scores[first],
            scores[name],
            names=(first, name),
            about=(records.get(first, {}), records.get(name, {})),
            seed=seed,
        )
        for name in others
    ]
    adjusted = holm([one.p for one in alone])
    return [replace(one, adjusted=p, together=len(alone)) for one, p in zip(alone, adjusted, strict=True)]


def compare_runs(runs: Sequence[Run], *, seed: int = 0) -> list[Comparison]:
    """Every stored run after the first compared with the first.

    Raises ConfigError for fewer than two runs or one without scores, DataError for runs on different data.
    """
    if len({run.id for run in runs}) < max(2, len(runs)):
        raise ConfigError("A comparison needs two different runs or more.")
    for run in runs[1:]:
        _require_same_data(runs[0], run)
    scores, about = {}, {}
    for run in runs:
        if run.scores is None:
            raise ConfigError(
                f"Run {run.id} kept no scores of single rows, so it cannot be compared. Evaluate it again."
            )
        scores[f"run {run.id}"] = run.scores
        about[f"run {run.id}"] = run.result
    return compare_many(scores, about=about, seed=seed)


def _require_same_data(a: Run, b: Run) -> None:
    """DataError unless both read the same data: ids are mostly row numbers, which other data have too."""
    if a.fingerprint == b.fingerprint:
        return
    if a.task != b.task:
        raise DataError(
            f"Run {a.id} is on {shorten(a.task, 60)!r} and run {b.id} on {shorten(b.task, 60)!r}. "
            "Only runs on the same data can be compared."
        )
    if a.fingerprint and b.fingerprint:
        raise DataError(
            f"The data {shorten(a.task, 60)!r}, or the columns and labels read from them, changed between run {a.id} "
            f"and run {b.id}: evaluate both again."
        )


def _require_same_labels(a: Scores, b: Scores, names: tuple[str, str]) -> None:
    for one, other, name in ((a, b, names[0]), (b, a, names[1])):
        extra = [label for label in one.labels if label not in other.labels]
        if extra:
            shown = listed(repr(shorten(label, 40)) for label in extra)
            raise DataError(
                f"{names[0]} and {names[1]} have different labels: {shown} only in {name}. "
                "Only evaluations with the same labels can be compared."
            )


def _shared_rows(a: Scores, b: Scores, names: tuple[str, str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the rows that both label stand in a and in b."""
    place_a, place_b = _places(a, names[0]), _places(b, names[1])
    shared = [row for row in place_a if row in place_b]
    if not shared:
        sizes = f"{names[0]} has {counted(a.n, 'labelled row')} and {names[1]} {b.n:,}"
        raise DataError(f"{sizes}, and they share none. Evaluate both on the same file and split.")
    for row in shared:
        labels = a.labels[a.targets[place_a[row]]], b.labels[b.targets[place_b[row]]]
        if labels[0] != labels[1]:
            raise DataError(
                f"Row {shorten(row, 40)!r} has the label {shorten(labels[0], 40)!r} in {names[0]} and "
                f"{shorten(labels[1], 40)!r} in {names[1]}: "
                "these are not the same rows. Evaluate both on the same file and split."
            )
    return np.array([place_a[row] for row in shared]), np.array([place_b[row] for row in shared])


def _places(scores: Scores, name: str) -> dict[str, int]:
    """Row id -> index, of the labelled rows."""
    labelled = np.flatnonzero(scores.targets >= 0).tolist()
    places = {scores.ids[row]: row for row in labelled}
    if len(places) < len(labelled):
        raise DataError(f"Several rows of {name} have the same id, so rows cannot be matched. Make the ids unique.")
    return places


def _right(scores: Scores, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    right: NDArray[np.bool_] = (scores.predictions == scores.targets)[rows]
    return right


def _overlap_note(a: Scores, b: Scores, shared: int, names: tuple[str, str]) -> tuple[str, ...]:
    if shared == a.n == b.n:
        return ()
    rows = f"the {counted(shared, 'row')} that both have"
    return (f"Compared on {rows}; {names[0]} has {a.n:,} labelled rows and {names[1]} {b.n:,}.",)


def _unlike(about: tuple[Mapping[str, Any], Mapping[str, Any]], names: tuple[str, str]) -> tuple[str, ...]:
    """A sentence for each thing in the records that makes a difference hard to read."""
    first, second = about
    sentences = {
        "dtype": "{0} computed in {2} and {1} in {3}: a small difference may come from that alone.",
        "split": "{0} is on {2} rows and {1} on {3} rows.",
    }
    return tuple(
        sentence.format(*names, first[key], second[key])
        for key, sentence in sentences.items()
        if first.get(key) and second.get(key) and first[key] != second[key]
    )
