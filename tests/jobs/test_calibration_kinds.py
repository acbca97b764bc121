"""The five kinds of calibration in an evaluation: their texts, their identities, frozen in bundles and files."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

import promptlab
from promptlab.errors import ConfigError
from promptlab.jobs import Rows, choose_support, evaluate, finish
from promptlab.jobs.support import SUPPORT_ROWS, parse_premise
from promptlab.model import LanguageModel, ReadoutCache
from promptlab.pipeline import Ensemble, Pipeline, save
from promptlab.task import Example, load_task
from promptlab.template import Template
from promptlab.verbalizer import CalibrationKind, LabelWords, Word, read_words, save_words

CACHE = ReadoutCache()
KINDS: tuple[CalibrationKind, ...] = get_args(CalibrationKind)
WORDS = LabelWords(
    {"negative": (Word("terrible"), Word("bad")), "positive": (Word("great"), Word("good"))}, combine="logsumexp"
)


@pytest.fixture(scope="module")
def rows() -> Rows:
    task = load_task("reviews")
    return Rows(task.dev[:24], task.name, "dev", task.fingerprint)


def pipeline(lm: LanguageModel, words: LabelWords = WORDS) -> Pipeline:
    return Pipeline.of(lm, Template.parse("{text} it was {mask}."), words)


def fitted(lm: LanguageModel, rows: Rows, kind: CalibrationKind, words: LabelWords = WORDS) -> Pipeline:
    support = choose_support(kind, load_task("reviews"), "dev", seed=13)
    found = finish(evaluate(pipeline(lm, words), rows, support=support, cache=CACHE)).classifier
    assert isinstance(found, Pipeline)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_fitted_frozen_and_shown_beside_the_raw_figures(
    kind: CalibrationKind, embedded: LanguageModel, rows: Rows, tmp_path: Path
) -> None:
    support = choose_support(kind, load_task("reviews"), "dev", seed=13)
    evaluation = finish(evaluate(pipeline(embedded), rows, support=support, cache=CACHE))
    plain = finish(evaluate(pipeline(embedded), rows, cache=CACHE))
    assert np.allclose(evaluation.raw.values, plain.scores.values, atol=1e-5)
    assert not np.allclose(evaluation.scores.values, evaluation.raw.values, atol=1e-3)
    said = evaluation.result["calibration"]
    assert said["kind"] == kind and said["support"] and said["raw"]["accuracy"] == plain.scores.accuracy
    alone = evaluation.classifier.logprobs(rows.examples[5:6])
    assert np.allclose(alone.numpy(), evaluation.scores.values[5:6], atol=1e-5)
    loaded = promptlab.load(save(evaluation.classifier, tmp_path / "bundle"), embedded)
    again = finish(evaluate(loaded, rows, cache=CACHE))
    assert np.allclose(again.scores.values, evaluation.scores.values, atol=1e-6)
    assert np.allclose(again.raw.values, evaluation.raw.values, atol=1e-6)


@pytest.mark.parametrize("kind", ["word", "pmi"])
def test_priors_of_words_come_back_from_a_verbalizer_file(
    kind: CalibrationKind, embedded: LanguageModel, rows: Rows, tmp_path: Path
) -> None:
    words = fitted(embedded, rows, kind).words
    assert words is not None and words.calibration is not None
    save_words(words, tmp_path / "mine.toml", "mine")
    assert read_words(tmp_path / "mine.toml")["mine"].calibration == words.calibration


def test_priors_of_words_are_their_mean_probability_over_unlabelled_texts(embedded: LanguageModel, rows: Rows) -> None:
    task = load_task("reviews")
    words = fitted(embedded, rows, "word").words
    assert words is not None and words.calibration is not None and words.calibration.word_prior is not None
    assert words.calibration.label_prior is None and words.calibration.support.startswith("80 train texts of reviews")
    shards = list(pipeline(embedded).read(task.train))
    shares = torch.cat([shard.words(WORDS.every_word())[:, 0] for shard in shards]).exp().mean(0)
    assert list(words.calibration.word_prior.values()) == pytest.approx(shares.log().tolist(), abs=1e-4)


def test_the_premise_is_the_template_with_empty_fields_unless_one_is_given(embedded: LanguageModel, rows: Rows) -> None:
    empty = next(iter(pipeline(embedded).read([Example({"text": ""})])))
    words = fitted(embedded, rows, "pmi").words
    assert words is not None and words.calibration is not None
    found = list((words.calibration.word_prior or {}).values())
    assert found == pytest.approx(empty.words(WORDS.every_word())[0, 0].tolist(), abs=1e-4)
    assert words.calibration.support == "the template with empty fields"
    for text, template in (("The film was", "The film was {mask}"), ("All {mask} here", "All {mask} here")):
        support = choose_support("pmi", load_task("reviews"), "dev", seed=13, premise=parse_premise(text))
        own = finish(evaluate(pipeline(embedded), rows, support=support, cache=CACHE)).classifier
        assert isinstance(own, Pipeline) and own.words is not None and own.words.calibration is not None
        readout = next(iter(embedded.read(Template.parse(template), [Example({})])))
        assert list((own.words.calibration.word_prior or {}).values()) == pytest.approx(
            readout.words(WORDS.every_word())[0, 0].tolist(), abs=1e-4
        )
        assert own.words.calibration.support == f"the premise {template!r}"


def test_a_premise_has_no_field_and_as_many_slots_as_the_template(embedded: LanguageModel, rows: Rows) -> None:
    with pytest.raises(ConfigError, match="--premise has the field 'text'"):
        parse_premise("The {text} was {mask}")
    support = choose_support("pmi", load_task("reviews"), "dev", seed=1, premise=parse_premise("{mask} and {mask}"))
    with pytest.raises(ConfigError, match="The premise has 2 slots, and the template has 1 slot"):
        finish(evaluate(pipeline(embedded), rows, support=support, cache=CACHE))


def test_words_read_whole_have_priors_too(embedded: LanguageModel, rows: Rows) -> None:
    words = LabelWords({"negative": (Word("not good"),), "positive": (Word("very good"),)}, pieces="whole")
    few = replace(rows, examples=rows.examples[:10])
    for kind in ("word", "pmi"):
        support = choose_support(kind, replace(load_task("reviews"), train=()), "dev", seed=13)  # type: ignore[arg-type]
        evaluation = finish(evaluate(pipeline(embedded, words), few, support=support))
        alone = evaluation.classifier.logprobs(few.examples[2:3])
        assert np.allclose(alone.numpy(), evaluation.scores.values[2:3], atol=1e-4)


def test_the_domains_inputs_are_random_words_of_its_texts(embedded: LanguageModel, rows: Rows) -> None:
    words = fitted(embedded, rows, "domain").words
    assert words is not None and words.calibration is not None and words.calibration.label_prior is not None
    said = words.calibration.support
    assert said.startswith("20 inputs of random words out of 80 train texts of reviews")
    assert words.calibration == fitted(embedded, rows, "domain").words.calibration  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["batch", "word"])
def test_without_train_a_seeded_sample_of_the_evaluated_rows_is_read_first(
    kind: CalibrationKind, embedded: LanguageModel, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SUPPORT_ROWS, kind, 12)
    support = choose_support(kind, replace(load_task("reviews"), train=()), "dev", seed=13)
    assert support.texts is None
    evaluation = finish(evaluate(pipeline(embedded), rows, support=support, cache=CACHE))
    assert evaluation.result["calibration"]["support"].startswith("12 evaluated texts of reviews")
    other = finish(evaluate(pipeline(embedded), rows, support=replace(support, seed=14), cache=CACHE))
    assert not np.allclose(other.scores.values, evaluation.scores.values, atol=1e-6)


@pytest.mark.parametrize("kind", ["batch", "word", "domain"])
def test_too_few_texts_are_refused_with_what_needs_none(
    kind: CalibrationKind, embedded: LanguageModel, rows: Rows
) -> None:
    support = choose_support(kind, replace(load_task("reviews"), train=rows.examples[:9]), "dev", seed=13)
    with pytest.raises(ConfigError, match=f"'{kind}' needs 10 texts or more, and there are 9 texts.*contextual or pmi"):
        finish(evaluate(pipeline(embedded), rows, support=support, cache=CACHE))


def test_a_kind_is_fitted_anew_and_not_on_top_of_the_words_own(embedded: LanguageModel, rows: Rows) -> None:
    once = fitted(embedded, rows, "word")
    twice = fitted(embedded, rows, "word", once.words)  # type: ignore[arg-type]
    assert twice.words == once.words


def test_an_ensemble_adds_up_members_with_priors_of_words(embedded: LanguageModel, rows: Rows) -> None:
    member = fitted(embedded, rows, "word")
    both = finish(evaluate(Ensemble((member, member), (1.0, 3.0)), rows, cache=CACHE))
    assert np.allclose(both.scores.values, finish(evaluate(member, rows, cache=CACHE)).scores.values, atol=1e-5)


def test_a_calibrated_evaluation_reads_every_row_once(embedded: LanguageModel, rows: Rows) -> None:
    cache = ReadoutCache()
    support = choose_support("word", load_task("reviews"), "dev", seed=13)
    finish(evaluate(pipeline(embedded), rows, support=support, cache=cache))
    again = finish(evaluate(pipeline(embedded), rows, support=support, cache=cache))
    assert again.result["calls"] == 0
