"""Lazy rows behave like a list of examples, whatever batches they lie in."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptlab.task import Example
from promptlab.task.derived import alias
from promptlab.task.rows import ArrowRows, Form, JoinedRows, joined, labels_of, pick


def rows_of(*sizes: int) -> ArrowRows:
    """Rows numbered through batches of these sizes; every third has no label."""
    batches, start = [], 0
    for size in sizes:
        numbers = range(start, start + size)
        columns = [[f"t{n}" for n in numbers], ["" if n % 3 == 2 else "ab"[n % 2] for n in numbers]]
        batches.append(pa.record_batch([pa.array(column, pa.string()) for column in columns], names=["said", "label"]))
        start += size
    return ArrowRows.of(tuple(batches), Form(("said",), {"text": alias("said")}, "label", {"a": "A", "b": "b"}))


def expected(n: int) -> Example:
    label = None if n % 3 == 2 else "Ab"[n % 2]
    return Example({"said": f"t{n}", "text": f"t{n}"}, label, f"row:{n + 1}")


def test_iterating_crosses_batches() -> None:
    assert list(rows_of(3, 0, 1, 4)) == [expected(n) for n in range(8)]


def test_an_index_counts_from_either_end() -> None:
    rows = rows_of(3, 4)
    assert (rows[0], rows[3], rows[-1]) == (expected(0), expected(3), expected(6))


@pytest.mark.parametrize("index", [7, -8])
def test_an_index_outside_is_an_index_error(index: int) -> None:
    with pytest.raises(IndexError):
        rows_of(3, 4)[index]


def test_a_slice_is_another_lazy_view() -> None:
    part = rows_of(3, 4)[2:6:2]
    assert isinstance(part, ArrowRows)
    assert list(part) == [expected(2), expected(4)]
    assert list(part[1:]) == [expected(4)]


sizes = st.lists(st.integers(0, 5), min_size=1, max_size=4)
bounds = st.one_of(st.none(), st.integers(-15, 15))


@given(sizes=sizes, start=bounds, stop=bounds, step=st.integers(-3, 3).filter(bool))
def test_a_slice_holds_what_a_lists_slice_holds(sizes: list[int], start: int, stop: int, step: int) -> None:
    rows = rows_of(*sizes)
    assert list(rows[start:stop:step]) == list(rows)[start:stop:step]


@given(sizes=sizes, data=st.data())
def test_picked_rows_come_in_the_order_asked_for(sizes: list[int], data: st.DataObject) -> None:
    rows = rows_of(*sizes)
    indices = data.draw(st.lists(st.integers(0, max(len(rows) - 1, 0)))) if len(rows) else []
    assert list(rows.pick(indices)) == [rows[index] for index in indices]


@given(sizes=sizes)
def test_labelled_and_unlabelled_rows_part_the_whole(sizes: list[int]) -> None:
    rows = rows_of(*sizes)
    with_label, without = rows.labelled()
    assert list(with_label) == [row for row in rows if row.label is not None]
    assert list(without) == [row for row in rows if row.label is None]


def test_labels_are_those_of_the_examples() -> None:
    rows = rows_of(4, 3)
    assert rows.labels() == [row.label for row in rows] == labels_of(list(rows))


def test_a_form_without_a_label_leaves_every_row_unlabelled() -> None:
    batch = pa.record_batch([pa.array(["a"])], names=["text"])
    rows = ArrowRows.of((batch,), Form(("text",)))
    assert rows.labels() == [None]
    assert [len(part) for part in rows.labelled()] == [0, 1]


def test_joined_rows_are_one_sequence() -> None:
    rows = rows_of(5)
    both = joined([rows[:2], (), rows[3:]])
    assert isinstance(both, JoinedRows)
    assert list(both) == [both[n] for n in range(4)] == [expected(n) for n in (0, 1, 3, 4)]
    assert both[-1] == expected(4)
    assert list(both[1:3]) == [expected(1), expected(3)]
    assert list(both[::-1]) == list(both)[::-1]


def test_one_part_needs_no_joining() -> None:
    rows = rows_of(2)
    assert joined([(), rows]) is rows
    assert joined([]) == ()


def test_pick_leaves_lazy_rows_lazy() -> None:
    rows = rows_of(3, 3)
    assert isinstance(pick(joined([rows[:2], rows[2:]]), [1, 4]), JoinedRows)
    assert pick(list(rows), [1]) == (expected(1),)
