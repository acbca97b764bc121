"""The lines between application and engine: requests one way, replies the other, one JSON object each."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from promptlab import errors

VERSION = 1

# The error kinds of the user's own mistakes, the nearest class first.
_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (errors.TemplateError, "template"),
    (errors.MemoryFull, "memory"),
    (MemoryError, "memory"),
    (errors.DataError, "data"),
    (errors.ConfigError, "config"),
    (errors.ModelError, "model"),
    (errors.BundleError, "bundle"),
    (errors.StoreError, "store"),
)
_OWN_KEYS = ("v", "id", "do", "read_rev", "score_rev")


class Refused(Exception):
    """A request that is not answered for a reason of its own ``kind``, which is nobody's mistake."""

    kind: ClassVar[str] = "ours"


@dataclass(frozen=True, slots=True)
class Request:
    """What the application asks: ``do`` names the work, ``fields`` are its own, the revisions say what it is about."""

    id: int
    do: str
    read_rev: int = 0
    score_rev: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict)

    def to_table(self) -> dict[str, Any]:
        """The request in JSON's types."""
        assert not self.fields.keys() & set(_OWN_KEYS), "a field would overwrite what makes the request known"
        head = {"v": VERSION, "id": self.id, "do": self.do, "read_rev": self.read_rev, "score_rev": self.score_rev}
        return {**head, **self.fields}

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> "Request":
        """The request of a line; ValueError for another version or a line that is none."""
        if table.get("v") != VERSION:
            raise ValueError(
                f"The engine speaks version {VERSION} of the protocol, and was asked in {table.get('v')!r}."
            )
        number, do = table.get("id"), table.get("do")
        if not isinstance(number, int) or not isinstance(do, str):
            raise ValueError("A request needs a number (id) and what to do (do).")
        fields = {key: value for key, value in table.items() if key not in _OWN_KEYS}
        return cls(number, do, int(table.get("read_rev", 0)), int(table.get("score_rev", 0)), fields)


@dataclass(frozen=True, slots=True)
class Reply:
    """One line of the engine: exactly one of ``event``, ``result`` and ``error``; ``id`` is 0 when nobody asked."""

    id: int
    read_rev: int = 0
    score_rev: int = 0
    event: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None

    def to_table(self) -> dict[str, Any]:
        """The reply in JSON's types."""
        table: dict[str, Any] = {"id": self.id, "read_rev": self.read_rev, "score_rev": self.score_rev}
        for key in ("event", "result", "error"):
            if (value := getattr(self, key)) is not None:
                table[key] = value
        return table

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> "Reply":
        """The reply of a line; ValueError for a line that is none."""
        kinds = [key for key in ("event", "result", "error") if isinstance(table.get(key), dict)]
        if len(kinds) != 1 or not isinstance(table.get("id"), int):
            raise ValueError("A line of the engine has an id and one of event, result and error.")
        given: dict[str, Any] = {kinds[0]: table[kinds[0]]}
        return cls(table["id"], int(table.get("read_rev", 0)), int(table.get("score_rev", 0)), **given)


def to_line(table: Mapping[str, Any]) -> bytes:
    """The table as one line of UTF-8; numbers that are not finite become null."""
    try:
        text = json.dumps(table, ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(table), ensure_ascii=False, allow_nan=False)
    # Half of a surrogate pair, which UTF-8 has no form for, is left as JSON's own escape.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def from_line(line: bytes) -> dict[str, Any]:
    """The table of a line; ValueError when it is none."""
    table = json.loads(line)
    if not isinstance(table, dict):
        raise ValueError("The line is no JSON object.")
    return table


def error_of(exception: BaseException) -> dict[str, Any]:
    """An exception as the ``error`` of a reply: ``kind``, the whole sentence, place and remedy."""
    kind = exception.kind if isinstance(exception, Refused) else _kind(exception)
    what = str(exception)
    if kind == "memory" and not isinstance(exception, errors.PromptlabError):
        what = "Memory ran out. Use a smaller model or --dtype bfloat16, or read fewer rows."
    if kind == "ours" and not isinstance(exception, Refused):
        what = f"{type(exception).__name__}: {what}" if what else type(exception).__name__
    error: dict[str, Any] = {"kind": kind, "what": what, "where": "", "remedy": ""}
    if isinstance(exception, errors.TemplateError) and exception.line:
        error |= {"line": exception.line, "column": exception.column}
    return error


def _kind(exception: BaseException) -> str:
    known = next((kind for of, kind in _KINDS if isinstance(exception, of)), "")
    return known or ("memory" if _is_memory(exception) else "ours")


def _is_memory(exception: BaseException) -> bool:
    """Whether torch, which is not imported here, says that memory ran out."""
    signs = ("out of memory", "DefaultCPUAllocator", "not enough memory")
    return type(exception).__name__ == "OutOfMemoryError" or (
        isinstance(exception, RuntimeError) and any(sign in str(exception) for sign in signs)
    )


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value
