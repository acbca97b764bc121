"""What an editor colours in a template: the stretches between braces, whether or not the template parses yet."""

import re
from typing import Literal, NamedTuple

Kind = Literal["field", "slot", "soft", "turn", "brace"]

_TAG = re.compile(r"\{\{|\}\}|\{(?:[^{}\\\n]|\\.)*\}")
_KINDS: dict[str, Kind] = {
    "mask": "slot",
    "soft": "soft",
    "trigger": "soft",
    "token": "soft",
    "demos": "turn",
    "system": "turn",
    "assistant": "turn",
}


class Mark(NamedTuple):
    """A stretch of one line, from one character to another, and what it is."""

    kind: Kind
    start: int
    end: int


def marks(line: str) -> list[Mark]:
    """The stretches of a line."""
    return [Mark(_kind(found.group()), found.start(), found.end()) for found in _TAG.finditer(line)]


def _kind(tag: str) -> Kind:
    if tag in ("{{", "}}"):
        return "brace"
    name = re.split(r"[:|]", tag[1:-1].strip())[0].strip()
    return _KINDS.get(name, "field")


def open_brace(before: str) -> int | None:
    """Where the brace stands that is open at the end of a line up to the cursor; None without one."""
    at = before.rfind("{")
    if at < 0 or "}" in before[at:] or (at and before[at - 1] == "{"):
        return None
    return at
