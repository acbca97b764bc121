"""Evaluate a classifier on labelled rows: events while it reads, scores and a result at the end."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import torch

from promptlab.errors import DataError
from promptlab.jobs.scored import Classifier, LeftOut, is_calibrated, read_scored
from promptlab.jobs.support import EVENS_OUT, Support, calibratable, fit_calibration
from promptlab.model import Depth, spell_words
from promptlab.model.language_model import ReadoutStore
from promptlab.model.readout import height
from promptlab.pipeline import Ensemble, Pipeline, as_scores
from promptlab.results import Event, Note, Progress, Scores
from promptlab.scoring.calibrate import lopsided
from promptlab.task import Example
from promptlab.text import counted
from promptlab.verbalizer import Calibration, to_table

T = TypeVar("T")

# Awkward words that are named one by one; the others are counted.
_MOST_WARNINGS = 6


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation leaves: scores as they count, scores before calibration, the classifier with its calibration
    frozen, and the result in JSON's types."""

    scores: Scores
    raw: Scores
    classifier: Classifier
    result: dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """The rows of an evaluation and where they come from."""

    examples: Sequence[Example]
    task: str = ""
    split: str = ""
    fingerprint: str = ""


@dataclass(frozen=True)
class Cost:
    """What reading the rows of an evaluation took: calls of the model, and seconds."""

    calls: int
    seconds: float


def evaluate(
    classifier: Classifier, rows: Rows, *, support: Support | None = None, cache: ReadoutStore | None = None
) -> Generator[Event, None, Evaluation]:
    """Read the rows and score them; yields Progress and Note, returns an Evaluation.

    ``support`` says which calibration is fitted on which texts, before the rows are read; without it a calibration that
    the words carry already is used as it is. Raises DataError when there is no row, ConfigError for a calibration of an
    ensemble and for too few texts to fit one.
    """
    if len(rows.examples) == 0:
        raise DataError("There is no labelled row to evaluate on.")
    fitted = None if support is None else calibratable(classifier)
    lm = classifier.lm
    calls, started = lm.calls, time.perf_counter()
    warnings = list(awkward(classifier))
    yield from (Note("warning", warning) for warning in warnings)
    yield from (Note("info", sentence) for sentence in _whole(classifier))
    if support is not None and fitted is not None:
        classifier = yield from fit_calibration(fitted, support, rows.examples, cache=cache)
    scores, raw, left_out = yield from _read(classifier, rows.examples, cache)
    late = [left_out.sentence(len(rows.examples), _shown(classifier))]
    if support is not None and support.kind in EVENS_OUT:
        late.append(lopsided(raw.confusion().sum(axis=1).tolist()))
    for warning in filter(None, late):
        warnings.append(warning)
        yield Note("warning", warning)
    cost = Cost(lm.calls - calls, time.perf_counter() - started)
    return as_evaluation(classifier, rows, scores, raw, left_out=left_out, warnings=warnings, cost=cost)


def as_evaluation(
    classifier: Classifier,
    rows: Rows,
    scores: Scores,
    raw: Scores,
    *,
    left_out: LeftOut,
    warnings: Sequence[str],
    cost: Cost,
) -> Evaluation:
    """The evaluation of rows that were read: ``classifier`` has its calibration in it, ``raw`` are scores without."""
    kept = _calibration(classifier)
    result = {
        **_head(classifier, rows),
        **scores.figures(),
        "calibration": kept and {"kind": kept.kind, "support": kept.support, "raw": raw.figures()},
        "cut": left_out.to_json(),
        "warnings": list(warnings),
        "calls": cost.calls,
        "seconds": round(cost.seconds, 3),
        "rows_per_second": round(len(scores) / max(cost.seconds, 1e-9), 1),
        "token_budget": classifier.lm.token_budget,
    }
    return Evaluation(scores, raw, classifier, result)


def finish(events: Generator[Event, None, T], listen: Callable[[Event], object] = lambda event: None) -> T:
    """Run long work to its end and return what it leaves; ``listen`` is given each event."""
    while True:
        try:
            listen(next(events))
        except StopIteration as end:
            outcome: T = end.value
            return outcome


