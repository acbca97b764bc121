"""Label words as they are typed: ``great, superb=0.5``, one text a slot with ``+`` between, quotes around odd ones."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promptlab.errors import ConfigError
from promptlab.text import counted, fold, nearest, shorten
from promptlab.verbalizer import Word

# A quoted text (its quotes doubled inside), or anything but what has a meaning.
_TOKEN = re.compile(r'"((?:[^"]|"")*)"|([^",=+]+)|([",=+])')
_ODD = re.compile(r'[",=:+]|^\s|\s$')


@dataclass(frozen=True, slots=True)
class Typed:
    """A word with the weight typed for it; None where none was."""

    text: str | tuple[str, ...]
    weight: float | None = None

    def word(self) -> Word:
        """The label word of a person who typed it."""
        return Word(self.text, weight=1.0 if self.weight is None else self.weight)


def split_label(line: str, labels: Sequence[str]) -> tuple[str | None, str]:
    """The label that a line names before a colon (None without one), and its words; ConfigError for an unknown one."""
    for label in sorted(labels, key=len, reverse=True):
        found = re.match(r"\s*" + r"\s+".join(map(re.escape, label.split())) + r"\s*:", line, re.IGNORECASE)
        if found and label.split():
            return label, line[found.end() :]
    name, colon, _ = line.partition(":")
    if colon and name.strip() and not {'"', ",", "="} & set(name):
        raise ConfigError(
            f"There is no label {shorten(name, 30)!r}.{nearest(name.strip(), labels)} "
            'Put a word with a colon in quotes: "a:b".'
        )
    return None, line


def typed_words(line: str, *, slots: int | None = None) -> list[Typed]:
    """The words of a line; ConfigError for a weight that is no number, a quote left open, a text too few for a slot."""
    return [_typed(listing, slots) for listing in _between(_tokens(line), ",") if _is_something(listing)]


def words_line(words: Iterable[Word]) -> str:
    """The words as they would be typed."""
    return ", ".join(_written(word) for word in words)


_Token = tuple[str, bool]  # text, and whether it has a meaning rather than being part of a word


def _tokens(line: str) -> list[_Token]:
    tokens: list[_Token] = []
    for match in _TOKEN.finditer(line):
        quoted, text, sign = match.groups()
        if sign == '"':
            raise ConfigError('A quote is left open: write "a, b", and two quotes for one inside.')
        if text and ":" in text:
            shown = shorten(text, 30)
            raise ConfigError(
                f'A label stands once, at the start of the line. Put a word with a colon in quotes: "{shown}".'
            )
        tokens.append((sign, True) if sign else (text if quoted is None else quoted.replace('""', '"'), False))
    return tokens


def _between(tokens: Sequence[_Token], sign: str) -> list[list[_Token]]:
    listings: list[list[_Token]] = [[]]
    for token in tokens:
        if token == (sign, True):
            listings.append([])
        else:
            listings[-1].append(token)
    return listings


def _is_something(listing: Sequence[_Token]) -> bool:
    return any(is_sign or text.strip() for text, is_sign in listing)


def _typed(listing: Sequence[_Token], slots: int | None) -> Typed:
    sides = _between(listing, "=")
    named, weights = (sides[:-1], sides[-1]) if len(sides) > 1 and _join(sides[0]) else (sides, None)
    text = "=".join(_join(side) for side in named)
    weight = None if weights is None else _weight(_join(weights), text)
    if slots is None or slots == 1:
        return Typed(text, weight)
    texts = tuple(_join(side) for side in _between(named[0] if len(named) == 1 else listing, "+"))
    if len(texts) != slots or not all(texts):
        example = " + ".join(("very", "good", "film", "indeed")[:slots])
        raise ConfigError(f"The template has {counted(slots, 'slot')}: type a text for each, as in {example}.")
    return Typed(texts, weight)


def _join(listing: Sequence[_Token]) -> str:
    return " ".join("".join(text for text, _ in listing).split())


def _weight(given: str, word: str) -> float:
    try:
        weight = float(given)
    except ValueError:
        weight = -1.0
    if not 0 <= weight < float("inf"):
        raise ConfigError(
            f"{shorten(given, 20)!r} is no weight for {shorten(word, 30)!r}; it is a number from 0, as in word=0.5."
        )
    return weight


def _written(word: Word) -> str:
    texts = (word.text,) if isinstance(word.text, str) else word.text
    text = " + ".join('"' + one.replace('"', '""') + '"' if _ODD.search(one) else one for one in texts)
    return text if word.weight == 1 else f"{text}={word.weight:g}"


def is_same(word: Word, other: Typed) -> bool:
    """Whether a word is the one that was typed."""
    return fold(str(word)) == fold(str(other.word()))
