"""Figures against numbers worked out by hand, against scikit-learn row by row, and shard by shard."""

import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_scores import LABELS, drawn, written
from sklearn import metrics

from promptlab.errors import DataError, ModelError
from promptlab.results.scores import Scores
from promptlab.results.tally import Tally


@pytest.fixture
def five() -> Scores:
    """Predictions 0 0 1 2 2 for targets 0 1 1 2 0."""
    rows = [[0.7, 0.2, 0.1], [0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.3, 0.3, 0.4]]
    return written(rows, [0, 1, 1, 2, 0])


def test_accuracy_and_confusion_count_rows(five):
    assert (five.correct, five.n, five.accuracy) == (3, 5, 0.6)
    assert five.confusion().tolist() == [[1, 0, 1], [1, 1, 0], [0, 0, 1]]


def test_figures_per_label_are_what_the_confusion_gives(five):
    negative, neutral, positive = five.per_label().values()
    assert negative == pytest.approx((1 / 2, 1 / 2, 1 / 2, 2, 2))
    assert neutral == pytest.approx((1, 1 / 2, 2 / 3, 2, 1))
    assert positive == pytest.approx((1 / 2, 1, 2 / 3, 1, 2))
    assert five.macro_f1 == pytest.approx((1 / 2 + 2 / 3 + 2 / 3) / 3)
    assert five.balanced_accuracy == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)


def test_majority_is_the_largest_label_and_ties_go_to_the_first(five):
    assert five.majority == ("negative", 0.4)


def test_brier_adds_squared_errors_over_labels(five):
    errors = [0.09 + 0.04 + 0.01, 0.25 + 0.49 + 0.04, 0.01 + 0.04 + 0.01, 0.04 + 0.04 + 0.16, 0.49 + 0.09 + 0.16]
    assert five.brier == pytest.approx(sum(errors) / 5, rel=1e-6)


def test_log_loss_is_the_mean_surprise_at_the_true_label(five):
    assert five.log_loss == pytest.approx(-np.log([0.7, 0.3, 0.8, 0.6, 0.3]).mean(), rel=1e-6)


def test_ece_weighs_each_bin_by_its_rows(five):
    # Two bins: (0, 0.5] holds rows of confidence 0.5 and 0.4, both wrong; (0.5, 1] holds 0.7, 0.8 and 0.6, all right.
    assert five.ece(bins=2) == pytest.approx((0.5 + 0.4 + (3 - 0.7 - 0.8 - 0.6)) / 5, rel=1e-5)


def test_margins_are_differences_of_log_probabilities(five):
    assert five.margins()[:2] == pytest.approx([np.log(7 / 2), np.log(5 / 3)], rel=1e-5)
    assert five.true_margins()[:2] == pytest.approx([np.log(7 / 2), np.log(3 / 5)], rel=1e-5)
    assert five.wrong().tolist() == [1, 4]


def test_equal_scores_go_to_the_first_label():
    assert written([[0.4, 0.4, 0.2]], [1]).predictions.tolist() == [0]


def test_rows_without_a_label_are_left_out_of_every_figure():
    labelled = drawn(60, seed=1)
    targets = np.concatenate([labelled.targets, [-1, -1]])
    with_more = Scores(LABELS, np.vstack([labelled.values, labelled.values[:2]]), targets, (*labelled.ids, "x", "y"))
    assert with_more.figures() == {**labelled.figures(), "unlabelled": 2}
    assert np.isnan(with_more.true_margins()[-2:]).all()
    assert len(with_more) == 62


def test_without_any_label_the_error_says_so():
    with pytest.raises(DataError, match="No row has a label"):
        written([[0.4, 0.4, 0.2]], [-1]).figures()


def test_numbers_that_are_none_are_refused_with_the_remedy():
    values = np.array([[np.nan, np.nan], [-0.1, -2.35]], np.float32)
    with pytest.raises(ModelError, match=r"no usable number for 1 of 2 rows\. Load it with --dtype float32"):
        Scores(("a", "b"), values, np.array([0, 1]), ("1", "2"))


