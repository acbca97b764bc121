"""Label scores from words: identities, values by hand, agreement of the folded and the general path."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_words import COMBINES, ONE, SEVERAL, label_words, scores
from tiny_models import EVERY, examples, reading, tiny
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model import NeedsReading, Readout
from promptlab.scoring import WordVerbalizer
from promptlab.template import Template
from promptlab.verbalizer import Calibration, Combine, LabelWords, Pieces, Word

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie", "")
TEMPLATE = "{text} It was {mask}"


@pytest.fixture(scope="module")
def readout() -> Readout:
    """Share it: what is remembered in it must not change any answer."""
    return reading(tiny("bert"), TEMPLATE, TEXTS)


@pytest.mark.parametrize("name", EVERY)
def test_one_word_a_label_scores_as_the_softmax_over_the_words(name: str) -> None:
    readout = reading(tiny(name), TEMPLATE, TEXTS)
    by_hand = readout.words(["great", "terrible"])[:, 0].log_softmax(-1)
    for combine in COMBINES:
        torch.testing.assert_close(scores(readout, label_words(ONE, combine=combine)), by_hand, atol=1e-5, rtol=1e-5)


def test_scores_are_log_probabilities_over_the_labels(readout: Readout) -> None:
    for combine in COMBINES:
        total = scores(readout, label_words(SEVERAL, combine=combine)).exp().sum(-1)
        torch.testing.assert_close(total, torch.ones(len(TEXTS)))


def test_several_words_are_combined_as_written_by_hand(readout: Readout) -> None:
    great, good, fine, terrible, bad, okay = readout.words(["great", "good", "fine", "terrible", "bad", "okay"])[:, 0].T
    weighted = torch.stack([great, good + torch.tensor(2.0).log(), fine + torch.tensor(0.5).log()])
    by_hand = {
        "mean": [(great + 2 * good + 0.5 * fine) / 3.5, (terrible + bad) / 2, okay],
        "logsumexp": [weighted.logsumexp(0), torch.logaddexp(terrible, bad), okay],
        "max": [weighted.amax(0), torch.maximum(terrible, bad), okay],
    }
    for combine in COMBINES:
        expected = torch.stack(by_hand[combine], -1).log_softmax(-1)
        found = scores(readout, label_words(SEVERAL, combine=combine))
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("combine", COMBINES)
@pytest.mark.parametrize("name", ["bert", "gemma2"])
def test_permuted_labels_give_permuted_columns(combine: Combine, name: str) -> None:
    readout = reading(tiny(name), TEMPLATE, TEXTS)
    order = ["mid", "pos", "neg"]
    plain = scores(readout, label_words(SEVERAL, combine=combine))
    permuted = scores(readout, label_words({label: SEVERAL[label] for label in order}, combine=combine))
    torch.testing.assert_close(permuted, plain[:, [2, 0, 1]], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("combine", COMBINES)
@settings(max_examples=15)
@given(shared=st.sampled_from(["film", "story", "yes", "no", "war", "cheap"]))
def test_a_word_added_to_every_label_never_changes_the_likeliest_when_labels_have_as_many_words(
    combine: Combine, shared: str
) -> None:
    """For the mean and the sum of probabilities; a maximum may tie at the shared word, and nothing else."""
    readout = reading(tiny("bert"), TEMPLATE, TEXTS)
    pairs = {"pos": ["great", "good"], "neg": ["terrible", "bad"]}
    before = scores(readout, label_words(pairs, combine=combine))
    after = scores(readout, label_words({label: [*row, shared] for label, row in pairs.items()}, combine=combine))
    tied = (after[:, 0] - after[:, 1]).abs() < 1e-6
    if combine != "max":
        assert not tied.any()
    assert torch.equal(before.argmax(-1)[~tied], after.argmax(-1)[~tied])


def test_with_unequal_counts_the_sum_favours_the_larger_label_and_the_mean_does_not(readout: Readout) -> None:
    """Words of equal probability: copies of one word. Two of them weigh log 2 more as a sum, nothing as a mean."""
    words = {"a": [Word("great", provenance="one"), Word("great", provenance="two")], "b": ["great"]}
    evidence = {
        combine: WordVerbalizer(label_words(words, combine=combine)).evidence(replace(readout, memo={}))
        for combine in COMBINES
    }
    for combine, more in (("mean", 0.0), ("max", 0.0), ("logsumexp", 0.6931472)):
        difference = evidence[combine][:, 0] - evidence[combine][:, 1]  # type: ignore[index]
        torch.testing.assert_close(difference, torch.full((len(TEXTS),), more), atol=1e-5, rtol=0)


@pytest.mark.parametrize("combine", COMBINES)
def test_equal_weights_of_any_size_are_no_weights_where_they_are_relative(combine: Combine, readout: Readout) -> None:
    threes = {
        label: [(word, 3.0) for word in row]
        for label, row in {"pos": ["great", "good"], "neg": ["bad", "terrible"]}.items()
    }
    ones = {label: [word for word, _ in row] for label, row in threes.items()}
    torch.testing.assert_close(
        scores(readout, label_words(threes, combine=combine)), scores(readout, label_words(ones, combine=combine))
    )


@pytest.mark.parametrize("combine", COMBINES)
def test_words_that_are_off_or_weigh_nothing_do_not_count(combine: Combine, readout: Readout) -> None:
    more = {"pos": ["great", Word("good", on=False)], "neg": [("bad", 0.0), "terrible"]}
    torch.testing.assert_close(
        scores(readout, label_words(more, combine=combine)), scores(readout, label_words(ONE, combine=combine))
    )


def test_a_label_without_a_word_that_counts_is_refused() -> None:
    with pytest.raises(ConfigError, match="The label 'neg' has no words that count"):
        WordVerbalizer(label_words({"pos": ["great"], "neg": [Word("bad", on=False)]}))


def test_pieces_of_a_word_at_one_slot_by_hand(readout: Readout) -> None:
    lm = tiny("bert")
    ids = lm.tokens.ids("not relevant politics")
    assert len(ids) > 2
    each = readout.tokens(ids)[:, 0]
    phrase = "not relevant politics"
    for pieces, expected in (("first", each[:, 0]), ("mean", each.mean(-1)), ("max", each.amax(-1))):
        found = readout.words([phrase], pieces=pieces)[:, 0, 0]  # type: ignore[arg-type]
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
        words = label_words({"a": [phrase, "great"], "b": ["bad"]}, pieces=pieces)  # type: ignore[arg-type]
        great, bad = readout.words(["great", "bad"])[:, 0].T
        by_hand = torch.stack([(expected + great) / 2, bad], -1).log_softmax(-1)
        torch.testing.assert_close(scores(readout, words), by_hand, atol=1e-5, rtol=1e-5)


def general(readout: Readout, words: LabelWords, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """The scores by the path that takes every word apart."""
    with monkeypatch.context() as patch:
        patch.setattr("promptlab.model.output.OutputLayer.is_linear", False)
        patch.setattr(WordVerbalizer, "_folded", None)
        return scores(readout, words)


FOLDED: dict[str, dict[str, Any]] = {
    "one word": ONE,
    "several words and weights": SEVERAL,
    "words of several pieces": {"pos": ["not relevant", "great"], "neg": [("very good indeed", 3.0), "bad"]},
}


@pytest.mark.parametrize("words", FOLDED)
@pytest.mark.parametrize("pieces", ["first", "mean"])
@pytest.mark.parametrize("name", ["bert", "gpt2", "t5", "bart", "deberta-v2", "opt"])
def test_the_mean_of_rows_is_the_mean_of_words(
    name: str, pieces: Pieces, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    readout = reading(tiny(name), TEMPLATE, TEXTS)
    table = label_words(FOLDED[words], pieces=pieces)
    torch.testing.assert_close(scores(readout, table), general(readout, table, monkeypatch), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["bert", "bart", "t5", "roberta"])
def test_the_mean_of_rows_is_the_mean_of_words_with_several_slots(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    readout = reading(tiny(name), "{text} It was {mask} and {mask}, yes.", TEXTS)
    table = label_words({"a": [Word(("great", "good")), Word(("fine", "true"), 2.0)], "b": [Word(("bad", "terrible"))]})
    found = scores(readout, table)
    torch.testing.assert_close(found, general(readout, table, monkeypatch), atol=1e-5, rtol=1e-5)
    both = readout.words([Word(("great", "good")), Word(("fine", "true")), Word(("bad", "terrible"))]).sum(1)
    by_hand = torch.stack([(both[:, 0] + 2 * both[:, 1]) / 3, both[:, 2]], -1).log_softmax(-1)
    torch.testing.assert_close(found, by_hand, atol=1e-5, rtol=1e-5)


def test_with_several_slots_each_slot_reads_its_own_text() -> None:
    readout = reading(tiny("bert"), "{text} It was {mask} and {mask}, yes.", TEXTS)
    lm = tiny("bert")
    one, two = readout.words([Word(("great", "bad"))])[..., 0].T
    great, bad = (lm.tokens.ids(text)[0] for text in ("great", "bad"))
    torch.testing.assert_close(one, readout.tokens([great])[:, 0, 0])
    torch.testing.assert_close(two, readout.tokens([bad])[:, 1, 0])


def test_a_soft_cap_is_never_folded() -> None:
    readout = reading(tiny("gemma2"), TEMPLATE, TEXTS)
    assert not readout.output.is_linear
    great, good, terrible = readout.words(["great", "good", "terrible"])[:, 0].T
    by_hand = torch.stack([(great + good) / 2, terrible], -1).log_softmax(-1)
    found = scores(readout, label_words({"pos": ["great", "good"], "neg": ["terrible"]}))
    torch.testing.assert_close(found, by_hand, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("scale", ["logit_scale", "logits_scaling"])
def test_a_scale_of_the_logits_is_part_of_both_paths(scale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from promptlab.model import OutputLayer

    model = tiny("llama3").model
    monkeypatch.setattr(model.config, scale, 4.0, raising=False)
    output = OutputLayer(model)
    assert output.scale == (4.0 if scale == "logit_scale" else 0.25)
    plain = reading(tiny("llama3"), TEMPLATE, TEXTS)
    readout = replace(plain, output=output, log_norm=output.log_norm(plain.vectors), memo={})
    table = label_words(SEVERAL)
    torch.testing.assert_close(scores(readout, table), general(readout, table, monkeypatch), atol=1e-5, rtol=1e-5)
    assert (scores(readout, table) - scores(plain, table)).abs().max() > 0.01


def test_words_read_whole_count_as_read(readout: Readout) -> None:
    table = label_words({"a": ["not relevant", "great"], "b": ["bad"]}, pieces="whole")
    with pytest.raises(NeedsReading, match="not relevant"):
        WordVerbalizer(table)(readout)
    lm, template = tiny("bert"), Template.parse(TEMPLATE)
    needed = WordVerbalizer(table).whole_words(lm, template)
    assert [str(word) for word in needed] == ["not relevant"]
    cured = lm.read_words(template, examples(TEXTS), readout, needed)
    great, bad = readout.words(["great", "bad"])[:, 0].T
    by_hand = torch.stack([(cured.columns["not relevant"] + great) / 2, bad], -1).log_softmax(-1)
    torch.testing.assert_close(WordVerbalizer(table)(cured), by_hand, atol=1e-5, rtol=1e-5)


def test_a_calibration_is_divided_out_and_raw_scores_stay(readout: Readout) -> None:
    words = replace(label_words(ONE), calibration=Calibration("batch", label_prior=(-0.2, -1.7)))
    verbalizer = WordVerbalizer(words)
    raw = verbalizer.raw(readout)
    torch.testing.assert_close(raw, scores(readout, label_words(ONE)))
    torch.testing.assert_close(verbalizer(readout), (raw - torch.tensor([-0.2, -1.7])).log_softmax(-1))


def test_scores_in_bfloat16_are_worked_out_in_float32() -> None:
    readout = reading(tiny("bert", "bfloat16"), TEMPLATE, TEXTS)
    assert readout.hidden.dtype == torch.bfloat16
    for combine in COMBINES:
        assert WordVerbalizer(label_words(SEVERAL, combine=combine))(readout).dtype == torch.float32
