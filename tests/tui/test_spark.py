"""Spark lines, bars and confusions: the same value is drawn the same whatever stands beside it."""

import pytest

from promptlab.tui.panes.bars import bar, label_bars, window
from promptlab.tui.panes.confusion import confusion_lines, grid_of
from promptlab.tui.panes.spark import spark


def test_a_small_change_is_no_cliff() -> None:
    assert spark([0.912, 0.914], low=0.5, high=1.0, width=10) == ["▇▇"]


def test_the_axis_goes_from_low_to_high_and_nothing_leaves_it() -> None:
    assert spark([0.5, 0.75, 1.0], low=0.5, high=1.0, width=10) == ["▁▄█"]
    assert spark([0.1, 1.4], low=0.5, high=1.0, width=10) == ["▁█"]


def test_the_newest_values_are_kept_where_there_is_no_room() -> None:
    assert spark([0.5] * 10 + [1.0, 1.0], low=0.5, high=1.0, width=3) == ["▁██"]
    assert spark([0.5], low=0.5, high=1.0, width=0) == [""]


def test_several_lines_are_one_column_a_value_the_top_line_first() -> None:
    assert spark([0.0, 0.5, 1.0], low=0.0, high=1.0, width=3, height=2) == ["  █", "▁██"]


def test_an_axis_without_length_is_drawn_all_the_same() -> None:
    assert spark([1.0], low=1.0, high=1.0, width=3) == ["▁"]


def test_a_bar_is_as_long_as_its_share_of_one() -> None:
    assert bar(0.5, 4) == "██··" and bar(1.0, 4) == "████" and bar(0.0, 4) == "····" and bar(9, 2) == "██"


def test_label_bars_say_how_many_of_how_many_and_none_where_no_row_is() -> None:
    measured = {"a": {"recall": 0.75, "n": 4}, "b": {"recall": 0.0, "n": 0}}
    lines = [line.plain for line in label_bars(measured, ["a", "b", "c"], at=0, width=40, height=3)]
    assert "0.750  3 of 4" in lines[0] and "no rows" in lines[1] and "no rows" in lines[2]
    assert all(len(line) <= 40 for line in lines)


@pytest.mark.parametrize(("at", "shown"), [(0, range(5)), (50, range(48, 53)), (99, range(95, 100))])
def test_of_many_labels_those_around_the_cursor_are_shown(at: int, shown: range) -> None:
    assert window(100, at, 5) == shown


def test_the_cell_under_the_cursor_stands_in_brackets_and_is_explained() -> None:
    labels, counts = ["no", "yes"], [[8, 2], [0, 10]]
    lines = [
        line.plain for line in confusion_lines(labels, counts, (0, 1), grid_of(labels, (0, 1), width=40, height=4))
    ]
    assert "[2]" in lines[1] and "·" in lines[2] and lines[3] == "enter: 2 rows, no taken for yes"


def test_a_click_finds_its_cell_also_in_a_part_of_many_labels() -> None:
    labels = [f"label {number}" for number in range(77)]
    grid = grid_of(labels, (40, 50), width=60, height=10)
    assert 40 in grid.rows and 50 in grid.columns and len(grid.rows) == 8
    assert grid.cell_at(grid.name, 1) == (grid.rows[0], grid.columns[0])
    assert grid.cell_at(grid.name + grid.column, 3) == (grid.rows[2], grid.columns[1])
    assert grid.cell_at(0, 1) is None and grid.cell_at(grid.name, 0) is None and grid.cell_at(grid.name, 9) is None
    counts = [[1] * 77 for _ in labels]
    assert all(len(line.plain) <= 60 for line in confusion_lines(labels, counts, (40, 50), grid)[:-1])
