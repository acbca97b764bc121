"""Evaluating: figures against plain loops, no model call for new words, calibration fitted and frozen."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from promptlab.errors import ConfigError, DataError
from promptlab.jobs import Rows, choose_support, evaluate, explain, finish
from promptlab.jobs.plan import make_plan
from promptlab.model import LanguageModel, ReadoutCache
from promptlab.pipeline import Ensemble, Pipeline
from promptlab.results import Note, Progress
from promptlab.spec import RunSpec
from promptlab.task import Example, load_task
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word

WORDS = LabelWords({"negative": (Word("terrible"),), "positive": (Word("great"),)})
OTHER = LabelWords({"negative": (Word("bad"), Word("awful")), "positive": (Word("good"), Word("nice"))})


@pytest.fixture(scope="module")
def rows() -> Rows:
    task = load_task("reviews")
    return Rows(task.dev, task.name, "dev", task.fingerprint)


def pipeline(lm: LanguageModel, text: str = "{text} it was {mask}.", words: LabelWords = WORDS) -> Pipeline:
    return Pipeline.of(lm, Template.parse(text), words)


def plain_loop(lm: LanguageModel, rows: Rows) -> list[str]:
    """Predictions of a loop that fills the template, tokenizes the whole text and looks at the full logits."""
    tokenizer, words = lm.tokens.tokenizer, ("terrible", "great")
    ids = [tokenizer.convert_tokens_to_ids(word) for word in words]
    found = []
    for example in rows.examples:
        inputs = tokenizer(f"{example.fields['text']} it was {tokenizer.mask_token}.", return_tensors="pt")
        at = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero().item()
        with torch.no_grad():
            logits = lm.model(**inputs).logits[0, at]
        found.append(("negative", "positive")[int(logits[ids].argmax())])
    return found


def test_predictions_equal_those_of_a_plain_loop(embedded: LanguageModel, rows: Rows) -> None:
    evaluation = finish(evaluate(pipeline(embedded), rows))
    predicted = [evaluation.scores.labels[place] for place in evaluation.scores.predictions]
    expected = plain_loop(embedded, rows)
    assert predicted == expected
    right = [label == example.label for label, example in zip(expected, rows.examples, strict=True)]
    assert evaluation.result["accuracy"] == pytest.approx(np.mean(right))


def test_other_words_cost_no_model_call(embedded: LanguageModel, rows: Rows) -> None:
    cache = ReadoutCache()
    first = finish(evaluate(pipeline(embedded), rows, cache=cache))
    second = finish(evaluate(pipeline(embedded, words=OTHER), rows, cache=cache))
    assert first.result["calls"] > 0
    assert second.result["calls"] == 0
    fresh = finish(evaluate(pipeline(embedded, words=OTHER), rows))
    assert np.allclose(second.scores.values, fresh.scores.values, atol=1e-5)


def test_another_template_is_read_anew(embedded: LanguageModel, rows: Rows) -> None:
    cache = ReadoutCache()
    finish(evaluate(pipeline(embedded), rows, cache=cache))
    other = finish(evaluate(pipeline(embedded, "just {mask}! {text}"), rows, cache=cache))
    assert other.result["calls"] > 0


def test_a_label_of_several_words_is_read_whole_once(embedded: LanguageModel, rows: Rows) -> None:
    words = LabelWords({"negative": (Word("not good"),), "positive": (Word("very good"),)}, pieces="whole")
    cache = ReadoutCache()
    first = finish(evaluate(pipeline(embedded, words=words), rows, cache=cache))
    second = finish(evaluate(pipeline(embedded, words=words), rows, cache=cache))
    assert first.result["calls"] > 0 and second.result["calls"] == 0
    assert np.allclose(first.scores.values, second.scores.values, atol=1e-5)


def test_progress_counts_every_row_once(embedded: LanguageModel, rows: Rows) -> None:
    events: list[object] = []
    finish(evaluate(pipeline(embedded), rows), events.append)
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert steps == sorted(set(steps)) and steps[-1] == len(rows.examples)


def test_the_result_is_json_and_says_what_was_read(embedded: LanguageModel, rows: Rows) -> None:
    result = json.loads(json.dumps(finish(evaluate(pipeline(embedded), rows)).result, allow_nan=False))
    wanted = (
        "task split n accuracy interval majority labels per_label confusion calibration template words model dtype cut"
    )
    assert set(wanted.split()) <= set(result)
    assert result["dtype"] == "float32" and result["path"] == "plain" and result["calibration"] is None


def test_awkward_words_are_said(embedded: LanguageModel, rows: Rows) -> None:
    events: list[object] = []
    words = LabelWords({"negative": (Word("lousy refunding"),), "positive": (Word("great"),)})
    evaluation = finish(evaluate(pipeline(embedded, words=words), rows), events.append)
    assert any(isinstance(event, Note) and "pieces" in event.text for event in events)
    assert evaluation.result["warnings"]


def test_batch_calibration_on_the_rows_themselves_makes_mean_shares_even(embedded: LanguageModel) -> None:
    task = load_task("reviews")
    rows = Rows(task.train, task.name, "train", task.fingerprint)
    support = choose_support("batch", task, "train", seed=13)
    assert support.texts is None
    evaluation = finish(evaluate(pipeline(embedded), rows, support=support))
    assert evaluation.result["calibration"]["kind"] == "batch"
    raw = np.exp(evaluation.raw.values, dtype=np.float64)
    expected = raw / raw.mean(axis=0)
    expected /= expected.sum(axis=1, keepdims=True)
    assert np.allclose(np.exp(evaluation.scores.values), expected, atol=1e-5)


def test_batch_calibration_is_fitted_on_train_texts_by_default(embedded: LanguageModel, rows: Rows) -> None:
    task = load_task("reviews")
    support = choose_support("batch", task, "dev", seed=13)
    assert support.texts is not None and {example.id for example in support.texts} <= {one.id for one in task.train}
    evaluation = finish(evaluate(pipeline(embedded), rows, support=support))
    assert "80 train texts of reviews" in evaluation.result["calibration"]["support"]
    assert evaluation.result["calibration"]["raw"]["accuracy"] == evaluation.raw.accuracy


def test_contextual_calibration_makes_its_own_inputs_even(embedded: LanguageModel, rows: Rows) -> None:
    task = load_task("reviews")
    support = choose_support("contextual", task, "dev", seed=13)
    fitted = finish(evaluate(pipeline(embedded), rows, support=support)).classifier
    assert isinstance(fitted, Pipeline)
    empty = [Example({"text": text}) for text in ("N/A", "", "something")]
    raw = pipeline(embedded).logprobs(empty).exp()
    prior = torch.tensor(fitted.words.calibration.label_prior).exp() if fitted.words and fitted.words.calibration else 0
    assert torch.allclose(raw.mean(0), prior, atol=1e-5)


def test_a_frozen_calibration_scores_one_row_as_in_the_batch(embedded: LanguageModel, rows: Rows) -> None:
    task = load_task("reviews")
    evaluation = finish(evaluate(pipeline(embedded), rows, support=choose_support("batch", task, "dev", seed=13)))
    alone = evaluation.classifier.logprobs(rows.examples[3:4])
    assert np.allclose(alone.numpy(), evaluation.scores.values[3:4], atol=1e-5)
    again = finish(evaluate(evaluation.classifier, rows))
    assert np.allclose(again.scores.values, evaluation.scores.values, atol=1e-6)


def test_batch_calibration_warns_of_lopsided_labels(embedded: LanguageModel) -> None:
    task = load_task("reviews")
    few = [example for example in task.dev if example.label == "positive"][:20]
    few += [example for example in task.dev if example.label == "negative"][:2]
    support = choose_support("batch", task, "dev", seed=13)
    evaluation = finish(evaluate(pipeline(embedded), Rows(few), support=support))
    assert any("10:1" in warning for warning in evaluation.result["warnings"])


def test_an_ensemble_is_evaluated_like_a_pipeline(embedded: LanguageModel, rows: Rows) -> None:
    one = pipeline(embedded)
    alone = finish(evaluate(one, rows))
    both = finish(evaluate(Ensemble((one, one), (1.0, 1.0)), rows))
    assert np.allclose(both.scores.values, alone.scores.values, atol=1e-5)
    with pytest.raises(ConfigError, match="ensemble"):
        support = choose_support("batch", load_task("reviews"), "dev", seed=13)
        finish(evaluate(Ensemble((one, one), (1.0, 1.0)), rows, support=support))


def test_no_rows_is_an_error(embedded: LanguageModel) -> None:
    with pytest.raises(DataError, match="no labelled row"):
        finish(evaluate(pipeline(embedded), Rows(())))


def test_what_was_cut_is_counted(embedded: LanguageModel) -> None:
    long = [Example({"text": "word " * 400}, "negative", "1"), Example({"text": "short"}, "positive", "2")]
    cut = finish(evaluate(pipeline(embedded), Rows(long))).result["cut"]
    assert cut["rows"] == 1 and cut["pieces"] > 100


def test_an_explanation_agrees_with_the_evaluation(embedded: LanguageModel, rows: Rows) -> None:
    evaluation = finish(evaluate(pipeline(embedded), rows))
    seen = explain(pipeline(embedded), rows.examples[0])
    assert list(seen.labels.values()) == pytest.approx(evaluation.scores.values[0].tolist(), abs=1e-5)
    assert "it was {mask}" in seen.prompt and "[MASK]" not in seen.prompt
    assert len(seen.top[0]) == 20 and seen.top[0][0][1] >= seen.top[0][19][1]
    great = next(word for word in seen.words if word.word == "great")
    assert seen.top[0][great.rank - 1][0] == "great" if great.rank <= 20 else True


def test_a_plan_says_what_it_chose() -> None:
    plan = make_plan(RunSpec(task="sample", limit=10))
    assert plan.split == "dev" and len(plan.rows) == 10 and len(plan.cells) == 1
    said = " ".join(plan.notes)
    for part in ("text column", "10 of 60 rows (seed 13)", "No template given", "No words given"):
        assert part in said


def test_a_plan_is_the_cross_product_of_what_fits() -> None:
    spec = RunSpec(task="sample", template=("{text} it was {mask}.", "sst2#in-summary"), words=("sst2",))
    plan = make_plan(spec)
    assert len(plan.cells) % 2 == 0 and len(plan.cells) >= 4


def test_demonstrations_that_do_not_fit_are_counted_and_said(embedded: LanguageModel, rows: Rows) -> None:
    task = load_task("reviews")
    template = Template.parse("{demos}{text} it was {mask}.")
    crowded = Pipeline.of(embedded, template, WORDS, demonstrations=task.train[:60])
    evaluation = finish(evaluate(crowded, Rows(rows.examples[:8])))
    cut = evaluation.result["cut"]
    prompts = crowded.encode(rows.examples[:8])
    assert cut["demonstrations"] == sum(prompt.dropped for prompt in prompts) > 0
    assert cut["rows_short"] == 8
    assert any("did not all fit" in warning for warning in evaluation.result["warnings"])


def test_an_ensemble_says_what_was_cut_and_what_is_awkward(embedded: LanguageModel) -> None:
    words = LabelWords({"negative": (Word("lousy refunding"),), "positive": (Word("great"),)})
    long = [Example({"text": "word " * 400}, "negative", "1"), Example({"text": "short"}, "positive", "2")]
    one = pipeline(embedded, words=words)
    alone = finish(evaluate(one, Rows(long))).result
    both = finish(evaluate(Ensemble((one, pipeline(embedded)), (1.0, 1.0)), Rows(long))).result
    assert both["cut"]["pieces"] >= alone["cut"]["pieces"] > 100
    assert set(alone["warnings"]) <= set(both["warnings"]) and alone["warnings"]


def test_reading_whole_words_is_announced_with_its_cost(embedded: LanguageModel, rows: Rows) -> None:
    words = LabelWords({"negative": (Word("not good"),), "positive": (Word("very good"),)}, pieces="whole")
    events: list[object] = []
    result = finish(evaluate(pipeline(embedded, words=words), rows), events.append).result
    said = [event.text for event in events if isinstance(event, Note)]
    assert "2 label words must be read whole, which takes 4 more passes over the rows." in said
    assert result["pieces"] == "whole" and result["combine"] == "mean"


def test_a_calibration_of_an_ensemble_is_refused_before_anything_is_read(embedded: LanguageModel, rows: Rows) -> None:
    calls = embedded.calls
    support = choose_support("batch", load_task("reviews"), "dev", seed=13)
    with pytest.raises(ConfigError, match="members"):
        finish(evaluate(Ensemble((pipeline(embedded),), (1.0,)), rows, support=support))
    assert embedded.calls == calls


def test_words_that_a_reading_lacks_are_read_when_it_is_scored(embedded: LanguageModel, rows: Rows) -> None:
    (readout,) = embedded.read(Template.parse("{text} it was {mask}."), rows.examples[:3])
    words = LabelWords({"negative": (Word("not good"),), "positive": (Word("very good"),)}, pieces="whole")
    scored = pipeline(embedded, words=words).score(readout, rows.examples[:3])
    fresh = pipeline(embedded, words=words).logprobs(rows.examples[:3])
    assert torch.allclose(scored[readout.rows.argsort()], fresh, atol=1e-5)


def test_a_word_read_whole_has_no_rank(embedded: LanguageModel, rows: Rows) -> None:
    words = LabelWords({"negative": (Word("not good"),), "positive": (Word("great"),)}, pieces="whole")
    seen = explain(pipeline(embedded, words=words), rows.examples[0])
    assert [word.rank is None for word in seen.words] == [True, False]


def test_a_plan_needs_two_labels(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("text,label\nfine,good\nnice,good\nwell,good\n")
    with pytest.raises(DataError, match=r"two labels or more.*'good'"):
        make_plan(RunSpec(task=str(tmp_path / "one.csv"), label="label"))