def test_one_label_is_refused():
    with pytest.raises(DataError, match="two labels or more"):
        Scores(("a",), np.zeros((1, 1), np.float32), np.array([0]), ("1",))


def test_scores_that_are_not_probabilities_are_our_fault():
    with pytest.raises(AssertionError, match="not normalised"):
        Scores(("a", "b"), np.array([[3.0, 1.0]], np.float32), np.array([0]), ("1",))


def test_figures_are_json_and_carry_the_keys_of_a_result(five):
    figures = json.loads(json.dumps(five.figures(), allow_nan=False))
    assert {"n", "accuracy", "interval", "majority", "labels", "per_label", "confusion"} <= figures.keys()
    assert figures["per_label"]["neutral"]["recall"] == 0.5
    assert figures["majority"] == {"label": "negative", "share": 0.4}


def test_a_label_that_never_occurs_warns_of_nothing_and_counts_for_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = written([[0.8, 0.1, 0.1]] * 4, [0] * 4)
        assert (one.macro_f1, one.balanced_accuracy, one.mcc) == (1.0, 1.0, 0.0)
        assert one.per_label()["positive"] == (0.0, 0.0, 0.0, 0, 0)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 80), classes=st.integers(2, 5))
@settings(max_examples=60, deadline=None)
def test_figures_agree_with_scikit_learn_row_by_row(seed, n, classes):
    labels = tuple("abcde"[:classes])
    scores = drawn(n, seed=seed, labels=labels)
    true, predicted, every = scores.targets, scores.predictions, range(classes)
    assert scores.accuracy == pytest.approx(metrics.accuracy_score(true, predicted))
    assert scores.macro_f1 == pytest.approx(metrics.f1_score(true, predicted, average="macro", zero_division=0))
    present = sorted(set(true.tolist()))
    recall = metrics.recall_score(true, predicted, labels=present, average="macro", zero_division=0)
    assert scores.balanced_accuracy == pytest.approx(recall)
    assert (scores.confusion() == metrics.confusion_matrix(true, predicted, labels=every)).all()
    if len(set(true.tolist()) | set(predicted.tolist())) > 1:
        assert scores.mcc == pytest.approx(metrics.matthews_corrcoef(true, predicted), abs=1e-12)
    probabilities = np.exp(scores.values.astype(np.float64))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert scores.log_loss == pytest.approx(metrics.log_loss(true, probabilities, labels=every), rel=1e-4)
    whole = ((probabilities - np.eye(classes)[true]) ** 2).sum(axis=1).mean()
    assert scores.brier == pytest.approx(whole, rel=1e-4)


@given(seed=st.integers(0, 10**6), cuts=st.lists(st.integers(0, 50), max_size=4))
@settings(max_examples=40, deadline=None)
def test_tallies_of_shards_add_up_to_the_figures_of_the_whole(seed, cuts):
    scores = drawn(50, seed=seed, unlabelled=0.2)
    total = Tally.empty(LABELS)
    for rows in np.split(np.arange(50), sorted(cuts)):
        total = total + scores.take(rows).tally
    whole, added = scores.figures(), total.figures()
    for key in ("ece", "brier", "log_loss"):
        assert added.pop(key) == pytest.approx(whole.pop(key), rel=1e-12)
    assert added == whole


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_the_order_of_rows_changes_no_figure(seed):
    scores = drawn(40, seed=seed)
    shuffled = scores.take(np.random.default_rng(seed).permutation(40))
    for key, value in scores.figures().items():
        assert shuffled.figures()[key] == (pytest.approx(value) if isinstance(value, float) else value)


def test_joined_shards_are_the_whole():
    scores = drawn(9, seed=3)
    again = Scores.joined([scores.take(np.arange(4)), scores.take(np.arange(4, 9))])
    assert again.ids == scores.ids
    assert (again.values == scores.values).all() and (again.targets == scores.targets).all()


def test_a_tally_is_as_small_for_many_rows():
    many = drawn(20_000, seed=5).tally
    assert many.n == 20_000
    assert many.confusion.size + many.bins.size < 100
