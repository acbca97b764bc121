"""Which column is the text and which the label: guessed, said, and overridden."""

import pytest
from written_files import Write

from promptlab.errors import DataError
from promptlab.task import guess_columns, load_task
from promptlab.task.columns import input_fields
from promptlab.task.names import unique_names

LONG = ["a rather long remark on it", "something short", "one more thing to say", "nothing"] * 3
TWO = ["x", "y", "x", "y"] * 3


@pytest.mark.parametrize(
    ("columns", "text", "label"),
    [
        ({"text": LONG, "label": TWO}, "text", "label"),
        ({"stars": TWO, "review": LONG}, "review", "stars"),
        ({"Review Text": LONG, "Star Rating": TWO}, "Review Text", "Star Rating"),
        ({"reviewText": LONG, "overall": TWO}, "reviewText", "overall"),
        ({"title": ["t"] * 12, "body": LONG, "category": TWO}, "body", "category"),
        ({"said": LONG, "verdict": TWO}, "said", "verdict"),
        ({"verdict": TWO, "said": LONG}, "said", "verdict"),
        ({"comment_count": ["3", "4", "7"] * 4, "remark": LONG, "class": TWO}, "remark", "class"),
        ({"text": LONG, "label": TWO, "label_text": ["no", "yes"] * 6}, "text", "label"),
        ({"text": LONG, "score": [f"0.{n}" for n in range(21, 33)], "kind": TWO}, "text", "kind"),
        ({"text": LONG, "name": [f"person {n}" for n in range(12)]}, "text", None),
        ({"text": LONG}, "text", None),
    ],
)
def test_text_and_label_are_found(columns: dict[str, list[str]], text: str, label: str | None) -> None:
    found = guess_columns(columns)
    assert (found.text, found.label) == (text, label)


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index"])
@pytest.mark.parametrize("start", [0, 1, 500])
def test_an_index_column_is_neither_label_nor_field(write: Write, name: str, start: int) -> None:
    rows = "".join(f"{start + n},remark number {n} here,{n % 2}\n" for n in range(6))
    task = load_task(write("a.csv", f"{name},remark,verdict\n{rows}"))
    assert task.fields == ("text", "remark")
    assert task.labels == ("0", "1")


def test_running_numbers_under_a_name_are_a_field_but_no_label(write: Write) -> None:
    rows = "".join(f"{n},a remark to make\n" for n in range(6))
    task = load_task(write("a.csv", f"number,remark\n{rows}"))
    assert (task.labels, task.fields) == ((), ("text", "number", "remark"))


def test_running_numbers_are_known_on_rows_from_all_over_a_file() -> None:
    columns = {"index": ["3", "70", "200"], "text": ["a", "b", "c"]}
    assert guess_columns(columns, places=[3, 70, 200]).index == ("index",)
    assert guess_columns(columns, places=[3, 70, 201]).index == ()


@pytest.mark.parametrize(
    "pair", [("premise", "hypothesis"), ("sentence1", "sentence2"), ("question", "sentence"), ("text_a", "text_b")]
)
def test_a_pair_task_says_both_and_text_is_the_first(write: Write, pair: tuple[str, str]) -> None:
    rows = "it rained all day,it was wet,yes\nit rained all day,it was dry,no\n" * 2
    task = load_task(write("a.csv", f"{pair[0]},{pair[1]},label\n{rows}"))
    assert f"text columns: {pair[0]} and {pair[1]}; label column: label" in task.notes
    assert task.test[0].fields["text"] == "it rained all day"
    assert input_fields(task) == pair


def test_a_column_named_text_goes_before_a_pair(write: Write) -> None:
    task = load_task(write("a.csv", "question,sentence,text,label\na b,c d,e f,x\n"))
    assert input_fields(task) == ("text",)


def test_the_guess_is_said(write: Write) -> None:
    task = load_task(write("a.csv", "review,stars\nfine,5\nbad,1\nok,5\n"))
    assert "text column: review; label column: stars" in task.notes


def test_text_is_always_a_field_and_other_columns_keep_their_names(write: Write) -> None:
    task = load_task(write("a.csv", "review,lang,label\nfine,en,x\n"))
    assert task.fields == ("text", "review", "lang")
    assert dict(task.test[0].fields) == {"review": "fine", "lang": "en", "text": "fine"}


def test_the_label_is_no_field(write: Write) -> None:
    assert "label" not in load_task(write("a.csv", "text,label\nfine,x\n")).test[0].fields


def test_options_name_the_columns(write: Write) -> None:
    path = write("a.csv", "text,body,label,kind\nshort,the body,x,k\n")
    task = load_task(path, text="body", label="kind")
    assert (task.test[0].fields["text"], task.test[0].label) == ("the body", "k")


@pytest.mark.parametrize("role", ["text", "label"])
def test_a_wrong_column_names_the_nearest_and_all(write: Write, role: str) -> None:
    path = write("a.csv", "review,stars\nfine,5\nbad,1\n")
    with pytest.raises(DataError, match=rf"no {role} column 'reviews'. Did you mean 'review'\? There are review,"):
        load_task(path, **{role: "reviews"})  # type: ignore[arg-type]


def test_a_file_without_a_label_column_is_unlabelled_and_says_so(write: Write) -> None:
    task = load_task(write("a.csv", "text\nfine words\nother words\n"))
    assert (len(task.test), len(task.unlabelled), task.labels) == (0, 2, ())
    assert "text column: text; no label column found" in task.notes


def test_a_label_column_of_free_values_is_refused(write: Write) -> None:
    rows = "".join(f"some text,{n * 7919 % 100_003}.5\n" for n in range(3000))
    with pytest.raises(DataError, match=r"'label' holds 3,000 different values in 3,000 rows"):
        load_task(write("a.csv", f"text,label\n{rows}"))


def test_a_file_sorted_by_label_shows_all_its_labels_to_the_guess(write: Write) -> None:
    rows = "".join(f"remark {n} to make,{'early' if n < 4000 else 'late'}\n" for n in range(5000))
    assert load_task(write("a.csv", f"said,period\n{rows}")).labels == ("early", "late")


def test_nameless_and_equal_columns_get_names() -> None:
    assert unique_names(["a", "", "a", "a (2)", " b "])[0] == ("a", "column2", "a (3)", "a (2)", "b")
