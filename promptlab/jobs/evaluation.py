"""Evaluate a classifier on labelled rows: events while it reads, scores and a result at the end."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from promptlab.errors import DataError
from promptlab.jobs.support import Support, calibrate_on
from promptlab.model import LanguageModel, spell_words
from promptlab.model.language_model import ReadoutStore
from promptlab.model.reading import WINDOW
from promptlab.pipeline import Ensemble, Pipeline, as_scores
from promptlab.results import Event, Note, Progress, Scores
from promptlab.scoring.calibrate import lopsided
from promptlab.scoring.words import calibrated
from promptlab.task import Example
from promptlab.text import counted
from promptlab.verbalizer import Calibration, to_table

Classifier = Pipeline | Ensemble
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


def evaluate(
    classifier: Classifier, rows: Rows, *, support: Support | None = None, cache: ReadoutStore | None = None
) -> Generator[Event, None, Evaluation]:
    """Read the rows and score them; yields Progress and Note, returns an Evaluation.

    ``support`` says which calibration is fitted on which texts; without it a calibration that the words carry already
    is used as it is. Raises DataError when there is no row, ConfigError for a calibration of an ensemble.
    """
    if len(rows.examples) == 0:
        raise DataError("There is no labelled row to evaluate on.")
    lm = model_of(classifier)
    calls, started = lm.calls, time.perf_counter()
    warnings = list(_awkward(classifier))
    yield from (Note("warning", warning) for warning in warnings)
    raw = torch.empty(len(rows.examples), len(classifier.labels))
    cut_rows = cut_pieces = done = 0
    for places, values, cut in _read(classifier, rows.examples, cache):
        raw[places] = values
        cut_rows, cut_pieces = cut_rows + int((cut > 0).sum()), cut_pieces + int(cut.sum())
        done += len(places)
        yield Progress(done, len(rows.examples))
    raw_scores = as_scores(classifier.labels, raw, rows.examples)
    if support is not None:
        classifier = calibrate_on(classifier, support, raw, cache=cache)
        if support.kind == "batch" and (warning := lopsided(raw_scores.confusion().sum(axis=1).tolist())):
            warnings.append(warning)
            yield Note("warning", warning)
    kept = _calibration(classifier)
    scores = raw_scores
    if kept is not None:
        scores = replace(raw_scores, values=calibrated(raw, kept.label_prior).numpy())
    seconds = time.perf_counter() - started
    result = {
        **_head(classifier, rows),
        **scores.figures(),
        "calibration": None
        if kept is None
        else {"kind": kept.kind, "support": kept.support, "raw": raw_scores.figures()},
        "cut": {"rows": cut_rows, "pieces": cut_pieces},
        "warnings": warnings,
        "calls": lm.calls - calls,
        "seconds": round(seconds, 3),
        "rows_per_second": round(len(rows.examples) / seconds, 1),
        "token_budget": lm.token_budget,
    }
    return Evaluation(scores, raw_scores, classifier, result)


def finish(
    events: Generator[Event, None, Evaluation], listen: Callable[[Event], object] = lambda event: None
) -> Evaluation:
    """Run an evaluation to its end; ``listen`` is given each event."""
    while True:
        try:
            listen(next(events))
        except StopIteration as end:
            evaluation: Evaluation = end.value
            return evaluation


def model_of(classifier: Classifier) -> LanguageModel:
    """The language model that a pipeline, or every member of an ensemble, uses."""
    return classifier.lm if isinstance(classifier, Pipeline) else classifier.members[0].lm


def _read(
    classifier: Classifier, examples: Sequence[Example], cache: ReadoutStore | None
) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """Rows as they are read: their places, uncalibrated log-probabilities over labels, pieces cut from each."""
    if isinstance(classifier, Pipeline):
        for shard in classifier.read(examples, cache=cache):
            yield shard.rows.tolist(), classifier.verbalizer.raw(shard), shard.cut
        return
    for start in range(0, len(examples), WINDOW):
        part = examples[start : start + WINDOW]
        values = classifier.logprobs(part, cache=cache)
        yield list(range(start, start + len(part))), values, torch.zeros(len(part))


def _calibration(classifier: Classifier) -> Calibration | None:
    words = classifier.words if isinstance(classifier, Pipeline) else None
    return words.calibration if words is not None else None


def _awkward(classifier: Classifier) -> Iterator[str]:
    """What is awkward about the label words for this model, and facts that the model carries."""
    yield from model_of(classifier).notes
    if not isinstance(classifier, Pipeline) or classifier.words is None:
        return
    spelt = spell_words(classifier.lm, classifier.template, classifier.words)
    problems = list(dict.fromkeys(problem for word in spelt for problem in word.problems))
    yield from problems[:_MOST_WARNINGS]
    if len(problems) > _MOST_WARNINGS:
        more = counted(len(problems) - _MOST_WARNINGS, "more label word")
        yield f"{more} like that: promptlab words check lists them."


def _head(classifier: Classifier, rows: Rows) -> dict[str, Any]:
    """What was evaluated, with what."""
    lm = model_of(classifier)
    about: dict[str, Any] = {
        "task": rows.task,
        "split": rows.split,
        "model": lm.name,
        "revision": lm.revision,
        "fingerprint": lm.state_key(),
        "family": lm.family,
        "dtype": lm.dtype,
        "device": str(lm.device),
        "path": "plain",
    }
    if isinstance(classifier, Ensemble):
        return {
            **about,
            "template": [str(member.template) for member in classifier.members],
            "words": None,
            "demonstrations": sum(len(member.demonstrations) for member in classifier.members),
        }
    template = {"template": str(classifier.template), "template_name": classifier.template.name}
    words = {} if classifier.words is None else to_table(replace(classifier.words, calibration=None))
    return {
        **about,
        **template,
        "words": words,
        "words_name": classifier.words.name if classifier.words else "",
        "demonstrations": len(classifier.demonstrations),
    }
