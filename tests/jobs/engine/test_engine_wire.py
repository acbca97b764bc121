import json

import pytest

from promptlab.errors import BundleError, ConfigError, DataError, MemoryFull, ModelError, StoreError, TemplateError
from promptlab.jobs.engine.held import Abandoned, Unread
from promptlab.jobs.wire import Reply, Request, error_of, from_line, to_line


def test_a_request_comes_back_as_it_was_sent() -> None:
    request = Request(7, "score", 3, 9, {"words": {"words": {"a": ["größer\n"]}}, "calibration": None})
    line = to_line(request.to_table())
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert Request.from_table(from_line(line)) == request


@pytest.mark.parametrize("kind", ["event", "result", "error"])
def test_a_reply_comes_back_as_it_was_sent(kind: str) -> None:
    reply = Reply(7, 3, 9, **{kind: {"kind": "x", "n": 1}})
    assert Reply.from_table(from_line(to_line(reply.to_table()))) == reply


def test_numbers_that_are_none_become_null_and_half_characters_survive() -> None:
    line = to_line({"a": [float("nan"), {"b": float("inf")}, 1.5], "c": "x\ud800y"})
    assert json.loads(line) == {"a": [None, {"b": None}, 1.5], "c": "x\ud800y"}


@pytest.mark.parametrize("line", [b"[]\n", b"{\n", b'"x"\n', b"\xff\n"])
def test_what_is_no_object_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        from_line(line)


@pytest.mark.parametrize("table", [{"v": 2, "id": 1, "do": "read"}, {"v": 1, "do": "read"}, {"v": 1, "id": 1}])
def test_another_version_and_half_a_request_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Request.from_table(table)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TemplateError("x"), "template"),
        (DataError("x"), "data"),
        (ConfigError("x"), "config"),
        (ModelError("x"), "model"),
        (BundleError("x"), "bundle"),
        (StoreError("x"), "store"),
        (MemoryFull("x"), "memory"),
        (MemoryError(), "memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "memory"),
        (Abandoned("x"), "abandoned"),
        (Unread("x"), "unread"),
        (KeyError("x"), "ours"),
        (RuntimeError("x"), "ours"),
    ],
)
def test_each_error_has_its_kind(error: Exception, kind: str) -> None:
    assert error_of(error)["kind"] == kind
    assert error_of(error)["what"]


def test_a_templates_error_names_its_place_and_ours_its_type() -> None:
    error = error_of(TemplateError("no such field", line=2, column=5))
    assert (error["line"], error["column"]) == (2, 5) and "line 2, column 5" in error["what"]
    assert error_of(KeyError("x"))["what"] == "KeyError: 'x'"
