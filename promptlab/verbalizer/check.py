"""Whether label words fit a task's labels and a template's slots."""

import math
from collections.abc import Sequence

from promptlab.errors import ConfigError
from promptlab.text import counted, fold, listed, nearest, shorten
from promptlab.verbalizer.words import LabelWords, Word


def check_words(words: LabelWords, labels: Sequence[str], slots: int | None = None, *, shared: bool = False) -> None:
    """ConfigError for labels that are missing, unknown or without a word, for a word of two labels, and for a word
    that has no text, an impossible weight, or another number of strings than the template has ``slots`` (None: any).

    With ``shared``, words of two labels pass: they are there to be refined.
    """
    check_labels(words.labels, labels)
    for label in words.labels:
        for word in words.words[label]:
            _check_word(word, label, slots)
        if not words.active(label):
            raise ConfigError(f"The label {label!r} has no words that count; give it at least one.")
    if not shared:
        _check_shared(words)


def check_labels(found: Sequence[str], labels: Sequence[str]) -> None:
    """ConfigError when the labels that have words are not the task's."""
    for name in found:
        if name not in labels:
            shown = listed(shorten(label, 30) for label in labels)
            raise ConfigError(
                f"unknown label {shorten(name, 40)!r} in the words; the task has {shown}.{nearest(name, labels)}"
            )
    missing = [repr(shorten(label, 30)) for label in labels if label not in found]
    if missing:
        subject = "The label" if len(missing) == 1 else "The labels"
        verb = "has" if len(missing) == 1 else "have"
        first = next(label for label in labels if label not in found)
        raise ConfigError(
            f"{subject} {listed(missing)} {verb} no words. Add {f'{shorten(first, 30)}=word'!r} to --words, or "
            "a list of words for it to the TOML file."
        )


def _check_word(word: Word, label: str, slots: int | None) -> None:
    strings = (word.text,) if isinstance(word.text, str) else word.text
    shown = shorten(str(word), 40)
    if not strings or not all(text.strip() for text in strings):
        raise ConfigError(f"The label {label!r} has an empty word.")
    if slots is not None and len(strings) != slots:
        raise ConfigError(
            f"The word {shown!r} of {label!r} is {counted(len(strings), 'string')}, and the template has "
            f"{counted(slots, 'slot')}: give one string a slot."
        )
    if not math.isfinite(word.weight) or word.weight < 0:
        raise ConfigError(f"The word {shown!r} of {label!r} has the weight {word.weight}; it can be any number from 0.")
    if word.prior is not None and not math.isfinite(word.prior):
        raise ConfigError(f"The word {shown!r} of {label!r} has the prior {word.prior}; a log-probability is needed.")


def _check_shared(words: LabelWords) -> None:
    owners: dict[tuple[str, ...], str] = {}
    for label in words.labels:
        for word in words.active(label):
            key = (fold(word.text),) if isinstance(word.text, str) else tuple(map(fold, word.text))
            owner = owners.setdefault(key, label)
            if owner != label:
                raise ConfigError(
                    f"The word {shorten(str(word), 40)!r} stands under two labels, {owner!r} and {label!r}; "
                    "keep it under one."
                )
