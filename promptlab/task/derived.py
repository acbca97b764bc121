"""Fields made of other fields: a template without slots, such as ``{title}: {description|strip .}``."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from promptlab.errors import ConfigError
from promptlab.text import TEXT_FILTERS, listed, nearest

_PIECE = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]")
_SLOTS = ("mask", "soft", "trigger", "token", "demos", "assistant", "system")


@dataclass(frozen=True, slots=True)
class Reference:
    """A field's name and the filters that its text goes through, each with its argument."""

    name: str
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Derived:
    """Literal text and references in order."""

    parts: tuple[str | Reference, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that it refers to."""
        return tuple(part.name for part in self.parts if isinstance(part, Reference))

    def text(self, cells: Mapping[str, str], fields: Mapping[str, str]) -> str:
        """The text for one row; a name means the row's cell, else the field derived before."""
        return "".join(part if isinstance(part, str) else _filled(part, cells, fields) for part in self.parts)


def alias(column: str) -> Derived:
    """A field that is the column as it stands."""
    return Derived((Reference(column),))


def parse_derived(text: str, *, known: Collection[str], where: str) -> Derived:
    """Read one entry of ``[fields]``; ``known`` are the names that it may use.

    Raises ConfigError, which begins with ``where``, for an unknown name or filter, a slot, or a lone brace.
    """
    parts: list[str | Reference] = []
    for piece in _PIECE.findall(text):
        if piece in ("{{", "}}"):
            parts.append(piece[0])
        elif piece in ("{", "}"):
            raise ConfigError(f"{where}: a lone {piece!r} in {text!r}. Write {piece * 2!r} for a brace.")
        elif piece.startswith("{"):
            parts.append(_reference(piece[1:-1], known=known, where=where))
        else:
            parts.append(piece)
    return Derived(tuple(parts))


def _reference(inside: str, *, known: Collection[str], where: str) -> Reference:
    name, *filters = inside.split("|")
    name = name.strip()
    if name in known:
        return Reference(name, tuple(_filter(each, where=where) for each in filters))
    if re.split(r"[:#\s]", name)[0] in _SLOTS:
        raise ConfigError(f"{where}: {{{inside}}} belongs into a template; a field is made of columns alone.")
    raise ConfigError(f"{where}: no column {name!r}.{nearest(name, known)} There are {listed(known)}.")


def _filter(text: str, *, where: str) -> tuple[str, str]:
    name, _, argument = text.strip().partition(" ")
    if name not in TEXT_FILTERS:
        raise ConfigError(f"{where}: no filter {name!r}.{nearest(name, TEXT_FILTERS)} Known: {listed(TEXT_FILTERS)}.")
    if argument and name != "strip":
        raise ConfigError(f"{where}: the filter {name!r} takes no {argument!r}.")
    return name, argument


def _filled(reference: Reference, cells: Mapping[str, str], fields: Mapping[str, str]) -> str:
    text = cells[reference.name] if reference.name in cells else fields[reference.name]
    for name, argument in reference.filters:
        change: Callable[[str, str], str] = TEXT_FILTERS[name]
        text = change(text, argument)
    return text
