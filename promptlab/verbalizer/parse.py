"""Label words from one line, such as 'positive=great,good negative=bad', and from the names of the labels."""

import re
from collections.abc import Mapping, Sequence

from promptlab.errors import ConfigError
from promptlab.text import fold, listed, nearest, shorten
from promptlab.verbalizer.check import check_words
from promptlab.verbalizer.words import LabelWords, Word

_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?")


def parse_words(argument: str, labels: Sequence[str]) -> LabelWords:
    """Words from ``label=word,word label=word``, in the order of the task's labels.

    It is split only where one of the labels stands before ``=``, so that labels and words may hold spaces. Raises
    ConfigError for an unknown label, one without words or given twice, and for a word of two labels.
    """
    found = _find_labels(argument, labels)
    starts = [match.start() for _, match in found]
    before = argument[: starts[0]] if found else argument
    if before.strip() or not found:
        raise _unexpected(before, labels)
    given: dict[str, list[str]] = {}
    for (label, match), end in zip(found, [*starts[1:], len(argument)], strict=True):
        listing = argument[match.end() : end]
        if "=" in listing:
            raise _unexpected(listing, labels)
        if label in given:
            raise ConfigError(f"The label {label!r} is given twice; write all its words after one {label}=.")
        given[label] = [text for text in map(str.strip, listing.split(",")) if text]
    return _label_words({label: given[label] for label in labels if label in given}, labels)


def parse_each(arguments: Sequence[str]) -> LabelWords:
    """Words from several arguments, each ``label=word,word`` with a label of its own.

    Raises ConfigError for an argument of another form, a label given twice, and for a word of two labels.
    """
    given: dict[str, list[str]] = {}
    for argument in arguments:
        label, _, listing = (side.strip() for side in argument.partition("="))
        words = [text for text in map(str.strip, listing.split(",")) if text]
        if not label or not words:
            raise ConfigError(f"{shorten(argument, 40)!r} is not label=word,word.")
        if label in given:
            raise ConfigError(f"The label {label!r} is given twice; write all its words after one {label}=.")
        given[label] = words
    return _label_words(given, list(given))


def label_names_as_words(labels: Sequence[str]) -> LabelWords:
    """Each label's own name as its word: ``not_relevant`` is written "not relevant", ``HUMAN`` "human".

    Raises ConfigError when a name is a bare number or holds no letter.
    """
    numbers = [label for label in labels if _NUMBER.fullmatch(label.strip())]
    if numbers:
        shown = listed(shorten(label, 20) for label in labels)
        example = ",".join(f"{label}=name" for label in labels[:2])
        raise ConfigError(
            f"The labels are numbers ({shown}), which say nothing to a model. Name them with --labels '{example}', "
            f"or give words with --words '{example.replace(',', ' ').replace('=name', '=word')}'."
        )
    return _label_words({label: [_as_words(label)] for label in labels}, labels)


def _find_labels(argument: str, labels: Sequence[str]) -> list[tuple[str, re.Match[str]]]:
    """Where a label stands before ``=``, at the start or behind a space or comma; of two that fit, the longer."""
    longest_first = sorted(labels, key=len, reverse=True)
    names = "|".join("(" + r"\s+".join(map(re.escape, label.split())) + ")" for label in longest_first)
    is_case_free = len(set(map(fold, labels))) == len(labels)
    pattern = re.compile(rf"(?<![^\s,])(?:{names})\s*=", re.IGNORECASE if is_case_free else re.NOFLAG)
    return [(longest_first[(match.lastindex or 0) - 1], match) for match in pattern.finditer(argument)]


def _unexpected(text: str, labels: Sequence[str]) -> ConfigError:
    """The error for text in which a label before ``=`` was expected."""
    name = re.split(r"[\s,]+", text.split("=")[0].strip())[-1]
    found = f"unknown label {shorten(name, 40)!r} in the words" if name else "no label in the words"
    shown = listed(shorten(label, 30) for label in labels)
    return ConfigError(f"{found}; expected label=word,word with one of {shown}.{nearest(name, labels)}")


def _label_words(texts: Mapping[str, Sequence[str]], labels: Sequence[str]) -> LabelWords:
    """Scored whole as soon as one word is a phrase: its first piece alone says little."""
    words = {label: tuple(map(Word, dict.fromkeys(listing))) for label, listing in texts.items()}
    is_phrase = any(len(text.split()) > 1 for listing in texts.values() for text in listing)
    given = LabelWords(words, pieces="whole" if is_phrase else "first")
    check_words(given, labels)
    return given


def _as_words(label: str) -> str:
    text = " ".join(re.sub(r"[_/-]+", " ", label).split())
    if not any(character.isalpha() for character in text):
        raise ConfigError(
            f"The label {label!r} has no letters to use as a word; give words with --words '{label}=word'."
        )
    return text.lower() if text.isupper() else text
