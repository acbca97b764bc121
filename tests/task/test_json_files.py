"""JSON and JSON lines: every usual shape is read, numbers keep their text, errors name the line or row."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_files import Write

from promptlab.errors import DataError
from promptlab.task import load_task
from promptlab.task.blocks import Reading
from promptlab.task.tables import read_table

ROWS = [{"text": "good", "label": "pos"}, {"text": "bad", "label": "neg"}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(ROWS)),
        ("a.json", json.dumps(ROWS, indent=2)),
        ("a.json", json.dumps({"data": ROWS, "version": 1})),
        ("a.json", json.dumps({"data": ROWS}, indent=1)),
        ("a.json", json.dumps({"text": ["good", "bad"], "label": ["pos", "neg"]})),
        ("a.jsonl", "\n".join(map(json.dumps, ROWS))),
        ("a.ndjson", "\r\n\r\n".join(map(json.dumps, ROWS)) + "\r\n"),
        ("a.json", "\n".join(map(json.dumps, ROWS))),
        ("a.jsonl", json.dumps(ROWS)),
        ("a.json.gz", gzip.compress(json.dumps(ROWS).encode())),
    ],
    ids=["list", "printed", "data", "data-printed", "columns", "lines", "crlf", "lines-in-json", "list-in-jsonl", "gz"],
)
def test_a_shape_gives_its_rows(write: Write, name: str, content: str | bytes) -> None:
    task = load_task(write(name, content))
    assert [(row.fields["text"], row.label) for row in task.test] == [("good", "pos"), ("bad", "neg")]


def cells(path: object, column: str) -> list[str]:
    return read_table(path, Reading()).column(column).to_pylist()  # type: ignore[arg-type, no-any-return]


def test_booleans_are_true_and_false(write: Write) -> None:
    task = load_task(write("a.json", '[{"text": "a", "label": true}, {"text": "b", "label": false}]'))
    assert task.labels == ("true", "false")


def test_numbers_keep_their_text(write: Write) -> None:
    assert cells(write("a.json", '[{"n": 1}, {"n": 1.0}, {"n": 2.50}, {"n": 1e3}, {"n": -0.0}]'), "n") == [
        *("1", "1.0", "2.50", "1e3", "-0.0")
    ]


def test_whole_numbers_that_a_gap_made_floats_are_whole_again(write: Write) -> None:
    assert cells(write("a.json", '[{"n": 1.0}, {"n": null}, {"n": 4.0}]'), "n") == ["1", "", "4"]


def test_floats_with_a_gap_that_are_not_whole_stay(write: Write) -> None:
    assert cells(write("a.json", '[{"n": 1.0}, {"n": null}, {"n": 4.5}]'), "n") == ["1.0", "", "4.5"]


def test_missing_null_and_nan_are_empty(write: Write) -> None:
    assert cells(write("a.jsonl", '{"a": "x", "n": NaN}\n{"a": "y"}\n{"a": "z", "n": null}\n'), "n") == ["", "", ""]


def test_a_key_that_first_comes_late_is_a_column(write: Write) -> None:
    content = '{"text": "a"}\n' * 5000 + '{"text": "b", "late": "here"}\n'
    assert cells(write("a.jsonl", content), "late")[-2:] == ["", "here"]


def test_what_is_nested_becomes_json(write: Write) -> None:
    assert cells(write("a.json", '[{"n": {"a": [1, 2.50, "é"]}}]'), "n") == ['{"a": [1, 2.5, "é"]}']


def test_a_lone_surrogate_becomes_the_replacement_character(write: Write) -> None:
    assert cells(write("a.json", r'[{"n": "a\ud800b"}, {"n": "\ud83d\ude00"}]'), "n") == ["a\ufffdb", "😀"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"a": 1}\n{"a": 2\n', r"line 2 is not JSON"),
        ("a.json", '[{"a": 1},\n{"a": oops}]', r"line 2 is not JSON"),
        ("a.json", '[{"a": 1},\n{"a": 2}', r"line 2 is not JSON"),
        ("a.json", '{"a": [1, 2], "b": [1]}', r"columns differ in length: \{'a': 2, 'b': 1\}"),
        ("a.json", '[{"a": 1}, "text"]', r"row 2 is a text; each row must be an object"),
        ("a.json", "[[1, 2]]", r"row 1 is a list"),
        ("a.json", "[null]", r"row 1 is null"),
        ("a.json", '"text"', r"starts with '\"'; JSON rows start with"),
        ("a.json", "[]", r"holds no rows"),
        ("a.json", "[{}]", r"holds no rows"),
        ("a.json", '{"a": {"b": 1},\n"c": 2}', r"an object without rows"),
        ("a.json", "[" * 100_000, r"nested too deeply"),
        ("a.jsonl", '{"a": ' + "9" * 5000 + "}\n", r"line 1 is not JSON"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(write: Write, name: str, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_task(write(name, content))


def test_a_list_larger_than_the_buffer_is_read_in_pieces(write: Write) -> None:
    rows = [{"text": f"row {n} " + "x" * 3000, "label": str(n % 2)} for n in range(1000)]
    task = load_task(write("a.json", json.dumps(rows)))
    assert [row.fields["text"] for row in task.test] == [row["text"] for row in rows]


def test_an_error_beyond_the_buffer_has_the_right_line(write: Write) -> None:
    rows = ",\n".join(json.dumps({"text": "x" * 3000}) for _ in range(1000))
    with pytest.raises(DataError, match=r"line 1,001 is not JSON"):
        load_task(write("a.json", f"[{rows},\noops]"))


@given(
    rows=st.lists(
        st.fixed_dictionaries({"text": st.text(st.characters(blacklist_categories=["Cs"]), min_size=1)}), min_size=1
    )
)
def test_texts_come_back_as_they_were_written(
    rows: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert cells(path, "text") == [row["text"] for row in rows]
