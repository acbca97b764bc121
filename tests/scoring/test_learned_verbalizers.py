"""Verbalizers that learn: golden values, the library that they stand for, and what they equal before learning."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from made_readouts import planted_readout
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from torch.nn import functional

from promptlab.errors import ConfigError, DataError
from promptlab.model import Readout
from promptlab.scoring import Verbalizer, WordVerbalizer
from promptlab.scoring.learned.choose import choose
from promptlab.scoring.learned.folds import log_losses
from promptlab.scoring.learned.linear import fit_linear, fit_logistic
from promptlab.scoring.learned.prototypes import fit_means
from promptlab.scoring.learned.protoverb import fit_protoverb, instance_loss, prototype_loss
from promptlab.scoring.learned.slot_vectors import Standard, slot_vectors
from promptlab.scoring.learned.soft import SoftVerbalizer, fit_soft, soft_at_random, soft_from_words
from promptlab.scoring.learned.weighing import UNEVENNESS, fit_shares
from promptlab.scoring.mixture import MixedVerbalizer, z_scores
from promptlab.scoring.tables import from_parts, to_parts
from promptlab.scoring.weights import fit_weights
from promptlab.verbalizer import LabelWords, Word

LABELS = ("bad", "good", "okay")
WORDS = LabelWords(
    {"bad": (Word("terrible"), Word("awful")), "good": (Word("great"), Word("good")), "okay": (Word("fine"),)}
)


@pytest.fixture(scope="module")
def planted() -> tuple[Readout, Tensor]:
    return planted_readout(("terrible", "great", "fine"), 6)


def fits(readout: Readout, targets: Tensor) -> dict[str, Verbalizer]:
    """One of each kind."""
    linear = fit_linear(readout, targets, LABELS)
    words = WordVerbalizer(WORDS)
    return {
        "linear": linear,
        "means": fit_means(readout, targets, LABELS),
        "protoverb": fit_protoverb(readout, targets, LABELS),
        "soft": fit_soft(soft_at_random(readout, LABELS), readout, targets),
        "mixed": MixedVerbalizer((words, MixedVerbalizer((linear,), (2.0,))), (1.0, 0.5), "z-scores", 0.7),
        "words": words,
    }


def test_protoverb_losses_have_their_golden_values_on_equal_vectors() -> None:
    vectors, targets = torch.ones(12, 5), torch.arange(3).repeat_interleave(4)
    assert float(instance_loss(vectors, targets, 3)) == pytest.approx(0.732408, abs=1e-6)
    assert float(prototype_loss(vectors, torch.ones(3, 5), targets)) == pytest.approx(0.366204, abs=1e-6)


def test_protoverb_losses_equal_plain_loops_over_labels_of_different_size() -> None:
    vectors = torch.randn(7, 4, generator=torch.Generator().manual_seed(1))
    targets = torch.tensor([0, 0, 0, 1, 1, 2, 2])
    unit = functional.normalize(vectors, dim=1)
    total = 0.0
    for label in range(3):
        own = [row for row in range(7) if targets[row] == label]
        for i in own:
            against = sum(float((unit[i] @ unit[k]).exp()) for k in range(7) if targets[k] != label)
            for j in own:
                near = float((unit[i] @ unit[j]).exp())
                total -= float(torch.tensor(near / (near + against)).log()) / len(own) ** 2 / 9
    assert float(instance_loss(vectors, targets, 3)) == pytest.approx(total, abs=1e-5)


@pytest.mark.parametrize("count", [2, 3])
def test_linear_equals_scikit_learn(count: int) -> None:
    words = ("terrible", "great", "fine")[:count]
    readout, targets = planted_readout(words, 5)
    vectors = slot_vectors(readout, "top")
    rows = Standard.of(vectors)(vectors)
    weight, bias = fit_logistic(rows, targets, strength=0.1, tolerance=1e-7)
    theirs = LogisticRegression(C=0.1, tol=1e-7, max_iter=2000).fit(rows.double().numpy(), targets.numpy())
    ours = (rows @ weight.T + bias).log_softmax(-1)
    assert torch.allclose(ours.double(), torch.from_numpy(theirs.predict_log_proba(rows.double().numpy())), atol=1e-5)


def test_soft_vectors_begin_as_the_words(planted: tuple[Readout, Tensor]) -> None:
    readout, _ = planted
    start = soft_from_words(WORDS, readout)
    assert torch.allclose(start(readout), WordVerbalizer(WORDS)(readout), atol=1e-5)


def test_soft_counts_its_parameters() -> None:
    soft = SoftVerbalizer(("no", "yes"), "top", torch.zeros(2, 1024), torch.zeros(2))
    assert soft.parameters + 20 * 1024 == 22_528


def test_weights_that_learn_nothing_are_the_mean(planted: tuple[Readout, Tensor]) -> None:
    readout, targets = planted
    same = fit_weights(WORDS, readout, targets, steps=0)
    assert [word.weight for word in same.words["good"]] == [0.5, 0.5]
    assert torch.allclose(WordVerbalizer(same)(readout), WordVerbalizer(WORDS)(readout), atol=1e-5)


def test_weights_prefer_the_word_that_the_rows_say(planted: tuple[Readout, Tensor]) -> None:
    readout, targets = planted
    learnt = fit_weights(WORDS, readout, targets)
    for label, said in (("bad", "terrible"), ("good", "great")):
        weights = {str(word): word.weight for word in learnt.words[label]}
        assert sum(weights.values()) == pytest.approx(1) and max(weights, key=lambda word: weights[word]) == said


@pytest.mark.parametrize("name", ["linear", "means", "protoverb", "soft", "mixed", "words"])
def test_each_kind_learns_what_was_planted_and_comes_back_from_its_parts(
    name: str, planted: tuple[Readout, Tensor]
) -> None:
    readout, targets = planted
    verbalizer = fits(readout, targets)[name]
    logprobs = verbalizer(readout)
    assert logprobs.shape == (18, 3) and torch.allclose(logprobs.exp().sum(1), torch.ones(18), atol=1e-5)
    assert bool((logprobs.argmax(1) == targets).all())
    again = from_parts(*to_parts(verbalizer), where="here")
    assert again.labels == verbalizer.labels and again.depths == verbalizer.depths
    assert torch.allclose(again(readout), logprobs, atol=1e-6)


def test_the_scale_of_vectors_does_not_matter_to_prototypes(planted: tuple[Readout, Tensor]) -> None:
    readout, targets = planted
    larger = replace(readout, hidden=readout.hidden * 7, memo={})
    plain, scaled = fit_means(readout, targets, LABELS), fit_means(larger, targets, LABELS)
    assert torch.allclose(plain.cosines(readout), scaled.cosines(larger), atol=1e-4)


def test_z_scores_of_a_constant_row_are_zero_and_keep_the_gradient() -> None:
    scores = torch.tensor([[2.0, 2.0, 2.0], [1.0, 2.0, 3.0]], requires_grad=True)
    found = z_scores(scores)
    assert found[0].tolist() == [0, 0, 0] and found[1].tolist() == pytest.approx([-1, 0, 1])
    found.sum().backward()
    assert scores.grad is not None and bool(torch.isfinite(scores.grad).all())


def test_words_and_another_verbalizer_are_added_by_z_scores(planted: tuple[Readout, Tensor]) -> None:
    readout, targets = planted
    words, linear = WordVerbalizer(WORDS), fit_linear(readout, targets, LABELS)
    mixed = MixedVerbalizer((words, linear), (3.0, 1.0), "z-scores")
    parts = [(one - one.mean(1, keepdim=True)) / one.std(1, keepdim=True) for one in (words(readout), linear(readout))]
    assert torch.allclose(mixed(readout), (0.75 * parts[0] + 0.25 * parts[1]).log_softmax(-1), atol=1e-5)


def test_a_member_that_counts_nothing_comes_back(planted: tuple[Readout, Tensor]) -> None:
    readout, targets = planted
    words = WordVerbalizer(WORDS)
    mixed = MixedVerbalizer((words, fit_means(readout, targets, LABELS)), (1.0, 0.0))
    again = from_parts(*to_parts(mixed), where="here")
    assert torch.allclose(again(readout), words(readout), atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"weights": (1.0, -1.0)}, "0 or more and not all 0"),
        ({"weights": (1.0, float("nan"))}, "0 or more and not all 0"),
        ({"temperature": 0.0}, "temperature of a mixture must be a number above 0"),
        ({"by": "sums"}, "A mixture can be by log-probabilities, z-scores, not 'sums'"),
    ],
)
def test_a_mixture_that_could_not_score_is_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        MixedVerbalizer((WordVerbalizer(WORDS),) * 2, **{"weights": (1.0, 1.0), **settings})


def test_mixtures_too_deep_to_be_read_are_not_written() -> None:
    mixed: Verbalizer = WordVerbalizer(WORDS)
    for _ in range(5):
        mixed = MixedVerbalizer((mixed,), (1.0,))
    with pytest.raises(ConfigError, match="4 deep and no deeper"):
        to_parts(mixed)


def test_folds_take_every_seed_that_the_rows_are_drawn_with(planted: tuple[Readout, Tensor]) -> None:
    readout, targets = planted
    assert fit_means(readout, targets, LABELS, seed=2**32 - 1).labels == LABELS


def log_softmax_rows(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows)[None].log_softmax(-1)  # (1, N, C)


def test_shares_are_the_best_of_a_fine_grid() -> None:
    targets = torch.tensor([0, 1, 0, 1])
    one = log_softmax_rows((2.0, 0.0), (0.0, 2.0), (-1.0, 0.0), (0.0, 1.0))
    other = log_softmax_rows((0.5, 0.0), (1.0, 0.0), (2.0, 0.0), (0.0, 0.5))

    def loss(share: float, factor: float) -> float:
        mixed = (share * one + (1 - share) * other) * factor
        shares = torch.tensor([share, 1 - share])
        unevenness = float((shares * (2 * shares).log()).sum())
        told = float(log_losses(mixed.log_softmax(-1), targets).mean())
        return told + UNEVENNESS * unevenness + torch.tensor(factor).log().item() ** 2 / 8

    grid = [(share / 100, math.exp(factor / 20)) for share in range(1, 100) for factor in range(-20, 30)]
    best = min(grid, key=lambda pair: loss(*pair))
    found = fit_shares([one, other], targets)
    assert found.sum() == pytest.approx(1, abs=1e-6)
    assert float(found[0]) == pytest.approx(best[0], abs=0.02)


def test_equal_members_share_equally_and_a_useless_one_is_left_out() -> None:
    targets = torch.arange(2).repeat(20)
    right = log_softmax_rows(*[(1.0, -1.0), (-1.0, 1.0)] * 20)
    assert torch.allclose(fit_shares([right, right, right], targets), torch.full((3,), 1 / 3), atol=1e-4)
    found = fit_shares([right, -right, right], targets)
    assert float(found[1]) == 0 and float(found[0]) == pytest.approx(0.5, abs=1e-4)


def test_choosing_says_what_it_tried_and_is_right(planted: tuple[Readout, Tensor]) -> None:
    readout, targets = planted
    choice = choose(readout, targets, LABELS, words=WORDS)
    assert bool((choice.verbalizer(readout).argmax(1) == targets).all())
    assert sum(one.chosen for one in choice.tried) == 1 and f"of {len(choice.tried)} candidates" in choice.reason
    assert [one.log_loss for one in choice.tried] == sorted(one.log_loss for one in choice.tried)


Fit = Callable[[Readout, Tensor, tuple[str, ...]], object]


@pytest.mark.parametrize("fit", [fit_means, fit_protoverb, fit_linear])
def test_one_row_of_a_label_is_too_few(fit: Fit, planted: tuple[Readout, Tensor]) -> None:
    readout, _ = planted
    with pytest.raises(ConfigError, match=r"'okay' has 1 row to learn from, and 2 of each label are needed"):
        fit(readout.select(torch.arange(5)), torch.tensor([0, 0, 1, 1, 2]), LABELS)


def test_a_label_without_rows_is_an_error(planted: tuple[Readout, Tensor]) -> None:
    readout, _ = planted
    with pytest.raises(DataError, match="'okay' has no row to learn from"):
        fit_linear(readout.select(torch.arange(4)), torch.tensor([0, 0, 1, 1]), LABELS)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"depth": 0}, "depth must be a layer from 1"),
        ({"labels": ["a"]}, "two texts or more"),
        ({"kind": "lineer"}, "Did you mean 'linear'"),
        ({"kind": ["linear"]}, "kind is .* it can be"),
        ({"code": "x"}, "unknown key 'code'"),
    ],
)
def test_a_damaged_table_is_refused(change: dict[str, object], told: str, planted: tuple[Readout, Tensor]) -> None:
    readout, targets = planted
    table, arrays = to_parts(fit_linear(readout, targets, LABELS))
    with pytest.raises(ConfigError, match=told):
        from_parts({**table, **change}, arrays, where="here")


def test_damaged_arrays_are_refused(planted: tuple[Readout, Tensor]) -> None:
    readout, targets = planted
    table, arrays = to_parts(fit_linear(readout, targets, LABELS))
    with pytest.raises(ConfigError, match="lack the array 'bias'"):
        from_parts(table, {name: one for name, one in arrays.items() if name != "bias"}, where="here")
    with pytest.raises(ConfigError, match="numbers that are none"):
        from_parts(table, {**arrays, "bias": torch.full((3,), torch.nan)}, where="here")
    with pytest.raises(ConfigError, match="holds no decimal numbers"):
        from_parts(table, {**arrays, "bias": torch.zeros(3, dtype=torch.int64)}, where="here")
    with pytest.raises(ConfigError, match="has the shape"):
        from_parts(table, {**arrays, "scale": torch.ones(2)}, where="here")


def test_choosing_tries_the_words_with_weights_where_a_label_has_several(planted: tuple[Readout, Tensor]) -> None:
    names = {one.name for one in choose(*planted, LABELS, words=WORDS).tried}
    assert {"words", "weights of words", "words + weights of words"} <= names
    single = LabelWords({label: row[:1] for label, row in WORDS.words.items()})
    assert "weights of words" not in {one.name for one in choose(*planted, LABELS, words=single).tried}
