"""Calibrate label words in one or several ways, each fitted on its texts, all measured on the same rows."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from promptlab.errors import ConfigError
from promptlab.jobs.plan import Plan
from promptlab.jobs.support import EVENS_OUT, choose_support, fit_calibration
from promptlab.jobs.words.setting import described, one_prompt, read_whole
from promptlab.model import LanguageModel, Readout
from promptlab.model.language_model import ReadoutStore
from promptlab.pipeline import Pipeline, as_scores
from promptlab.results import Event, Note, Scores
from promptlab.scoring import content_free, word_priors
from promptlab.scoring.calibrate import lopsided
from promptlab.scoring.priors import lopsided_words
from promptlab.template import Template
from promptlab.verbalizer import CalibrationKind, LabelWords, to_table


@dataclass(frozen=True)
class CalibratedWords:
    """The words with one kind of calibration frozen into them, the texts that it was fitted on, and their scores."""

    kind: CalibrationKind
    support: str
    words: LabelWords
    scores: Scores


@dataclass(frozen=True)
class Calibrations:
    """The scores without calibration, and each kind's on the same rows."""

    raw: Scores
    kinds: tuple[CalibratedWords, ...]
    about: dict[str, Any]

    def to_json(self) -> list[dict[str, Any]]:
        """A result for each kind, in JSON's types."""
        raw = self.raw.figures()
        return [
            {
                **self.about,
                **one.scores.figures(),
                "calibration": {"kind": one.kind, "support": one.support, "raw": raw},
                "words": to_table(one.words),
            }
            for one in self.kinds
        ]


def calibrate_by_kinds(
    plan: Plan,
    lm: LanguageModel,
    kinds: Sequence[CalibrationKind] = (),
    *,
    premise: Template | None = None,
    seed: int = 13,
    cache: ReadoutStore | None = None,
) -> Generator[Event, None, Calibrations]:
    """Fit each kind and score the plan's rows with it; without ``kinds`` all of them, but those that lack texts.

    ``premise`` is what ``pmi`` divides by. Yields Progress and Note. Raises ConfigError for too few texts where a kind
    was named.
    """
    template, words = one_prompt(plan)
    if words.calibration is not None:
        yield Note("info", f"The words' own calibration ({words.calibration.kind}) is left out.")
    pipeline = Pipeline.of(lm, template, replace(words, calibration=None))
    fitted: list[tuple[CalibrationKind, Pipeline]] = []
    for kind in kinds or get_args(CalibrationKind):
        support = choose_support(kind, plan.task, plan.split, seed=seed, premise=premise)
        try:
            fitted.append((kind, (yield from fit_calibration(pipeline, support, plan.rows, cache=cache))))
        except ConfigError as error:
            if kinds:
                raise
            yield Note("info", f"Left out: {error}")
    readout = yield from read_whole(lm, template, plan.rows, words=words.every_word(), pieces=words.pieces, cache=cache)
    raw = as_scores(pipeline.labels, pipeline.verbalizer(readout), plan.rows)
    scored = tuple(_scored(kind, one, readout, plan) for kind, one in fitted)
    warning = lopsided(raw.confusion().sum(axis=1).tolist())
    if warning and any(kind in EVENS_OUT for kind, _ in fitted):
        yield Note("warning", warning)
    if warning := _before_any_text(pipeline, cache):
        yield Note("warning", warning)
    return Calibrations(raw, scored, described(plan, lm, template))


def _scored(kind: CalibrationKind, pipeline: Pipeline, readout: Readout, plan: Plan) -> CalibratedWords:
    words = pipeline.words
    assert words is not None and words.calibration is not None
    scores = as_scores(pipeline.labels, pipeline.verbalizer(readout), plan.rows)
    return CalibratedWords(kind, words.calibration.support, words, scores)


def _before_any_text(pipeline: Pipeline, cache: ReadoutStore | None) -> str:
    """A warning when some label words are far likelier than others over inputs without content."""
    assert pipeline.words is not None
    readout = Readout.join(pipeline.read(content_free(pipeline.fields), cache=cache))
    every = pipeline.words.every_word()
    priors = word_priors(readout, every, pieces=pipeline.words.pieces)
    return lopsided_words(pipeline.words, {str(word): prior for word, prior in zip(every, priors, strict=True)})
