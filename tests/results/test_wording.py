"""One form for each kind of figure."""

import pytest

from promptlab.results import wording


def test_an_accuracy_carries_its_interval_and_rows():
    assert wording.accuracy(0.8123, (0.7841, 0.8372), 872) == "0.812 (0.784 to 0.837, 872 rows)"


@pytest.mark.parametrize(
    ("difference", "shown"), [(0.032, "+3.2"), (-0.0049, "-0.5"), (-0.0001, "+0.0"), (0.0, "+0.0")]
)
def test_points_are_signed_and_never_minus_nothing(difference, shown):
    assert wording.points(difference) == shown


def test_small_p_values_are_bounded():
    assert (wording.p_value(0.0312), wording.p_value(0.0002)) == ("p = 0.031", "p < 0.001")


@pytest.mark.parametrize(
    ("n", "shown"), [(3, "about 3"), (308, "about 310"), (1412, "about 1,400"), (98_765, "about 99,000")]
)
def test_estimates_have_two_digits(n, shown):
    assert wording.about(n) == shown


@pytest.mark.parametrize(
    ("read", "shown"),
    [
        (["top"], "at the top"),
        ([12], "after layer 12"),
        ([12, 14], "after layers 12, 14"),
        ([3, "top"], "after layer 3 and at the top"),
    ],
)
def test_depths_are_layers_and_the_top(read, shown):
    assert wording.depths(read) == shown
