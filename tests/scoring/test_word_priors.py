"""Priors of words divided out: identities of the published methods, the folded path, frozen files, lopsided words."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_words import COMBINES, ONE, SEVERAL, label_words, scores
from tiny_models import examples, reading, tiny

from promptlab.errors import ConfigError
from promptlab.model import Readout
from promptlab.scoring import WordVerbalizer, calibrate_words, fit_prior, word_priors
from promptlab.scoring.calibrate import DRAWS, mean_of_probabilities, random_words
from promptlab.scoring.priors import lopsided_words, mean_logprobs
from promptlab.verbalizer import Calibration, Combine, LabelWords, Word, fit_labels

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie", "")
TEMPLATE = "{text} It was {mask}"


@pytest.fixture(scope="module")
def readout() -> Readout:
    """Share it: what is remembered in it must not change any answer."""
    return reading(tiny("bert"), TEMPLATE, TEXTS)


def with_priors(words: LabelWords, priors: dict[str, float]) -> LabelWords:
    return replace(words, calibration=Calibration("word", word_prior=priors))


def fitted(words: LabelWords, readout: Readout) -> LabelWords:
    return calibrate_words(words, word_priors(readout, words.every_word(), pieces=words.pieces), "word", support="4")


def constant(readout: Readout) -> Readout:
    """A model that gives every piece the same logit on every text."""
    output = tiny("gpt2").output
    assert output.bias is None
    hidden = torch.zeros(len(readout), 1, output.width)
    spelling = reading(tiny("gpt2"), TEMPLATE, TEXTS[:1]).spelling
    return replace(readout, hidden=hidden, output=output, spelling=spelling, log_norm=output.log_norm(hidden), memo={})


PRIORS = {"great": -1.0, "good": -4.0, "fine": -7.5, "terrible": -2.0, "bad": -6.0, "okay": -3.0}


def test_priors_are_divided_out_of_each_word_before_words_are_combined(readout: Readout) -> None:
    great, good, fine, terrible, bad, okay = (readout.words(list(PRIORS))[:, 0] - torch.tensor(list(PRIORS.values()))).T
    weighted = torch.stack([great, good + math.log(2.0), fine + math.log(0.5)])
    by_hand = {
        "mean": [(great + 2 * good + 0.5 * fine) / 3.5, (terrible + bad) / 2, okay],
        "logsumexp": [weighted.logsumexp(0), torch.logaddexp(terrible, bad), okay],
        "max": [weighted.amax(0), torch.maximum(terrible, bad), okay],
    }
    for combine in COMBINES:
        words = with_priors(label_words(SEVERAL, combine=combine), PRIORS)
        expected = torch.stack(by_hand[combine], -1).log_softmax(-1)
        for _ in range(2):  # the second time from what is remembered
            torch.testing.assert_close(WordVerbalizer(words)(readout), expected, atol=1e-5, rtol=1e-5)
        raw = scores(readout, replace(words, calibration=None))
        torch.testing.assert_close(WordVerbalizer(words).raw(readout), raw)


def test_other_priors_are_not_taken_from_what_is_remembered(readout: Readout) -> None:
    for combine in COMBINES:
        words = label_words(SEVERAL, combine=combine)
        for priors in (PRIORS, {word: value * 2 for word, value in PRIORS.items()}, PRIORS):
            calibrated = with_priors(words, priors)
            torch.testing.assert_close(WordVerbalizer(calibrated)(readout), scores(readout, calibrated))


@pytest.mark.parametrize("combine", COMBINES)
@given(shift=st.floats(-50, 50))
def test_one_number_added_to_every_prior_changes_nothing(combine: Combine, readout: Readout, shift: float) -> None:
    words = label_words(SEVERAL, combine=combine)
    shifted = with_priors(words, {word: value + shift for word, value in PRIORS.items()})
    torch.testing.assert_close(
        scores(readout, shifted), scores(readout, with_priors(words, PRIORS)), atol=1e-4, rtol=1e-4
    )


@pytest.mark.parametrize("combine", COMBINES)
@settings(max_examples=20)
@given(pos=st.permutations(["great", "good", "fine", "okay"]), neg=st.permutations(["bad", "poor", "awful"]))
def test_priors_of_a_constant_model_are_uniform_and_change_nothing(
    combine: Combine, readout: Readout, pos: list[str], neg: list[str]
) -> None:
    words = label_words({"pos": pos, "neg": neg}, combine=combine)
    stub = constant(readout)
    priors = word_priors(stub, words.every_word(), pieces="first")
    assert priors == pytest.approx([-math.log(stub.output.weight.shape[0])] * 7, abs=1e-4)
    on_real = reading(tiny("gpt2"), TEMPLATE, TEXTS)
    calibrated = calibrate_words(words, priors, "word", support="")
    torch.testing.assert_close(scores(on_real, calibrated), scores(on_real, words), atol=1e-4, rtol=1e-4)


def test_a_premise_that_is_the_text_itself_leaves_nothing_to_say(readout: Readout) -> None:
    """PMI: where P(word | text) = P(word | premise) all scores are 0, which is even shares."""
    one = readout.select(torch.tensor([1]))
    words = label_words(ONE)
    priors = one.words(words.every_word())[0, 0].tolist()
    found = scores(one, calibrate_words(words, priors, "pmi", support=""))
    torch.testing.assert_close(found, torch.full((1, 2), math.log(0.5)))


def test_pmi_is_the_difference_of_two_log_probabilities(readout: Readout) -> None:
    words = label_words({label: [*row] for label, row in ONE.items()})
    premise = readout.select(torch.tensor([3]))
    priors = premise.words(words.every_word())[0, 0]
    by_hand = (readout.words(["great", "terrible"])[:, 0] - priors).log_softmax(-1)
    found = scores(readout, calibrate_words(words, priors.tolist(), "pmi", support=""))
    torch.testing.assert_close(found, by_hand, atol=1e-5, rtol=1e-5)


def test_a_prior_of_a_word_is_its_mean_probability_over_the_texts(readout: Readout) -> None:
    probabilities = readout.words(["great", "bad"])[:, 0].exp().mean(0)
    found = word_priors(readout, [Word("great"), Word("bad")], pieces="first")
    assert found == pytest.approx(probabilities.log().tolist(), abs=1e-5)
    assert found == pytest.approx(fit_prior(readout.words(["great", "bad"])[:, 0]))


def test_mean_logits_and_mean_log_probabilities_calibrate_alike(readout: Readout) -> None:
    """KPT's code divides softmaxes of logits over the label words, renormalises and averages their logs."""
    words = label_words({"pos": ["great", "good"], "neg": ["bad", "poor"]})
    logits = readout.words(words.every_word())[:, 0] + readout.log_norm
    divided = logits.softmax(-1) / logits.mean(0).softmax(-1)
    logs = (divided / divided.sum(-1, keepdim=True)).log()
    by_hand = torch.stack([logs[:, :2].mean(-1), logs[:, 2:].mean(-1)], -1).log_softmax(-1)
    priors = mean_logprobs(readout, words.every_word(), pieces="first")
    found = scores(readout, calibrate_words(words, priors, "word", support=""))
    torch.testing.assert_close(found, by_hand, atol=1e-5, rtol=1e-5)


