"""Tables: aligned, within the width, whatever the cells hold; figures for few and for many labels."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from promptlab.cli.figures import confusion_lines, fact_lines
from promptlab.cli.progress import _PlainListener, _speed, duration
from promptlab.cli.tables import Column, number, table_lines, text
from promptlab.results.events import Progress


def test_numbers_stand_to_the_right_and_texts_to_the_left() -> None:
    lines = table_lines((text("label"), number("rows")), [("a", "1"), ("longer", "1,000")], width=80)
    assert lines == ["label    rows", "a           1", "longer  1,000"]


def test_the_widest_text_gives_way_first() -> None:
    lines = table_lines((text("a"), text("b")), [("x" * 10, "y" * 40)], width=30)
    assert lines[1] == "x" * 10 + "  " + "y" * 17 + "…"


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), min_size=1, max_size=5), st.integers(20, 60))
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, str]], width: int) -> None:
    for line in table_lines((text("one"), text("two")), rows, width=width):
        assert cell_len(line) <= width and "\n" not in line and "\x1b" not in line


def test_chinese_characters_take_two_columns() -> None:
    lines = table_lines((text("a"), number("b")), [("电影", "1"), ("film", "2")], width=40)
    assert lines[1:] == ["电影  1", "film  2"]


def test_facts_are_broken_at_words_under_their_value() -> None:
    lines = fact_lines([("Name", "word " * 12), ("B", "x")], width=40)
    assert lines[0].startswith("Name  word") and lines[1].startswith("      word") and lines[-1] == "B     x"


def result(labels: list[str], confusion: list[list[int]]) -> dict[str, Any]:
    return {"labels": labels, "confusion": confusion}


def test_a_confusion_matrix_has_true_labels_in_rows() -> None:
    lines = confusion_lines(result(["a", "b"], [[3, 1], [0, 2]]), width=80)
    assert lines == ["true \\ predicted  a  b", "a                 3  1", "b                 0  2"]


def test_columns_are_numbered_where_names_do_not_fit() -> None:
    labels = [f"a long label {place}" for place in range(6)]
    lines = confusion_lines(result(labels, [[1] * 6] * 6), width=60)
    assert lines[0].split()[-6:] == ["1", "2", "3", "4", "5", "6"] and lines[1].startswith("1 a long label 0")
    assert max(map(len, lines)) <= 60


def test_many_labels_leave_the_most_frequent_confusions() -> None:
    labels = [f"l{place}" for place in range(13)]
    counts = [[0] * 13 for _ in labels]
    counts[2][5], counts[0][1] = 9, 4
    lines = confusion_lines(result(labels, counts), width=80)
    assert lines[0] == "Most frequent confusions"
    assert [line.split() for line in lines[2:]] == [["9", "l2", "l5"], ["4", "l0", "l1"]]


def test_time_left_and_speed_read_easily() -> None:
    assert (duration(9.6), duration(75), duration(3700)) == ("10 s", "1:15", "1:01:40")
    assert (_speed(1234.5, "row"), _speed(0.52, "row")) == ("1,234 rows/s", "0.5 rows/s")


def test_the_first_line_of_training_says_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    listen = _PlainListener("Training", "step", said=-60.0)
    listen(Progress(1, 4, {"loss": 2.0, "pieces_per_second": 50.0, "seconds_left": 75.0}))
    assert capsys.readouterr().err == "Training: 1 of 4 steps, loss 2.00, 50 pieces/s, 1:15 left\n"


def test_a_column_without_titles_has_no_title_line() -> None:
    assert table_lines((Column(""), Column("")), [("a", "b")], width=20) == ["a  b"]
