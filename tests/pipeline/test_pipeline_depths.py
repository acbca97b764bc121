"""Pipelines whose verbalizer reads after a layer: they stop there, and read what a reading lacks."""

from collections.abc import Sequence

import pytest
import torch
from made_verbalizers import FirstNumbers

from promptlab.errors import ConfigError, ModelError
from promptlab.model import Depth, LanguageModel, Readout, ReadoutCache
from promptlab.pipeline import Ensemble, Pipeline
from promptlab.task import Example
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word

WORDS = LabelWords({"negative": (Word("terrible"),), "positive": (Word("great"),)})
TEMPLATE = Template.parse("{text} it was {mask}.")
ROWS = [Example({"text": text}) for text in ("a great film", "an awful mess", "i liked it a lot", "dull and long")]


def reading(lm: LanguageModel, *depths: Depth, words: Sequence[str] = ()) -> Readout:
    layers = [depth for depth in depths if depth != "top"]
    return Readout.join(lm.read(TEMPLATE, ROWS, depths=layers, top="top" in depths, words=words))


def pipeline(lm: LanguageModel, *depths: Depth, kind: str = "linear") -> Pipeline:
    return Pipeline.of(lm, TEMPLATE, FirstNumbers(depths=depths, kind=kind))


@pytest.mark.parametrize("depths", [(3,), (2, 4), (3, "top"), ("top",)])
def test_a_pipeline_reads_the_depths_of_its_verbalizer_and_no_more(
    embedded: LanguageModel, depths: tuple[Depth, ...]
) -> None:
    one = pipeline(embedded, *depths)
    (shard,) = one.read(ROWS)
    assert shard.depths == depths
    whole = reading(embedded, *range(1, 7), "top")
    torch.testing.assert_close(one.logprobs(ROWS), FirstNumbers(depths=depths)(whole), atol=1e-5, rtol=1e-5)
    expected = [one.labels[place] for place in one.verbalizer(whole).argmax(1)]
    assert one.predict([row.fields["text"] for row in ROWS]) == expected


def test_label_words_read_the_top_alone(embedded: LanguageModel) -> None:
    (shard,) = Pipeline.of(embedded, TEMPLATE, WORDS).read(ROWS)
    assert shard.depths == ("top",)


def test_a_reading_for_words_lacks_a_depth_which_is_read_then(embedded: LanguageModel) -> None:
    one, words = pipeline(embedded, 3), reading(embedded, "top")
    calls = embedded.calls
    assert torch.equal(one.score(words, ROWS), one.logprobs(ROWS))
    assert embedded.calls == calls + 2
    some = words.select(torch.tensor([2, 0]))
    assert torch.equal(one.score(some, ROWS), one.logprobs(ROWS)[[2, 0]])


def test_a_reading_that_stopped_lacks_the_top_which_is_read_then(embedded: LanguageModel) -> None:
    words, low = Pipeline.of(embedded, TEMPLATE, WORDS), reading(embedded, 3)
    torch.testing.assert_close(words.score(low, ROWS), words.logprobs(ROWS), atol=1e-6, rtol=1e-6)
    whole = words.with_words(LabelWords({"negative": (Word("not good"),), "positive": (Word("very good"),)}, "whole"))
    torch.testing.assert_close(whole.score(low, ROWS), whole.logprobs(ROWS), atol=1e-6, rtol=1e-6)


def test_a_reading_that_has_the_depth_is_scored_without_a_call(embedded: LanguageModel) -> None:
    readout, calls = reading(embedded, 3, 4), embedded.calls
    pipeline(embedded, 4).score(readout, ROWS)
    assert embedded.calls == calls


def test_members_of_an_ensemble_share_what_is_kept_and_read_what_they_need(embedded: LanguageModel) -> None:
    members = (pipeline(embedded, 3), Pipeline.of(embedded, TEMPLATE, WORDS), pipeline(embedded, 3, "top"))
    both, cache = Ensemble(members, (1.0, 1.0, 2.0)), ReadoutCache()
    calls = embedded.calls
    first = both.logprobs(ROWS, cache=cache)
    assert embedded.calls == calls + 2
    torch.testing.assert_close(both.logprobs(ROWS), first, atol=1e-5, rtol=1e-5)
    expected = sum(
        weight / 4 * member.logprobs(ROWS) for weight, member in zip(both.weights, members, strict=True)
    ).log_softmax(-1)
    torch.testing.assert_close(first, expected, atol=1e-5, rtol=1e-5)


def test_a_depth_that_the_model_lacks_is_refused_when_the_pipeline_is_made(embedded: LanguageModel) -> None:
    with pytest.raises(ModelError, match="Depth 7 is not in this model, which has 6 layers"):
        pipeline(embedded, 7)


def test_demonstrations_need_label_words_for_their_answers(embedded: LanguageModel) -> None:
    template, shown = Template.parse("{demos}{text} it was {mask}."), [Example({"text": "what a bore"}, "negative")]
    with pytest.raises(ConfigError, match=r"first word, and a verbalizer of the kind 'linear' has no label words"):
        Pipeline.of(embedded, template, FirstNumbers(depths=(3,)), demonstrations=shown)
