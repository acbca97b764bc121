"""Whole-word masking: whole words only, about the share asked for, targets nowhere else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import tiny
from tiny_tokenizers import TEXTS

from promptlab.model.training.corpus import read_corpus
from promptlab.model.training.masking import choose_words, hide
from promptlab.model.training.objectives import NOTHING, objective_of
from promptlab.model.training.packing import Packed, Window

MASK, PLAIN = 1_000, np.arange(2_000, 2_100)


def window_of(words: list[int], separators: set[int] = frozenset()) -> Window:  # type: ignore[assignment]
    """A row of words of these sizes; the words with these numbers are separators of one piece."""
    begins = np.concatenate([np.arange(size) == 0 for size in words])
    numbers = np.repeat(np.arange(len(words)), words)
    return Window(np.arange(len(begins)), begins, ~np.isin(numbers, sorted(separators)))


WORDS = st.lists(st.integers(1, 6), min_size=1, max_size=40)


@given(words=WORDS, share=st.sampled_from((0.15, 0.4)), seed=st.integers(0, 1000))
def test_only_whole_words_are_chosen_and_at_least_one(words: list[int], share: float, seed: int) -> None:
    chosen = choose_words(window_of(words), np.random.default_rng(seed), share=share)
    by_word = np.split(chosen, np.cumsum(words)[:-1])
    assert all(part.all() or not part.any() for part in by_word)
    assert chosen.any()
    assert chosen.sum() <= max(share * len(chosen) + 3, max(words))


def test_the_share_is_met_on_average() -> None:
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(400):
        window = window_of([int(size) for size in rng.integers(1, 5, 50)])
        shares.append(choose_words(window, rng, share=0.15).mean())
    assert np.mean(shares) == pytest.approx(0.15, abs=0.003)


def test_separators_are_never_chosen() -> None:
    window = window_of([2, 1, 1, 2, 1], separators={1, 4})
    for seed in range(200):
        chosen = choose_words(window, np.random.default_rng(seed), share=0.5)
        assert not chosen[~window.is_text].any()


def test_a_very_long_word_is_hidden_in_parts_of_six() -> None:
    chosen = choose_words(window_of([40]), np.random.default_rng(0), share=0.15)
    assert chosen.sum() == 6


def test_hidden_pieces_are_masked_replaced_and_kept_as_eight_to_one_to_one() -> None:
    window = window_of([1] * 50_000)
    chosen = np.arange(50_000) % 2 == 0
    ids = hide(window, chosen, np.random.default_rng(0), mask=MASK, plain=PLAIN)
    assert (ids[~chosen] == window.ids[~chosen]).all()
    masked, replaced = (ids[chosen] == MASK).mean(), np.isin(ids[chosen], PLAIN).mean()
    assert masked == pytest.approx(0.8, abs=0.01) and replaced == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("name", ["bert", "roberta", "deberta-v2"])
def test_a_sample_has_the_frame_and_targets_where_words_are_hidden_alone(name: str) -> None:
    lm = tiny(name)
    corpus = read_corpus(TEXTS, lm.tokens)
    objective = objective_of(lm)
    windows = Packed(corpus, np.arange(len(corpus)), length=60, separator=objective.separator)
    for row in range(len(windows.lengths)):
        window, sample = windows[row], objective.sample(windows[row], np.random.default_rng(row))
        before, after = lm.around()
        full = [*before, *window.ids.tolist(), *after]
        targets = sample.labels != NOTHING
        assert len(sample.ids) == len(full) == len(window.ids) + objective.frame
        assert (sample.labels[targets] == np.array(full)[targets]).all()
        assert (sample.ids[~targets] == np.array(full)[~targets]).all()
        assert not set(sample.labels[targets].tolist()) & lm.tokens.special
