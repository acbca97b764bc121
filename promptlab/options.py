"""Options given as text or TOML, turned into what a function's signature or a record's fields ask for."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from promptlab.errors import ConfigError
from promptlab.text import listed, nearest

_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_IN_WORDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    NoneType: "none",
}


@dataclass(frozen=True, slots=True)
class Option:
    """A keyword that a user may set: its name, its type, and its value when it is not given (None when it must be)."""

    name: str
    annotation: Any
    default: Any
    required: bool


def options(function: Callable[..., object]) -> dict[str, Option]:
    """The keyword-only parameters whose type can be written down; the others (executors, functions) are the program's.

    Of a class, the parameters of its ``__init__``.
    """
    signature = inspect.signature(function)
    source = function.__init__ if isinstance(function, type) else function  # type: ignore[misc]
    keywords = [one for one in signature.parameters.values() if one.kind is one.KEYWORD_ONLY]
    # Only these annotations are looked up: those of other parameters may exist for type checkers alone.
    asked = SimpleNamespace(__annotations__={one.name: one.annotation for one in keywords})
    types = get_type_hints(asked, globalns=getattr(source, "__globals__", {}))
    found = {}
    for one in keywords:
        if _is_writable(types[one.name]):
            required = one.default is one.empty
            found[one.name] = Option(one.name, types[one.name], None if required else one.default, required)
    return found


def bind(function: Callable[..., object], table: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """The table's values as the function's options want them: text is read as a number, a choice or a list.

    ConfigError for a name that the function does not have (with the nearest that it has) and for a value of another
    type; ``where`` is the file and table, or the command's option, that the table comes from.
    """
    known = options(function)
    name = getattr(function, "__name__", str(function))
    for key in table:
        if key not in known:
            has = f"It has: {listed(known, most=30)}." if known else "It has no options."
            raise ConfigError(f"{where}: {name} has no option {key!r}.{nearest(key, known)} {has}")
    return {key: convert(value, known[key].annotation, where=f"{where}: {key}") for key, value in table.items()}


def convert(value: object, annotation: Any, *, where: str) -> Any:
    """The value as the type asks: text is read, a list becomes a tuple, and nothing is rounded or guessed.

    ConfigError that says where, what was expected and what was found.
    """
    try:
        return _converted(value, annotation)
    except ValueError:
        raise ConfigError(f"{where} takes {in_words(annotation)}, not {value!r}.") from None


def in_words(annotation: Any) -> str:
    """A type as a user reads it: ``a whole number``, ``mean or max``, ``a list of 2: a text, a number``."""
    kind, inner = _taken_apart(annotation)
    if kind is Literal:
        return " or ".join(map(str, inner))
    if kind in (Union, UnionType):
        return " or ".join(map(in_words, inner))
    if kind is tuple and len(inner) == 2 and inner[1] is ...:
        return f"{in_words(inner[0])}, or a list of such"
    if kind is tuple:
        return f"a list of {len(inner)}: {', '.join(map(in_words, inner))}"
    return _IN_WORDS[annotation]


def _taken_apart(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """What the type is made of: a sequence of T is given as a tuple of any number of T."""
    kind, inner = get_origin(annotation), get_args(annotation)
    return (tuple, (*inner, ...)) if kind is Sequence else (kind, inner)


def _is_writable(annotation: Any) -> bool:
    kind, inner = _taken_apart(annotation)
    if kind in (Union, UnionType, tuple):
        return all(one is ... or _is_writable(one) for one in inner)
    return kind is Literal or annotation in _IN_WORDS


def _converted(value: object, annotation: Any) -> Any:
    """The value, or ValueError when it does not fit."""
    kind, inner = _taken_apart(annotation)
    if kind is Literal:
        return _choice(value, inner)
    if kind in (Union, UnionType):
        return _first_that_fits(value, inner)
    if kind is tuple:
        return _tuple(value, inner)
    return _plain(value, annotation)


def _plain(value: object, kind: type) -> bool | int | float | str | None:
    text = value.strip() if isinstance(value, str) else ""
    if kind is str and isinstance(value, str):
        return value
    if kind is bool and (isinstance(value, bool) or text.lower() in _TRUTH):
        return value if isinstance(value, bool) else _TRUTH[text.lower()]
    if kind is NoneType and (value is None or text.lower() == "none"):
        return None
    if kind is int and isinstance(value, int | str) and not isinstance(value, bool):
        return int(value)
    if kind is float and isinstance(value, int | float | str) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number):
            return number
    raise ValueError


def _choice(value: object, choices: Sequence[object]) -> object:
    for choice in choices:
        same = choice == value and type(choice) is type(value)  # 1 equals True in Python, and not in a file
        if same or (isinstance(value, str) and str(choice) == value.strip()):
            return choice
    raise ValueError


def _first_that_fits(value: object, kinds: Sequence[Any]) -> Any:
    # Text fits every text, so that narrower readings are tried before it.
    for kind in sorted(kinds, key=lambda one: one is str):
        try:
            return _converted(value, kind)
        except ValueError:
            continue
    raise ValueError


def _tuple(value: object, inner: Sequence[Any]) -> tuple[Any, ...]:
    if isinstance(value, str):
        parts: Sequence[object] = [part.strip() for part in value.split(",")] if value.strip() else []
    else:
        parts = list(value) if isinstance(value, list | tuple) else [value]
    kinds = [inner[0]] * len(parts) if len(inner) == 2 and inner[1] is ... else inner
    if len(kinds) != len(parts):
        raise ValueError
    return tuple(_converted(part, kind) for part, kind in zip(parts, kinds, strict=True))
