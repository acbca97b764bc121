"""A look at rows: cells cut short and searches, the same over lazy rows, joined ones and plain examples."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pytest

from promptlab.task import Example
from promptlab.task.derived import Derived, Reference, alias
from promptlab.task.peek import Search, glance
from promptlab.task.rows import ArrowRows, Form, JoinedRows, ids_of

TEXTS = ("A Fine film", "dull", "so fine", "", "fine " * 100)
FORM = Form(
    ("said", "more"),
    {
        "text": alias("said"),
        "both": Derived((Reference("text"), " / ", Reference("more"))),
        "loud": Derived((Reference("more", (("upper", ""),)),)),
    },
    "label",
    identity="key",
)


def batch(start: int) -> pa.RecordBatch:
    columns = {
        "said": list(TEXTS),
        "more": [f"more {start + place}" for place in range(5)],
        "label": ["a" * 400, "b", "a" * 400, "b", "b"],
        "key": [f"k{start + place}" for place in range(5)],
        **{f"other{number}": ["x" * 1000] * 5 for number in range(3)},
    }
    return pa.record_batch([pa.array(cells, pa.string()) for cells in columns.values()], names=list(columns))


def rows() -> ArrowRows:
    return ArrowRows.of((batch(0), batch(5), batch(10)), FORM)


KINDS: dict[str, Sequence[Example]] = {
    "lazy": rows(),
    "examples": tuple(rows()),
    "joined": JoinedRows((rows()[:7], tuple(rows())[7:9], rows()[9:])),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_glance_is_the_rows_with_their_fields_cut_in_the_order_asked_for(kind: str) -> None:
    places, every = [14, 2, 2, 9, 0], list(rows())
    seen = glance(KINDS[kind], places, ("text", "both", "more"), width=8)
    for place, one in zip(places, seen, strict=True):
        expected = {name: every[place].fields[name][:8] for name in ("text", "both", "more")}
        assert one == replace(every[place], fields=expected)  # the id and the label are whole


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fields", "text", "found"),
    [
        (("text",), "FINE", [0, 2, 4, 5, 7, 9, 10, 12, 14]),
        (("text", "more"), "more 1", [1, 10, 11, 12, 13, 14]),
        (("both",), "dull / more 6", [6]),
        (("loud",), "more 3", [3]),
        (("text",), "x", []),
    ],
)
def test_a_search_finds_rows_whose_fields_hold_the_text(
    kind: str, fields: tuple[str, ...], text: str, found: list[int]
) -> None:
    search = Search(KINDS[kind], text, fields)
    search.go_on(10)
    assert search.is_done and search.found.tolist() == found


def test_a_search_stops_in_time_and_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptlab.task.peek._ROWS", 4)
    search, scanned = Search(rows(), "fine", ("text",)), []
    while not search.is_done:
        search.go_on(0)
        scanned.append(search.scanned)
    assert scanned == [4, 8, 12, 15] and search.found.tolist() == [0, 2, 4, 5, 7, 9, 10, 12, 14]


def test_narrowed_rows_read_only_what_a_field_is_made_of() -> None:
    form = FORM.only(("both",))
    assert form.columns == ("said", "more") and set(form.derived) == {"text", "both"}
    assert FORM.only(("loud",)).columns == ("more",) and FORM.only(()).needed() == ["label", "key"]
    assert [FORM.column_of(name) for name in ("said", "text", "both", "loud", "none")] == [
        "said",
        "said",
        None,
        None,
        None,
    ]


def test_ids_are_those_of_the_examples() -> None:
    unnamed = replace(rows(), form=replace(FORM, identity=None))[3:9:2]
    for some in (rows(), unnamed, KINDS["joined"], KINDS["examples"]):
        assert list(ids_of(some)) == [row.id for row in some]
