"""Edits of label words: each takes a table of words and gives a new one; what cannot be done is a ConfigError."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from promptlab.errors import ConfigError
from promptlab.text import fold, shorten
from promptlab.tui.state.typed_words import Typed, is_same
from promptlab.verbalizer import LabelWords, Word


def add_words(words: LabelWords, label: str, new: Iterable[Word]) -> LabelWords:
    """The new words behind those of a label; a word that the label has already, switched off, is switched on.

    Raises ConfigError for an empty word and for one that stands under a label already.
    """
    row = list(words.words[label])
    for word in new:
        if not str(word).strip():
            raise ConfigError("An empty word is no label word. Type a word.")
        there = next((place for place, old in enumerate(row) if _is_same(old, word)), None)
        if there is not None and row[there].on:
            raise ConfigError(f"{shorten(str(word), 40)!r} is a word of {label!r} already.")
        if owner := _owner(words, word, apart_from=label):
            raise ConfigError(f"{shorten(str(word), 40)!r} is a word of {owner!r}; move it instead (key m, then move).")
        if there is not None:
            row[there] = replace(row[there], on=True, dropped="")
        else:
            row.append(word)
    return words.with_words(label, tuple(row))


def remove_word(words: LabelWords, label: str, place: int) -> LabelWords:
    """Without the label's word at a place."""
    row = words.words[label]
    return words.with_words(label, row[:place] + row[place + 1 :])


def toggle_word(words: LabelWords, label: str, place: int) -> LabelWords:
    """The word at a place switched off, or on again."""
    return _changed(words, label, place, lambda word: replace(word, on=not word.on, dropped=""))


def reweigh_word(words: LabelWords, label: str, place: int, weight: float) -> LabelWords:
    """The word at a place with another weight; ConfigError for one below 0."""
    if not 0 <= weight < float("inf"):
        raise ConfigError(f"The weight {weight:g} cannot be; a weight is a number from 0.")
    return _changed(words, label, place, lambda word: replace(word, weight=weight))


def move_word(words: LabelWords, label: str, place: int, to: str) -> LabelWords:
    """The word at a place under another label, behind its words; ConfigError where that label has it."""
    word = words.words[label][place]
    if any(_is_same(old, word) for old in words.words[to]):
        raise ConfigError(f"{to!r} has the word {shorten(str(word), 40)!r} already.")
    moved = remove_word(words, label, place)
    return moved.with_words(to, (*moved.words[to], word))


def write_words(words: LabelWords, label: str, typed: Sequence[Typed]) -> LabelWords:
    """The label's words as they were typed; old ones keep where they come from, those that are off stay behind.

    Raises ConfigError for a word that is typed twice and for one that another label has.
    """
    old = words.words[label]
    row: list[Word] = []
    for one in typed:
        word = next((word for word in old if is_same(word, one)), None)
        if any(_is_same(other, one.word()) for other in row):
            raise ConfigError(f"{shorten(str(one.word()), 40)!r} stands there twice.")
        if word is None and (owner := _owner(words, one.word(), apart_from=label)):
            raise ConfigError(f"{shorten(str(one.word()), 40)!r} is a word of {owner!r}; it can stand under one label.")
        weight = 1.0 if one.weight is None else one.weight
        row.append(one.word() if word is None else replace(word, on=True, dropped="", weight=weight))
    left = [word for word in old if not word.on and not any(_is_same(word, other) for other in row)]
    return words.with_words(label, (*row, *left))


def _changed(words: LabelWords, label: str, place: int, change: Callable[[Word], Word]) -> LabelWords:
    row = words.words[label]
    return words.with_words(label, (*row[:place], change(row[place]), *row[place + 1 :]))


def _owner(words: LabelWords, word: Word, *, apart_from: str) -> str:
    """The other label that the word counts for; empty without one."""
    others = (label for label in words.labels if label != apart_from)
    return next((label for label in others if any(old.on and _is_same(old, word) for old in words.words[label])), "")


def _is_same(old: Word, word: Word) -> bool:
    return fold(str(old)) == fold(str(word))