def _read(
    classifier: Classifier, examples: Sequence[Example], cache: ReadoutStore | None
) -> Generator[Event, None, tuple[Scores, Scores, LeftOut]]:
    """The rows' scores as they count and before calibration, and what did not fit into the prompts."""
    raw = torch.empty(len(examples), len(classifier.labels))
    values = torch.empty_like(raw) if is_calibrated(classifier) else raw
    left_out, done = LeftOut(), 0
    for scored in read_scored(classifier, examples, cache=cache):
        raw[scored.places], values[scored.places] = scored.raw, scored.logprobs
        left_out.count(scored)
        done += len(scored.places)
        yield Progress(done, len(examples))
    raw_scores = as_scores(classifier.labels, raw, examples)
    scores = raw_scores if values is raw else replace(raw_scores, values=values.numpy())
    return scores, raw_scores, left_out


def _calibration(classifier: Classifier) -> Calibration | None:
    words = classifier.words if isinstance(classifier, Pipeline) else None
    return words.calibration if words is not None else None


def _members(classifier: Classifier) -> tuple[Pipeline, ...]:
    return classifier.members if isinstance(classifier, Ensemble) else (classifier,)


def _shown(classifier: Classifier) -> int:
    return max(len(member.demonstrations) for member in _members(classifier))


def _depths(classifier: Classifier) -> list[Depth]:
    """The depths that are read, each once, the lowest first."""
    return sorted({depth for member in _members(classifier) for depth in member.verbalizer.depths}, key=height)


def awkward(classifier: Classifier) -> Iterator[str]:
    """What is awkward about the label words for this model, and facts that the model carries."""
    yield from classifier.lm.notes
    problems: dict[str, None] = {}
    for member in _members(classifier):
        yield from member.lm.chat.notes(member.template)
        if member.words is not None:
            spelt = spell_words(member.lm, member.template, member.words)
            problems |= dict.fromkeys(problem for word in spelt for problem in word.problems)
    yield from list(problems)[:_MOST_WARNINGS]
    if len(problems) > _MOST_WARNINGS:
        more = counted(len(problems) - _MOST_WARNINGS, "more label word")
        yield f"{more} like that: promptlab words check lists them."


def _whole(classifier: Classifier) -> Iterator[str]:
    """What reading words whole will cost: a pass over the rows for each, or one for each of its pieces."""
    for member in _members(classifier):
        words = member.verbalizer.whole_words(member.lm, member.template)
        if words:
            pieces = sum(len(pieces[0]) for pieces in member.lm.word_ids(member.template, words))
            passes = pieces if member.lm.family == "masked" else len(words)
            cost = counted(passes, "more pass", "more passes")
            yield f"{counted(len(words), 'label word')} must be read whole, which takes {cost} over the rows."


def _head(classifier: Classifier, rows: Rows) -> dict[str, Any]:
    """What was evaluated, with what."""
    lm = classifier.lm
    about: dict[str, Any] = {
        "task": rows.task,
        "split": rows.split,
        "model": lm.name,
        "revision": lm.revision,
        "fingerprint": lm.state_key(),
        "family": lm.family,
        "quantization": lm.quantization,
        "dtype": lm.dtype,
        "device": str(lm.device),
        "path": "plain",
        "depths": _depths(classifier),
    }
    if isinstance(classifier, Ensemble):
        return {
            **about,
            "template": [str(member.template) for member in classifier.members],
            "verbalizer": [member.verbalizer.kind for member in classifier.members],
            "words": None,
            "demonstrations": _shown(classifier),
        }
    template = {"template": str(classifier.template), "template_name": classifier.template.name}
    words = {} if classifier.words is None else to_table(replace(classifier.words, calibration=None))
    return {
        **about,
        **template,
        "verbalizer": classifier.verbalizer.kind,
        "words": words,
        "words_name": classifier.words.name if classifier.words else "",
        "pieces": classifier.words.pieces if classifier.words else None,
        "combine": classifier.words.combine if classifier.words else None,
        "demonstrations": len(classifier.demonstrations),
    }
