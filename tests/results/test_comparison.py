"""Comparisons: which rows count, which words are said, and what is refused."""

import json

import numpy as np
import pytest
from made_scores import answered, drawn, written

from promptlab.errors import ConfigError, DataError
from promptlab.results.comparison import compare, compare_many, compare_runs
from promptlab.results.run import Run
from promptlab.results.scores import Scores


def pair(only_a: int, only_b: int, both: int) -> tuple[Scores, Scores]:
    """Two evaluations: rows that one alone got right, and rows that both did."""
    a = answered([True] * only_a + [False] * only_b + [True] * both)
    b = answered([False] * only_a + [True] * only_b + [True] * both)
    return a, b


def test_five_disagreements_are_too_few_to_tell():
    found = compare(*pair(0, 5, 95))
    assert found.verdict == "too few"
    assert found.sentence.startswith("too few examples to tell: 5 disagreements, at least 6 one way needed; about ")


def test_six_one_way_are_enough():
    found = compare(*pair(0, 6, 94), names=("A", "B"))
    assert (found.verdict, found.p) == ("second", pytest.approx(0.03125))
    assert found.sentence == "B is better: +6.0 points (+2.0 to +11.0, p = 0.031, 100 rows)"


def test_a_better_first_is_said_with_its_lead():
    found = compare(*pair(30, 2, 168), names=("A", "B"))
    assert found.verdict == "first"
    assert found.sentence.startswith("A is better: +14.0 points (+")
    assert "p < 0.001, 200 rows" in found.sentence


def test_no_difference_says_how_many_rows_would_tell():
    found = compare(*pair(10, 20, 170), names=("A", "B"))
    assert found.verdict == "no difference"
    assert found.more_rows == pytest.approx(298, abs=3)
    assert found.sentence.startswith("no difference that 200 rows can show: B +5.0 points (")
    assert found.sentence.endswith(
        "p = 0.099, 200 rows); about 300 more labelled rows would be needed if it goes on like this"
    )


def test_as_many_one_way_as_the_other_promises_nothing():
    found = compare(*pair(10, 10, 80))
    assert found.more_rows is None
    assert "more labelled rows" not in found.sentence


def test_the_same_scores_have_no_disagreement():
    scores = drawn(50, seed=1)
    assert compare(scores, scores).sentence == "too few examples to tell: 0 disagreements, at least 6 one way needed"


def test_rows_are_matched_by_id_not_by_place():
    a, b = pair(3, 9, 88)
    order = np.random.default_rng(0).permutation(100)
    assert compare(a, b.take(order)) == compare(a, b)


def test_labels_in_another_order_are_the_same_labels():
    a = written([[0.9, 0.1], [0.4, 0.6]], [0, 0], labels=("no", "yes"))
    b = written([[0.1, 0.9], [0.4, 0.6]], [1, 1], labels=("yes", "no"))
    assert compare(a, b).correct == (1, 2)


def test_rows_in_only_one_are_left_out_and_said():
    a, b = answered([True] * 10), answered([True] * 8, ids=[str(i) for i in range(6, 14)])
    found = compare(a, b, names=("A", "B"))
    assert found.n == 4
    assert found.notes == ("Compared on the 4 rows that both have; A has 10 labelled rows and B 8.",)


def test_rows_without_a_label_take_no_part():
    a = written([[0.9, 0.1]] * 3, [0, -1, 0], labels=("no", "yes"))
    assert compare(a, a).n == 2


def test_no_shared_row_is_refused():
    with pytest.raises(DataError, match=r"A has 2 labelled rows and B 1, and they share none. Evaluate both"):
        compare(answered([True, True]), answered([True], ids=["z"]), names=("A", "B"))


def test_other_labels_are_refused_by_name():
    with pytest.raises(DataError, match="different labels: 'yes' only in A"):
        compare(answered([True]), answered([True], labels=("no", "oui")), names=("A", "B"))


def test_a_row_with_two_labels_is_not_the_same_row():
    a = written([[0.9, 0.1]], [0], labels=("no", "yes"))
    b = written([[0.9, 0.1]], [1], labels=("no", "yes"))
    with pytest.raises(DataError, match="Row '0' has the label 'no' in A and 'yes' in B"):
        compare(a, b, names=("A", "B"))


def test_ids_that_repeat_are_refused():
    twice = answered([True, False], ids=["x", "x"])
    with pytest.raises(DataError, match="same id"):
        compare(twice, twice)


def test_unlike_records_are_noted():
    a, b = pair(1, 1, 5)
    about = ({"dtype": "bfloat16", "split": "dev"}, {"dtype": "float32", "split": "dev"})
    (note,) = compare(a, b, names=("A", "B"), about=about).notes
    assert note == "A computed in bfloat16 and B in float32: a small difference may come from that alone."


def test_several_comparisons_are_corrected_together():
    a, b = pair(0, 6, 94)
    found = compare_many({"plain": a, "better": b, "same": a})
    assert [one.names for one in found] == [("plain", "better"), ("plain", "same")]
    assert [one.adjusted for one in found] == [pytest.approx(0.0625), 1.0]
    assert found[0].sentence.startswith("too few examples to tell: 6 disagreements, at least 7 one way needed")


def test_a_comparison_is_json():
    a, b = pair(10, 20, 170)
    table = json.loads(json.dumps(compare(a, b, names=("A", "B")).to_json(), allow_nan=False))
    assert table["verdict"] == "no difference"
    assert table["accuracy"] == [0.9, 0.95]
    assert table["difference"] == 0.05


def run(number: int, scores: Scores | None, *, task: str = "films.csv", fingerprint: str = "f", **result) -> Run:
    about = {"task": task, "fingerprint": fingerprint}
    return Run("r", "promptlab eval", {}, "ab" * 32, result, scores=scores, id=number, **about)


def test_stored_runs_are_compared_with_the_first():
    a, b = pair(0, 6, 94)
    (found,) = compare_runs([run(3, a, dtype="float32"), run(8, b, dtype="bfloat16")])
    assert found.names == ("run 3", "run 8")
    assert "bfloat16" in found.notes[0]


def test_runs_that_kept_no_scores_or_are_the_same_are_refused():
    a = answered([True])
    with pytest.raises(ConfigError, match="Run 8 kept no scores"):
        compare_runs([run(3, a), run(8, None)])
    with pytest.raises(ConfigError, match="two different runs"):
        compare_runs([run(3, a), run(3, a)])


def test_runs_between_which_the_data_changed_are_refused():
    a, b = pair(0, 6, 94)
    with pytest.raises(DataError, match=r"'films.csv'.* changed between run 3 and run 9: evaluate both again\.$"):
        compare_runs([run(3, a), run(8, b), run(9, b, fingerprint="g")])


def test_runs_on_two_tasks_are_refused_unless_their_data_are_the_same():
    a, b = pair(0, 6, 94)
    with pytest.raises(DataError, match=r"Run 3 is on 'films.csv' and run 8 on 'books.csv'"):
        compare_runs([run(3, a), run(8, b, task="books.csv", fingerprint="g")])
    (found,) = compare_runs([run(3, a), run(8, b, task="copy.csv")])
    assert found.n == 100


def test_runs_that_do_not_say_which_data_they_read_are_compared():
    a, b = pair(0, 6, 94)
    (found,) = compare_runs([run(3, a, fingerprint=""), run(8, b)])
    assert found.n == 100 and found.notes == ()
