"""What a model says at the slot: means over texts and contrasts of labels, against the whole vocabulary at once."""

import pytest
import torch
from tiny_models import tiny

from promptlab.errors import ConfigError
from promptlab.model import LanguageModel, Readout
from promptlab.scoring import WordVerbalizer, said
from promptlab.scoring.said import known_labels, likeliest, pseudo_labels, set_apart
from promptlab.scoring.vocabulary import SlotVocabulary, slot_vocabulary
from promptlab.task import Example
from promptlab.template import Template
from promptlab.verbalizer import parse_words

TEXTS = ("a fine film", "a dull film", "one of the best", "far too long", "warm and funny")
LABELS = ("good", "bad", "good", "bad", "good")
Read = tuple[LanguageModel, Readout, SlotVocabulary]


@pytest.fixture(params=["bert", "gemma3"])
def read(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Five texts read by a masked and by a causal model, whose vocabulary is scored in several blocks."""
    monkeypatch.setattr(said, "_BLOCK", 7)
    lm, template = tiny(request.param), Template.parse("{text} It was {mask}")
    readout = Readout.join(lm.read(template, [Example({"text": text}) for text in TEXTS]))
    return lm, readout, slot_vocabulary(lm, template, english=False)


def test_likeliest_is_the_mean_probability_over_texts(read: Read) -> None:
    _, readout, vocabulary = read
    probabilities = readout.tokens(vocabulary.ids)[:, 0].double().exp()  # (N, W)
    assert likeliest(readout, vocabulary).exp().tolist() == pytest.approx(probabilities.mean(0).tolist(), rel=1e-5)


def test_set_apart_is_the_difference_of_mean_log_probabilities(read: Read) -> None:
    _, readout, vocabulary = read
    logprobs = readout.tokens(vocabulary.ids)[:, 0]  # (N, W)
    apart = set_apart(readout, vocabulary, known_labels(LABELS, ("good", "bad")))
    good, bad = logprobs[[0, 2, 4]].mean(0), logprobs[[1, 3]].mean(0)
    assert apart[0].tolist() == pytest.approx((good - bad).tolist(), abs=1e-5)
    assert apart[1].tolist() == pytest.approx((bad - good).tolist(), abs=1e-5)


def test_words_that_are_rare_over_all_texts_set_nothing_apart(read: Read) -> None:
    _, readout, vocabulary = read
    apart = set_apart(readout, vocabulary, known_labels(LABELS, ("good", "bad")), most=3)
    kept = (apart[0] > -torch.inf).nonzero().flatten().tolist()
    assert sorted(kept) == sorted(likeliest(readout, vocabulary).topk(3).indices.tolist())


def test_a_label_without_texts_is_refused(read: Read) -> None:
    _, readout, vocabulary = read
    with pytest.raises(ConfigError, match="no texts"):
        set_apart(readout, vocabulary, known_labels(["good"] * 5, ("good", "bad")))


def test_pseudo_labels_are_batch_calibrated_predictions(read: Read) -> None:
    _, readout, vocabulary = read
    words = parse_words(f"good={vocabulary.words[0]} bad={vocabulary.words[1]}", ("good", "bad"))
    shares = pseudo_labels(readout, WordVerbalizer(words))
    assert shares.sum(1).tolist() == pytest.approx([1.0] * 5)
    raw = WordVerbalizer(words).raw(readout).double()  # what batch calibration divides out, worked out afresh
    unscaled = (raw - raw.exp().mean(0).log()).exp()
    assert torch.allclose(shares.double(), unscaled / unscaled.sum(1, keepdim=True), atol=1e-5)
