"""Labels: their names, their order, and rows that have none."""

from pathlib import Path

import pytest
from written_files import Write

from promptlab.errors import ConfigError, DataError
from promptlab.task import bare_numbers, load_task, make_task, parse_labels
from promptlab.task.labels import settle_labels


def test_labels_stand_in_the_order_in_which_they_first_appear(write: Write) -> None:
    assert load_task(write("a.csv", "text,label\na,second\nb,first\nc,second\n")).labels == ("second", "first")


def test_the_order_comes_from_train_first() -> None:
    names = settle_labels({"train": ["b", "a"], "dev": ["a", "c", "b"]})
    assert names.ordered == ("b", "a", "c")


def test_numbers_go_by_size(write: Write) -> None:
    assert load_task(write("a.csv", "text,label\na,10\nb,9\nc,-1\nd,2\n")).labels == ("-1", "2", "9", "10")


def test_one_label_that_is_no_number_keeps_the_order_of_the_file(write: Write) -> None:
    assert load_task(write("a.csv", "text,label\na,10\nb,9\nc,other\n")).labels == ("10", "9", "other")


@pytest.mark.parametrize(
    ("labels", "expected"), [(["1", "2"], True), (["1.5", "-2"], True), (["1", "two"], False), (["true"], False)]
)
def test_bare_numbers_are_known(labels: list[str], expected: bool) -> None:
    assert bare_numbers(make_task([("a", label) for label in labels])) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1=positive,0=negative", {"1": "positive", "0": "negative"}),
        (" a = very good , b=bad", {"a": "very good", "b": "bad"}),
        ("x=a=b", {"x": "a=b"}),
        ("negative,positive", {"negative": "negative", "positive": "positive"}),
    ],
)
def test_the_labels_option_is_read(text: str, expected: dict[str, str]) -> None:
    assert parse_labels(text) == expected
    assert list(parse_labels(text)) == list(expected)


@pytest.mark.parametrize("text", ["", "a=b,c", "a=", "=b", "a=b,,c=d", "a=b,a=c"])
def test_a_labels_option_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--labels"):
        parse_labels(text)


def test_labels_are_renamed_and_ordered_by_the_map(write: Write) -> None:
    task = load_task(write("a.csv", "text,label\na,0\nb,1\n"), labels={"1": "positive", "0": "negative"})
    assert task.labels == ("positive", "negative")
    assert [row.label for row in task.test] == ["negative", "positive"]


def test_two_labels_can_get_one_name(write: Write) -> None:
    task = load_task(write("a.csv", "text,label\na,1\nb,2\nc,5\n"), labels={"1": "bad", "2": "bad", "5": "good"})
    assert [row.label for row in task.test] == ["bad", "bad", "good"]
    assert task.labels == ("bad", "good")


def test_a_file_that_has_the_new_names_already_is_fine(write: Write) -> None:
    task = load_task(write("a.csv", "text,label\na,positive\nb,0\n"), labels={"1": "positive", "0": "negative"})
    assert [row.label for row in task.test] == ["positive", "negative"]


def test_an_unknown_label_is_named_with_its_row_and_the_nearest(write: Write) -> None:
    path = write("a.csv", "text,label\na,positive\nb,negative\nc,postive\n")
    with pytest.raises(DataError, match=r"a.csv: row 3 has the label 'postive'.*Did you mean 'positive'\?"):
        load_task(path, labels={"positive": "positive", "negative": "negative"})


def test_a_whole_number_is_one_label_whether_a_gap_made_it_a_float_or_not() -> None:
    names = settle_labels({"train": ["1.0", "0.0"], "test": ["1", "0"]})
    assert names.ordered == ("0.0", "1.0") or names.ordered == ("0", "1")
    assert names.names["1"] == names.names["1.0"]
    assert settle_labels({"test": ["1.0"]}, given={"1": "yes", "0": "no"}).names["1.0"] == "yes"


def test_spaces_around_labels_are_dropped(write: Write) -> None:
    task = load_task(write("a.csv", "text, label\na, x\nb, y\n"))
    assert task.labels == ("x", "y")
    assert [row.label for row in task.test] == ["x", "y"]
    assert load_task(write("b.csv", "text, label\na, 1\n"), labels={"1": "yes"}).test[0].label == "yes"


def test_spaces_around_a_label_stay_where_the_bare_one_occurs_too(write: Write) -> None:
    assert load_task(write("a.csv", "text,label\na,x\nb, x\n")).labels == ("x", " x")


def test_rows_without_a_label_are_kept_as_unlabelled_and_counted(write: Write) -> None:
    task = load_task(write("a.csv", "text,label\na,x\nb,\nc,y\nd,  \n"))
    assert [row.id for row in task.test] == ["row:1", "row:3"]
    assert [(row.fields["text"], row.label, row.id) for row in task.unlabelled] == [
        ("b", None, "row:2"),
        ("d", None, "row:4"),
    ]
    assert "2 rows without a label, kept as unlabelled texts" in task.notes


def test_given_labels_that_no_row_has_stay_in_the_list(write: Write) -> None:
    task = load_task(write("a.csv", "text,label\na,x\n"), labels={"z": "z", "x": "x"})
    assert task.labels == ("z", "x")


def test_renames_find_labels_in_another_case(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "fine", "label": true}\n{"text": "bad", "label": false}\n')
    task = load_task(tmp_path / "a.jsonl", labels={"True": "good", "False": "bad"})
    assert task.labels == ("good", "bad") and [row.label for row in task.test] == ["good", "bad"]


@pytest.mark.parametrize(("labels", "given"), [(["Good", "bad"], "good"), (["True", "TRUE"], "true")])
def test_another_case_is_taken_only_where_one_label_is_meant(labels: list[str], given: str) -> None:
    names = dict(zip(labels, ["one", "two"], strict=True))
    if given == "good":
        assert settle_labels({"test": [given]}, given=names).names[given] == "one"
    else:
        with pytest.raises(DataError, match="which the given labels lack"):
            settle_labels({"test": [given]}, given=names)


def test_a_list_of_labels_finds_another_case_and_gives_its_own(write: Write) -> None:
    path = write("a.csv", "text,label\na,POSITIVE\nb,Negative\n")
    task = load_task(path, labels={"negative": "negative", "positive": "positive"})
    assert (task.labels, [row.label for row in task.test]) == (("negative", "positive"), ["positive", "negative"])


def test_an_exact_label_goes_before_one_in_another_case() -> None:
    names = settle_labels({"test": ["A", "a"]}, given={"A": "one", "a": "two"}).names
    assert (names["A"], names["a"]) == ("one", "two")


def test_what_was_given_as_an_old_name_is_not_proposed_again(write: Write) -> None:
    path = write("a.csv", "text,label\na,true\nb,tru\n")
    with pytest.raises(DataError, match=r"'tru', which the given labels lack\. Given"):
        load_task(path, labels={"true": "good", "false": "bad"})


def test_numbers_written_in_two_ways_are_said_to_be_one_label(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\nfine,1\nwell,1.0\nbad,0\n")
    task = load_task(tmp_path / "a.csv")
    assert task.labels == ("0", "1")
    assert "the labels 1 and 1.0 are read as one, 1" in task.notes
