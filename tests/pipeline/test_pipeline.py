"""Calling pipelines: forms of input and output, ensembles, demonstrations."""

import pytest
import torch

from promptlab.errors import ConfigError, DataError, ModelError, TemplateError
from promptlab.model import LanguageModel
from promptlab.pipeline import Ensemble, Pipeline
from promptlab.task import Example
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word

WORDS = LabelWords({"negative": (Word("terrible"),), "positive": (Word("great"),)})
TEXTS = ["a great film", "an awful mess", "i liked it a lot", "dull and long"]


def pipeline(lm: LanguageModel, text: str = "{text} it was {mask}.", words: LabelWords = WORDS) -> Pipeline:
    return Pipeline.of(lm, Template.parse(text), words)


def test_a_list_gives_one_entry_a_text(embedded: LanguageModel) -> None:
    found = pipeline(embedded)(TEXTS)
    assert [entry["label"] for entry in found] == pipeline(embedded).predict(TEXTS)
    assert [set(entry) for entry in found] == [{"label", "score"}] * 4
    assert all(0.5 <= entry["score"] <= 1 for entry in found)


def test_one_text_gives_a_list_of_one(embedded: LanguageModel) -> None:
    assert pipeline(embedded)(TEXTS[0]) == pipeline(embedded)(TEXTS[:1])


def test_all_labels_come_sorted_and_add_up_to_one(embedded: LanguageModel) -> None:
    for entries in pipeline(embedded)(TEXTS, top_k=None):
        assert {entry["label"] for entry in entries} == {"negative", "positive"}
        assert entries[0]["score"] >= entries[1]["score"]
        assert sum(entry["score"] for entry in entries) == pytest.approx(1, abs=1e-5)


def test_a_generator_is_answered_by_an_iterator_that_reads_as_it_goes(embedded: LanguageModel) -> None:
    taken = []

    def texts():  # type: ignore[no-untyped-def]
        for number in range(5000):
            taken.append(number)
            yield "a great film"

    answers = pipeline(embedded)(texts())
    assert next(answers)["label"] == "positive"
    assert len(taken) < 5000


def test_an_empty_list_gives_an_empty_list(embedded: LanguageModel) -> None:
    assert pipeline(embedded)([]) == []
    assert pipeline(embedded).predict([]) == []


def test_pairs_come_as_tuples_or_by_name(embedded: LanguageModel) -> None:
    words = LabelWords({"no": (Word("no"),), "yes": (Word("yes"),)})
    pair = pipeline(embedded, "{premise}? {mask}, {hypothesis}", words)
    by_name = pair([{"premise": "it rains", "hypothesis": "it is wet"}], top_k=None)
    assert pair([("it rains", "it is wet")], top_k=None) == by_name


def test_a_missing_field_is_named(embedded: LanguageModel) -> None:
    with pytest.raises(DataError, match=r"Input 2 has no field 'text'.*it has txt.*Did you mean 'txt'"):
        pipeline(embedded)([{"text": "a"}, {"txt": "b"}])
    with pytest.raises(DataError, match="Input 1 has 2 texts, and the template has 1 field"):
        pipeline(embedded)([("a", "b")])


def test_a_pipeline_is_checked_when_it_is_made(embedded: LanguageModel) -> None:
    with pytest.raises(TemplateError, match=r"\{mask\}"):
        pipeline(embedded, "{text} it was good.")
    with pytest.raises(ConfigError, match="great"):
        pipeline(embedded, words=LabelWords({"a": (Word("great"),), "b": (Word("great"),)}))
    with pytest.raises(ConfigError, match="'b'"):
        pipeline(embedded, words=LabelWords({"a": (Word("great"),), "b": ()}))


def test_an_ensemble_of_one_pipeline_twice_is_that_pipeline(embedded: LanguageModel) -> None:
    one = pipeline(embedded)
    examples = [Example({"text": text}) for text in TEXTS]
    both = Ensemble((one, one), (1.0, 3.0))
    assert torch.allclose(both.logprobs(examples), one.logprobs(examples), atol=1e-5)


def test_a_weight_of_one_picks_its_member(embedded: LanguageModel) -> None:
    one, other = pipeline(embedded), pipeline(embedded, "just {mask}! {text}")
    examples = [Example({"text": text}) for text in TEXTS]
    picked = Ensemble((one, other), (0.0, 1.0)).logprobs(examples)
    assert torch.allclose(picked, other.logprobs(examples), atol=1e-5)


def test_members_of_an_ensemble_share_their_labels(embedded: LanguageModel) -> None:
    other = LabelWords({"bad": (Word("bad"),), "good": (Word("good"),)})
    with pytest.raises(ConfigError, match="same labels"):
        Ensemble((pipeline(embedded), pipeline(embedded, words=other)), (1.0, 1.0))


def test_demonstrations_change_the_answer_and_their_answers_are_written_in(embedded: LanguageModel) -> None:
    shown = (Example({"text": "what a bore"}, "negative", "1"), Example({"text": "so moving"}, "positive", "2"))
    template = Template.parse("{demos}{text} it was {mask}.")
    with_demos = Pipeline.of(embedded, template, WORDS, demonstrations=shown)
    (prompt,) = with_demos.encode([Example({"text": "fine work"})])
    read = embedded.tokens.read(prompt.ids)
    assert "what a bore it was terrible." in read and "so moving it was great." in read
    assert read.count("[MASK]") == 1
    without = Pipeline.of(embedded, template, WORDS)
    assert with_demos("fine work") != without("fine work")


def test_a_demonstration_with_an_unknown_label_is_refused(embedded: LanguageModel) -> None:
    template = Template.parse("{demos}{text} it was {mask}.")
    shown = (Example({"text": "what a bore"}, "negativ", "7"),)
    with pytest.raises(ConfigError, match=r"'7' has the label 'negativ'.*Did you mean 'negative'"):
        Pipeline.of(embedded, template, WORDS, demonstrations=shown)("x")


def test_text_that_names_a_special_piece_is_data(embedded: LanguageModel) -> None:
    (prompt,) = pipeline(embedded).encode([Example({"text": "[MASK] [SEP] [CLS]"})])
    special = embedded.tokens.tokenizer.all_special_ids
    assert sum(piece in special for piece in prompt.ids) == 3


def test_a_template_that_is_too_long_is_an_error_and_a_long_text_is_cut(embedded: LanguageModel) -> None:
    with pytest.raises(ModelError, match="shorten"):
        pipeline(embedded, "word " * 300 + "{text} {mask}")("x")
    (prompt,) = pipeline(embedded).encode([Example({"text": "word " * 400})])
    assert len(prompt.ids) == embedded.max_length and prompt.cut["text"] > 100


@pytest.mark.parametrize("inputs", [None, 7, [None], [1.5], ["fine", None]])
def test_what_is_no_text_is_said_in_words(inputs: object, embedded: LanguageModel) -> None:
    with pytest.raises(DataError, match="no text"):
        pipeline(embedded)(inputs)  # type: ignore[arg-type]


def test_a_label_word_cannot_be_a_special_piece(embedded: LanguageModel) -> None:
    with pytest.raises(ConfigError, match=r"'\[SEP\]' holds the name of a special piece"):
        pipeline(embedded, words=LabelWords({"a": (Word("[SEP]"),), "b": (Word("good"),)}))("x")
