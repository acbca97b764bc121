"""Evaluations and explanations of verbalizers without words: what they say of themselves, and what they leave out."""

import json

import pytest
from made_verbalizers import FirstNumbers

from promptlab.cli.figures import result_lines
from promptlab.jobs import Rows, evaluate, explain, finish
from promptlab.model import Depth, LanguageModel
from promptlab.pipeline import Ensemble, Pipeline
from promptlab.results import wording
from promptlab.task import Example
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word

WORDS = LabelWords({"negative": (Word("terrible"),), "positive": (Word("great"),)})
TEMPLATE = Template.parse("{text} it was {mask}.")
ROWS = Rows([Example({"text": text}, label) for text, label in (("a great film", "positive"), ("dull", "negative"))])


def pipeline(lm: LanguageModel, *depths: Depth, kind: str = "linear") -> Pipeline:
    return Pipeline.of(lm, TEMPLATE, FirstNumbers(depths=depths, kind=kind))


def test_label_words_are_read_at_the_top(embedded: LanguageModel) -> None:
    result = finish(evaluate(Pipeline.of(embedded, TEMPLATE, WORDS), ROWS)).result
    assert (result["verbalizer"], result["depths"]) == ("words", ["top"])


@pytest.mark.parametrize(("kind", "depths"), [("linear", (3,)), ("mixed", (2, 4, "top"))])
def test_a_result_says_the_kind_and_the_depths_in_json(
    embedded: LanguageModel, kind: str, depths: tuple[Depth, ...]
) -> None:
    result = json.loads(json.dumps(finish(evaluate(pipeline(embedded, *depths, kind=kind), ROWS)).result))
    assert (result["verbalizer"], result["depths"]) == (kind, list(depths))
    assert (result["words"], result["pieces"], result["n"]) == ({}, None, 2)
    (line,) = [line for line in result_lines(result, width=80) if line.startswith("Verbalizer")]
    assert line.split(maxsplit=1)[1] == f"{kind}, {wording.depths(depths)}"


def test_an_ensemble_says_each_member_s_kind_and_every_depth_once(embedded: LanguageModel) -> None:
    members = (pipeline(embedded, 4), Pipeline.of(embedded, TEMPLATE, WORDS), pipeline(embedded, 2, 4, kind="soft"))
    result = finish(evaluate(Ensemble(members, (1.0, 1.0, 1.0)), ROWS)).result
    assert (result["verbalizer"], result["depths"]) == (["linear", "words", "soft"], [2, 4, "top"])


def test_an_explanation_below_the_top_has_labels_and_no_words(embedded: LanguageModel) -> None:
    one = pipeline(embedded, 3)
    seen = explain(one, ROWS.examples[0])
    assert (seen.verbalizer, seen.depths, seen.top, seen.words) == ("linear", (3,), (), ())
    values = one.logprobs(ROWS.examples[:1])[0].tolist()
    assert seen.labels == pytest.approx(dict(zip(one.labels, values, strict=True)))
    assert seen.prediction == one.labels[values.index(max(values))]
    table = json.loads(json.dumps(seen.to_json(), allow_nan=False))
    assert (table["verbalizer"], table["depths"], table["top"]) == ("linear", [3], [])


def test_an_explanation_at_the_top_without_words_still_has_the_likeliest(embedded: LanguageModel) -> None:
    plain = explain(Pipeline.of(embedded, TEMPLATE, WORDS), ROWS.examples[0])
    seen = explain(pipeline(embedded, 3, "top", kind="mixed"), ROWS.examples[0])
    assert [word for word, _ in seen.top[0]] == [word for word, _ in plain.top[0]]
    assert seen.words == () and seen.depths == (3, "top")