def test_the_papers_label_score_is_the_mean_of_calibrated_probabilities(readout: Readout) -> None:
    words = label_words({"pos": ["great", "good", Word("fine", on=False)], "neg": ["bad"]})
    calibrated = fitted(mean_of_probabilities(words), readout)
    shares = readout.words(words.every_word())[:, 0].exp()
    ratios = shares / shares.mean(0)
    by_hand = torch.stack([ratios[:, :2].mean(-1), ratios[:, 2]], -1)
    found = scores(readout, calibrated).exp()
    torch.testing.assert_close(found, by_hand / by_hand.sum(-1, keepdim=True), atol=1e-5, rtol=1e-5)
    assert [word.weight for word in calibrated.words["pos"]] == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("combine", COMBINES)
def test_one_row_alone_is_scored_as_in_the_batch(combine: Combine, readout: Readout) -> None:
    words = fitted(label_words(SEVERAL, combine=combine), readout)
    for row in range(len(TEXTS)):
        alone = scores(readout.select(torch.tensor([row])), words)
        torch.testing.assert_close(alone, scores(readout, words)[row : row + 1], atol=1e-5, rtol=1e-5)


def test_priors_of_words_with_several_slots() -> None:
    readout = reading(tiny("bert"), "{text} It was {mask} and {mask}, yes.", TEXTS)
    words = label_words({"a": [Word(("great", "good"))], "b": [Word(("bad", "terrible"))]})
    calibrated = fitted(words, readout)
    assert (
        set(calibrated.calibration.word_prior or {}) == {"great good", "bad terrible"} if calibrated.calibration else 0
    )
    both = readout.words(words.every_word()).sum(1)
    by_hand = (both - both.exp().mean(0).log()).log_softmax(-1)
    torch.testing.assert_close(scores(readout, calibrated), by_hand, atol=1e-4, rtol=1e-4)


