"""The pieces of one row's prompt as a text in which their borders are seen without colour."""

from collections.abc import Mapping, Sequence
from typing import Any

from promptlab.text import counted, safe_text, shorten

_BORDER = "·"
_MOST = 600  # pieces that are shown


def token_view(parsed: Mapping[str, Any]) -> str:
    """How many pieces there are of how many that fit, what was cut, and the pieces with borders between them."""
    pieces: Sequence[Mapping[str, Any]] = parsed["pieces"]
    if not pieces:
        return "No model is loaded yet: the pieces stand here once it is."
    shown = _BORDER.join(_piece(one) for one in pieces[:_MOST])
    left = f" … and {counted(len(pieces) - _MOST, 'piece')} more" if len(pieces) > _MOST else ""
    return f"{length_text(parsed)}\n{shown}{left}"


def length_text(parsed: Mapping[str, Any]) -> str:
    """``35 of 256 pieces; cut: 12 pieces of text``."""
    if not parsed.get("length"):
        return ""
    text = f"{parsed['length']:,} of {counted(parsed['max_length'], 'piece')}"
    cut = ", ".join(f"{counted(n, 'piece')} of {shorten(name, 30)}" for name, n in parsed["cut"].items() if n)
    return f"{text}; cut: {cut}" if cut else text


def _piece(one: Mapping[str, Any]) -> str:
    text = safe_text(str(one["text"]))
    return f"({text})" if one["part"] == "soft" else text
