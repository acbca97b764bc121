"""Calibration: the published example, identities, texts it is fitted on."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from promptlab.errors import ConfigError
from promptlab.scoring import calibrate, content_free, fit_prior
from promptlab.scoring.calibrate import lopsided
from promptlab.scoring.words import calibrated
from promptlab.verbalizer import LabelWords, Word

probabilities = st.lists(
    st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3).map(lambda row: [each / sum(row) for each in row]),
    min_size=1,
    max_size=6,
)


def logs(*rows: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor(rows).log()


def test_the_worked_example_of_contextual_calibration() -> None:
    prior = fit_prior(logs((0.7, 0.3)))
    found = calibrated(logs((0.65, 0.35)), prior).exp()
    assert found[0].tolist() == pytest.approx([0.443182, 0.556818], abs=1e-6)


def test_the_prior_is_the_mean_of_probabilities_and_not_of_their_logs() -> None:
    assert fit_prior(logs((0.9, 0.1), (0.5, 0.5))) == pytest.approx((math.log(0.7), math.log(0.3)))


def test_the_content_free_input_itself_becomes_uniform() -> None:
    given = logs((0.62, 0.3, 0.08))
    assert calibrated(given, fit_prior(given)).exp()[0].tolist() == pytest.approx([1 / 3] * 3)


@given(rows=probabilities)
def test_a_uniform_prior_changes_nothing(rows: list[list[float]]) -> None:
    values = torch.tensor(rows).log()
    torch.testing.assert_close(calibrated(values, (math.log(1 / 3),) * 3), values, atol=1e-5, rtol=1e-5)


@given(rows=probabilities, seed=st.randoms())
def test_batch_calibration_does_not_depend_on_the_order_of_the_texts(rows: list[list[float]], seed: object) -> None:
    values = torch.tensor(rows).log()
    order = torch.randperm(len(rows))
    assert fit_prior(values[order]) == pytest.approx(fit_prior(values), abs=1e-6)
    torch.testing.assert_close(
        calibrated(values[order], fit_prior(values[order])),
        calibrated(values, fit_prior(values))[order],
        atol=1e-5,
        rtol=1e-5,
    )


def test_texts_that_all_say_the_same_say_nothing_after_batch_calibration() -> None:
    values = logs((0.8, 0.2), (0.8, 0.2))
    torch.testing.assert_close(calibrated(values, fit_prior(values)), torch.full((2, 2), math.log(0.5)))


def test_without_a_prior_nothing_changes() -> None:
    values = logs((0.8, 0.2))
    assert calibrated(values, None) is values


def test_a_label_that_no_text_speaks_for_leaves_finite_scores() -> None:
    values = torch.tensor([[0.0, -2000.0], [0.0, -1500.0]])
    prior = fit_prior(values)
    assert all(map(math.isfinite, prior))
    assert torch.isfinite(calibrated(values, prior)).all()


def test_the_prior_is_kept_in_the_words_with_what_it_was_fitted_on() -> None:
    words = LabelWords({"pos": (Word("great"),), "neg": (Word("bad"),)}, name="mine")
    found = calibrate(words, logs((0.7, 0.3)), "batch", support="abc:200")
    assert found.words == words.words and found.name == "mine" and words.calibration is None
    assert found.calibration is not None
    assert (found.calibration.kind, found.calibration.support) == ("batch", "abc:200")
    assert found.calibration.label_prior == pytest.approx((math.log(0.7), math.log(0.3)))


def test_a_calibration_needs_texts_and_a_known_kind() -> None:
    words = LabelWords({"pos": (Word("great"),), "neg": (Word("bad"),)})
    with pytest.raises(ConfigError, match="no text to fit the calibration on"):
        calibrate(words, torch.empty(0, 2), "batch", support="")
    with pytest.raises(ConfigError, match=r"Unknown calibration 'magic'\. Known: batch, contextual"):
        calibrate(words, logs((0.7, 0.3)), "magic", support="")  # type: ignore[arg-type]


def test_content_free_inputs_fill_every_field_alike() -> None:
    inputs = content_free(["premise", "hypothesis"])
    assert [dict(each.fields) for each in inputs] == [
        {"premise": text, "hypothesis": text} for text in ("N/A", "", "something")
    ]
    assert len({each.id for each in inputs}) == 3


@pytest.mark.parametrize(
    ("shares", "warned"), [((50, 50), False), ((75, 25), False), ((76, 24), True), ((0, 100), False), ((), False)]
)
def test_lopsided_labels_are_warned_of_above_three_to_one(shares: tuple[int, ...], warned: bool) -> None:
    assert bool(lopsided(shares)) == warned
