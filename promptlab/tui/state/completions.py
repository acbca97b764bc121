"""What can stand behind an open brace: the fields of the data, then the words of the template language."""

from collections.abc import Sequence
from typing import NamedTuple

_LANGUAGE = (
    ("mask", "the slot: the model answers here"),
    ("soft:8", "eight trained vectors"),
    ("trigger:3", "three pieces that a search chooses"),
    ("token:", "one exact entry of the vocabulary"),
    ("demos", "where solved examples go"),
    ("assistant", "chat models: opens the model's reply"),
    ("system", "chat models: ends the system message"),
)
MOST = 8


class Completion(NamedTuple):
    """What is written between the braces, and what it means."""

    inside: str
    means: str


def completions(typed: str, fields: Sequence[str]) -> list[Completion]:
    """Those that begin with what was typed behind the brace, at most ``MOST``; a name that is a word of the language
    is written ``field:name``."""
    words = {word.split(":")[0] for word, _ in _LANGUAGE}
    own = [Completion(f"field:{name}" if name in words else _escaped(name), "a field of the data") for name in fields]
    every = [*own[:1], Completion(*_LANGUAGE[0]), *own[1:], *(Completion(*one) for one in _LANGUAGE[1:])]
    start = typed.strip().casefold()
    return [one for one in every if one.inside.casefold().startswith(start)][:MOST]


def _escaped(name: str) -> str:
    """A column's name with what the language would read otherwise escaped."""
    return "".join(f"\\{letter}" if letter in "\\{}|" else letter for letter in name)