def test_gradients_flow_past_priors(readout: Readout) -> None:
    for combine in COMBINES:
        hidden = readout.hidden.clone().requires_grad_()
        words = with_priors(label_words(SEVERAL, combine=combine), PRIORS)
        WordVerbalizer(words)(replace(readout, hidden=hidden, memo={}))[:, 0].sum().backward()
        assert hidden.grad is not None and (hidden.grad.abs().sum((1, 2)) > 0).all()


def test_a_word_that_the_calibration_does_not_know_is_refused_with_the_remedy() -> None:
    words = with_priors(label_words(ONE), {"great": -1.0})
    with pytest.raises(ConfigError, match=r"no prior for the word 'terrible'.*promptlab words calibrate"):
        WordVerbalizer(words)
    assert WordVerbalizer(words.with_words("neg", (Word("bad"),))).words.calibration is None


def test_priors_of_words_follow_renamed_and_reordered_labels() -> None:
    words = with_priors(label_words(ONE), {"great": -1.0, "terrible": -2.0})
    fit = fit_labels(words, ["Neg", "Pos"])
    assert fit.labels == ("Neg", "Pos") and fit.calibration == words.calibration


def test_random_words_of_the_domain_are_seeded_and_of_average_length() -> None:
    texts = examples(["one two three four five six", "seven eight", ""])
    drawn = random_words(texts, ["text"], seed=3)
    assert len(drawn) == DRAWS and drawn == random_words(texts, ["text"], seed=3)
    assert drawn != random_words(texts, ["text"], seed=4)
    known = {"one", "two", "three", "four", "five", "six", "seven", "eight"}
    for each in drawn:
        found = each.fields["text"].split()
        assert len(found) == 3 and set(found) <= known
    with pytest.raises(ConfigError, match="no words to draw from"):
        random_words(examples(["", " "]), ["text"], seed=1)


@pytest.mark.parametrize(
    ("priors", "sentence"),
    [
        ({"great": 0.4, "terrible": 0.01}, "'great' is 40x likelier than 'terrible' before any text."),
        ({"great": 0.01, "terrible": 0.1}, "'terrible' is 10x likelier than 'great' before any text."),
        ({"great": 0.2, "terrible": 0.05}, ""),
    ],
)
def test_a_word_far_likelier_than_another_is_said(priors: dict[str, float], sentence: str) -> None:
    found = lopsided_words(label_words(ONE), {word: math.log(value) for word, value in priors.items()})
    assert found.startswith(sentence) and bool(found) == bool(sentence)


def test_labels_of_several_words_are_compared_as_they_are_combined() -> None:
    words = {"pos": ["great", "good"], "neg": ["bad", "poor"]}
    shares = {"great": 0.9, "good": 1e-4, "bad": 1e-2, "poor": 1e-2}
    priors = {word: math.log(share) for word, share in shares.items()}
    assert lopsided_words(label_words(words), priors) == ""  # the means of the logs are alike
    found = lopsided_words(label_words(words, combine="max"), priors)
    assert found.startswith("The words of 'pos' are 90x likelier than those of 'neg' before any text.")
