"""The template language, printed: parts into the text that parses back to them."""

import re
from collections.abc import Sequence

from promptlab.template.parse import KEYWORDS
from promptlab.template.parts import (
    Control,
    Demonstrations,
    Field,
    Filter,
    Mask,
    Part,
    Soft,
    Text,
    Token,
    Trigger,
    Turn,
)


def show_parts(parts: Sequence[Part]) -> str:
    """The template's text; parsing it gives the parts again (a text's ``data`` mark apart)."""
    return "".join(map(_show, parts))


def _show(part: Part) -> str:
    match part:
        case Text(text) | Control(text):
            return text.replace("{", "{{").replace("}", "}}")
        case Field(name, filters):
            return "{" + _show_name(name) + "".join(map(_show_filter, filters)) + "}"
        case Mask():
            return "{mask}"
        case Soft():
            return _show_soft(part)
        case Trigger(count):
            return f"{{trigger:{count}}}"
        case Token(entry):
            return f"{{token:{_escape(entry)}}}"
        case Demonstrations():
            return "{demos}"
        case Turn(role):
            return f"{{{role}}}"


def _show_name(name: str) -> str:
    reserved = name in KEYWORDS and name != "field"
    return ("field:" if reserved or ":" in name else "") + _escape(name, "|")


def _show_filter(part: Filter) -> str:
    return f"|{part.name} {_escape(part.argument, '|')}" if part.argument else f"|{part.name}"


def _show_soft(part: Soft) -> str:
    name = f"#{_escape(part.name, '|#')}" if part.name else ""
    if part.init:
        digits = part.init.isascii() and part.init.isdigit()
        return "{soft:" + ("\\" if digits else "") + _escape(part.init, "|#") + name + "}"
    return f"{{soft:{part.count}{name}}}" if name or part.count != 1 else "{soft}"


def _escape(text: str, special: str = "") -> str:
    r"""The text with a backslash before ``\ { }``, before the special characters, and before spaces at its ends."""
    escaped = re.sub(rf"[\\{{}}{re.escape(special)}]", r"\\\g<0>", text)
    if escaped[:1].isspace():
        escaped = "\\" + escaped
    return escaped[:-1] + "\\" + escaped[-1] if len(text) > 1 and text[-1].isspace() else escaped
