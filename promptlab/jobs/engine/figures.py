"""Figures: what the application shows of an evaluation, in one shape everywhere."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from promptlab.errors import DataError
from promptlab.results import Scores, compare

if TYPE_CHECKING:
    from promptlab.jobs.engine.held import Baseline, Held
    from promptlab.jobs.engine.live import Judged, Reading
    from promptlab.model import Readout

# What there is of each figure before a row is read.
_NOTHING: Mapping[str, Any] = {
    "n": 0,
    "accuracy": None,
    "interval": None,
    "correct": 0,
    "majority": None,
    "per_label": {},
    "confusion": [],
    "macro_f1": None,
    "balanced_accuracy": None,
    "log_loss": None,
    "calibration": None,
    "delta": None,
    "cut": {"rows": 0, "pieces": 0},
    "warnings": [],
}
_THIS = "this one"


def figures(reading: "Reading", judged: "Judged", held: "Held", *, score_rev: int | None = None) -> dict[str, Any]:
    """The figures of the rows read so far, with their difference to the baseline; ``score_rev`` is that of the words
    (the reading's newest where it is None).
    """
    rev = reading.score_rev if score_rev is None else score_rev
    revisions = {"read_rev": reading.read_rev, "score_rev": rev}
    return {
        **_NOTHING,
        **_head(reading),
        **revisions,
        **measured(judged.scores),
        "calibration": _calibration(judged),
        "delta": delta(held.baseline, judged.scores, revisions, fingerprint=reading.task.fingerprint),
        "cut": cut(reading.snapshot()[0]),
        "warnings": [*reading.awkward(judged.pipeline), *judged.warnings],
    }


def no_figures(reading: "Reading", *, score_rev: int) -> dict[str, Any]:
    """The same while no row is read."""
    return {**_NOTHING, **_head(reading), "score_rev": score_rev}


def delta(
    baseline: "Baseline | None", scores: Scores, revisions: Mapping[str, int], *, fingerprint: str
) -> dict[str, Any] | None:
    """How the scores differ from the baseline's on the rows that both have, in numbers and words.

    None without a baseline, for the baseline itself, and where the two cannot be compared.
    """
    if baseline is None or scores.n == 0 or baseline.fingerprint != fingerprint:
        return None
    if all(baseline.figures.get(key) == number for key, number in revisions.items()):
        return None
    try:
        found = compare(baseline.scores, scores, names=(baseline.name or "the baseline", _THIS))
    except DataError:
        return None
    return {
        "difference": found.difference,
        "verdict": found.verdict,
        "sentence": found.sentence,
        "against": baseline.name,
        "n": found.n,
    }


def cut(readout: "Readout") -> dict[str, int]:
    """How many rows lost pieces, and how many pieces."""
    return {"rows": int((readout.cut > 0).sum()), "pieces": int(readout.cut.sum())}


def _head(reading: "Reading") -> dict[str, Any]:
    """Which rows these are, and what reading them has taken so far."""
    read, seconds = reading.read, reading.seconds
    return {
        "read_rev": reading.read_rev,
        "score_rev": reading.score_rev,
        "total": len(reading.rows),
        "complete": reading.complete,
        "labels": list(reading.task.labels),
        "split": reading.split,
        "rows": reading.sentence,
        "calls": reading.calls,
        "from_cache": read > 0 and reading.calls == 0,
        "seconds": round(seconds, 3),
        "rate": round(read / seconds, 1) if read and seconds > 0 else None,
    }


def measured(scores: Scores) -> dict[str, Any]:
    """What is measured on labelled rows; nothing where there are none."""
    tally = scores.tally
    if tally.n == 0:
        return {}
    return {
        "n": tally.n,
        "accuracy": tally.accuracy,
        "interval": list(tally.interval()),
        "correct": tally.correct,
        "majority": tally.majority._asdict(),
        "per_label": {label: one._asdict() for label, one in tally.per_label.items()},
        "confusion": tally.confusion.tolist(),
        "macro_f1": tally.macro_f1,
        "balanced_accuracy": tally.balanced_accuracy,
        "log_loss": tally.log_loss,
    }


def _calibration(judged: "Judged") -> dict[str, Any] | None:
    """The calibration in the scores, beside what they are without it."""
    words = judged.pipeline.words
    kept = words.calibration if words is not None else None
    if kept is None or judged.raw.n == 0:
        return None
    raw = {"accuracy": judged.raw.accuracy, "interval": list(judged.raw.interval())}
    return {"kind": kept.kind, "support": kept.support, "raw": raw}
