"""Intervals and tests against published and hand-worked values, and against simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from promptlab.results.statistics import (
    fewest_disagreements,
    holm,
    mcnemar_exact,
    paired_bootstrap,
    rows_needed,
    wilson,
)


def test_wilson_has_the_values_of_its_formula():
    assert wilson(85, 100) == pytest.approx((0.767, 0.907), abs=5e-4)
    assert wilson(850, 1000) == pytest.approx((0.827, 0.871), abs=5e-4)
    z, n, p = stats.norm.ppf(0.975), 10, 0.3
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert wilson(3, 10) == pytest.approx([(middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)])


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_wilson_stays_within_0_and_1_and_holds_the_proportion(counts, level):
    low, high = wilson(*counts, level)
    assert 0 <= low <= counts[0] / counts[1] + 1e-12
    assert counts[0] / counts[1] - 1e-12 <= high <= 1


@pytest.mark.parametrize(("b", "c", "p"), [(6, 0, 2 / 64), (5, 0, 2 / 32), (0, 0, 1.0), (3, 3, 1.0), (20, 10, 0.0987)])
def test_mcnemar_is_the_two_sided_binomial(b, c, p):
    assert mcnemar_exact(b, c) == pytest.approx(p, abs=5e-5)


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_does_not_care_which_comes_first(b, c):
    assert mcnemar_exact(b, c) == mcnemar_exact(c, b)
    assert 0 < mcnemar_exact(b, c) <= 1


@given(st.floats(0.0001, 0.5))
def test_fewest_disagreements_is_the_first_number_that_can_tell(alpha):
    k = fewest_disagreements(alpha)
    assert mcnemar_exact(k, 0) <= alpha * (1 + 1e-9)
    assert mcnemar_exact(k - 1, 0) > alpha * (1 - 1e-9)


def test_six_disagreements_one_way_are_needed_at_5_percent():
    assert fewest_disagreements() == 6


def test_holm_multiplies_by_how_many_are_left_and_never_goes_down():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.001]) == pytest.approx([0.6, 0.002])
    assert holm([0.7, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_bootstrap_draws_rows_in_pairs():
    random = np.random.default_rng(0)
    a, b = random.random(300) < 0.7, random.random(300) < 0.8
    picks = random.integers(0, 300, (4000, 300))
    plain = np.quantile((b[picks].mean(axis=1) - a[picks].mean(axis=1)), [0.025, 0.975])
    assert paired_bootstrap(a, b, seed=1, draws=4000) == pytest.approx(plain, abs=0.007)


def test_bootstrap_follows_its_seed_and_the_order_of_the_two():
    a = np.array([True] * 30 + [False] * 10)
    b = np.array([False] * 4 + [True] * 36)
    assert paired_bootstrap(a, b, seed=7) == paired_bootstrap(a, b, seed=7)
    low, high = paired_bootstrap(a, b, seed=7)
    assert low < b.mean() - a.mean() < high


def test_equal_answers_have_no_interval_to_speak_of():
    same = np.array([True, False, True])
    assert paired_bootstrap(same, same, seed=0) == (0.0, 0.0)


@pytest.mark.parametrize(("b", "c", "n"), [(20, 10, 200), (60, 40, 400), (3, 9, 500)])
def test_rows_needed_comes_near_connors_sample_size_corrected_for_continuity(b, c, n):
    # Connor 1987 (Biometrics 43:207), with Fleiss' correction; 20 to 10 of 200: 468.4, corrected 507.5.
    psi, delta = (b + c) / n, abs(c - b) / n
    plain = (1.959964 * math.sqrt(psi) + 0.841621 * math.sqrt(psi - delta**2)) ** 2 / delta**2
    corrected = plain / 4 * (1 + math.sqrt(1 + 4 / (plain * delta))) ** 2
    assert n + rows_needed(b, c, n) == pytest.approx(corrected, rel=0.05)


def test_rows_needed_by_hand_when_every_disagreement_goes_one_way():
    # Six such are needed; each of N rows is one with probability 0.05: 80 % to see six takes 157 rows.
    assert stats.binom.sf(5, 156, 0.05) < 0.8 <= stats.binom.sf(5, 157, 0.05)
    assert 100 + rows_needed(0, 5, 100) == 157


def test_rows_needed_knows_when_enough_is_seen_and_when_nothing_is():
    assert rows_needed(6, 0, 50) == 0
    assert rows_needed(4, 4, 50) is None
    assert rows_needed(0, 0, 50) is None
    assert rows_needed(500, 501, 10**6) is None


@pytest.mark.parametrize(("b", "c", "n"), [(20, 10, 200), (3, 1, 60), (12, 9, 872), (5, 0, 100)])
def test_with_the_rows_needed_four_simulated_tests_in_five_tell(b, c, n):
    rows = n + rows_needed(b, c, n)
    draws = np.random.default_rng(11).multinomial(rows, [b / n, c / n, 1 - (b + c) / n], size=4000)
    told = np.mean([mcnemar_exact(first, second) <= 0.05 for first, second, _ in draws.tolist()])
    assert told == pytest.approx(0.8, abs=0.02)
