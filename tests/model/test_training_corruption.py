"""Encoder-decoder targets, against an example written by hand; next pieces; the loss against transformers' own."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import tiny
from tiny_tokenizers import TEXTS

from promptlab.model.training.corpus import read_corpus
from promptlab.model.training.corruption import choose_spans, with_masks, with_sentinels
from promptlab.model.training.loss import collate, count_targets, parts, summed_loss
from promptlab.model.training.objectives import NOTHING, Objective, Sample, objective_of
from promptlab.model.training.packing import Starts, Window
from promptlab.model.training.validation import Validation

# "Thank you for inviting me to your party last week", a piece a word.
WORDS = np.arange(10)
SPANS = [(2, 4), (8, 9)]


def test_sentinels_stand_for_spans_and_the_target_names_them_and_ends_with_one_more() -> None:
    given_ids, target = with_sentinels(WORDS, SPANS, (100, 101, 102, 103))
    assert given_ids == [0, 1, 100, 4, 5, 6, 7, 101, 9]
    assert target == [100, 2, 3, 101, 8, 102]


def test_infilling_has_one_mask_a_span() -> None:
    assert with_masks(WORDS, SPANS, 50) == [0, 1, 50, 4, 5, 6, 7, 50, 9]


@given(length=st.integers(2, 300), most=st.integers(1, 30), seed=st.integers(0, 100))
def test_spans_make_up_the_share_in_order_and_apart(length: int, most: int, seed: int) -> None:
    spans = choose_spans(length, np.random.default_rng(seed), share=0.15, most=most)
    assert sum(end - start for start, end in spans) == min(max(round(length * 0.15), 1), length - 1)
    assert 1 <= len(spans) <= most
    edges = [0, *(edge for span in spans for edge in span), length]
    assert edges == sorted(edges) and all(start < end for start, end in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans)) and spans[0][0] > 0


def test_spans_are_three_pieces_long_on_average() -> None:
    spans = [span for seed in range(50) for span in choose_spans(120, np.random.default_rng(seed), share=0.15)]
    assert np.mean([end - start for start, end in spans]) == pytest.approx(3.0)


def row_of(ids: list[int]) -> Window:
    return Window(np.array(ids), np.ones(len(ids), bool), np.ones(len(ids), bool))


def test_t5_is_given_the_text_and_its_end_and_says_the_spans_and_an_end() -> None:
    lm = tiny("t5")
    ids = lm.tokens.ids("the film is great and the story is good")
    sample = objective_of(lm).sample(row_of(ids), np.random.default_rng(3))
    end = lm.tokens.tokenizer.eos_token_id
    first, second = lm.sentinels[:2]  # type: ignore[attr-defined]
    (start, stop) = choose_spans(len(ids), np.random.default_rng(3), share=0.15)[0]
    assert sample.ids.tolist() == [*ids[:start], first, *ids[stop:], end]
    assert sample.labels.tolist() == [first, *ids[start:stop], second, end]
    assert sample.decoder is not None
    assert sample.decoder.tolist() == [lm.model.config.decoder_start_token_id, *sample.labels.tolist()[:-1]]


def test_bart_repeats_the_whole_text_in_its_frame() -> None:
    lm = tiny("bart")
    ids = lm.tokens.ids("the film is great and the story is good")
    sample = objective_of(lm).sample(row_of(ids), np.random.default_rng(3))
    before, after = lm.around()
    assert sample.labels.tolist() == [*before, *ids, *after]
    assert sample.ids.tolist().count(lm.mark(0)[0]) == 1


@pytest.mark.parametrize("name", ["gpt2", "gemma3"])
def test_a_causal_model_says_the_next_piece_behind_its_own_start(name: str) -> None:
    lm = tiny(name)
    sample = objective_of(lm).sample(row_of([40, 41, 42]), np.random.default_rng(0))
    full = [*lm.around()[0], 40, 41, 42]
    assert sample.ids.tolist() == full and sample.labels.tolist() == [*full[1:], NOTHING]


@pytest.mark.parametrize("name", ["bert", "deberta-v2", "modernbert", "gpt2", "gemma2", "t5", "bart"])
def test_the_loss_is_the_models_own_over_its_full_output(name: str) -> None:
    lm = tiny(name)
    objective = objective_of(lm)
    corpus = read_corpus(TEXTS[:6], lm.tokens)
    rows = Starts(corpus, np.arange(6), length=40)
    samples = [objective.sample(rows[row], np.random.default_rng(row)) for row in range(6)]
    expected = 0.0
    for sample in samples:  # each alone, without padding
        inputs = {"input_ids": torch.from_numpy(sample.ids)[None]}
        if sample.decoder is not None:
            inputs["decoder_input_ids"] = torch.from_numpy(sample.decoder)[None]
        with torch.no_grad():
            scores = lm.model(**inputs).logits[0].log_softmax(-1)
        expected -= sum(float(scores[at, label]) for at, label in enumerate(sample.labels) if label != NOTHING)
    with torch.no_grad():
        assert float(summed_loss(lm, samples)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["bert", "deberta-v2", "gemma2", "t5"])
def test_scores_worked_out_in_chunks_give_the_same_loss_and_gradients(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = tiny(name)
    corpus = read_corpus(TEXTS[:4], lm.tokens)
    rows = Starts(corpus, np.arange(4), length=40)
    samples = [objective_of(lm, share=0.4).sample(rows[row], np.random.default_rng(row)) for row in range(4)]
    found: list[list[torch.Tensor]] = []
    lm.model.requires_grad_(True)
    weights = list(lm.model.parameters())
    for most in (1 << 26, 3 * lm.pieces):
        monkeypatch.setattr("promptlab.model.training.loss.MOST_SCORES", most)
        loss = summed_loss(lm, samples)
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        found.append([loss.detach(), *(gradient for gradient in gradients if gradient is not None)])
    lm.model.requires_grad_(False)
    assert count_targets(samples) > 3 and len(found[0]) == len(found[1])
    for whole, chunked in zip(*found, strict=True):
        assert torch.allclose(whole, chunked, rtol=1e-4, atol=1e-5)


def test_validation_looks_at_as_many_targets_whatever_the_family() -> None:
    sample = Sample(np.zeros(100, np.int64), np.full(100, 1))
    corpus = read_corpus(["the film"] * 400, tiny("bert").tokens)
    objective = Objective("all", 0, None, lambda window, rng: sample)
    validation = Validation.of(Starts(corpus, np.arange(400), length=4), objective, seed=1)
    assert count_targets(validation.samples) == 20_000


def test_a_batch_names_the_places_of_its_targets() -> None:
    samples = [
        Sample(np.array([5, 6, 7]), np.array([NOTHING, 60, 70])),
        Sample(np.array([8, 9]), np.array([80, NOTHING])),
    ]
    batch, targets = collate(samples, pad=0, device=torch.device("cpu"))
    assert batch.ids.tolist() == [[5, 6, 7], [8, 9, 0]] and batch.mask.tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch.slots.tolist() == [[1, 2], [0, 0]] and targets.tolist() == [[60, 70], [80, NOTHING]]


def test_parts_hold_every_sample_once_within_what_a_pass_may_hold() -> None:
    samples = [Sample(np.zeros(size, np.int64), np.full(size, 1)) for size in (4, 4, 4, 9, 2, 2)]
    assert [len(part) for part in parts(samples, pieces=9, vocabulary=10)] == [2, 1, 1, 2]
    assert [len(part) for part in parts(samples, pieces=99, vocabulary=1 << 24)] == [1, 1, 1, 1, 2]
