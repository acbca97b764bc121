"""What a key or a typed line does to the label words: the new table, what undo calls it, where the cursor goes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import get_args

from promptlab.errors import ConfigError
from promptlab.text import listed, shorten
from promptlab.tui.state import word_edits
from promptlab.tui.state.typed_words import split_label, typed_words
from promptlab.tui.state.word_lines import WordLine
from promptlab.verbalizer import Combine, LabelWords, Pieces, Word


@dataclass(frozen=True, slots=True)
class Change:
    """The new words, what the edit is called, and the line that the cursor goes to (None: it stays on its word)."""

    words: LabelWords
    what: str
    at: WordLine | None = None


Edit = Callable[[LabelWords], Change]


def added(words: LabelWords, label: str, text: str, *, slots: int | None = None) -> Change:
    """The words of a typed line added to a label, or to the one that the line names.

    Raises ConfigError for a line that cannot be read and for a word that stands there already.
    """
    named, rest = split_label(text, words.labels)
    label = named or label
    new = [typed.word() for typed in typed_words(rest, slots=slots)]
    if not new:
        raise ConfigError(f"Type a word for {shorten(label, 30)!r}.")
    what = f"add {_listed(new)}"
    return Change(word_edits.add_words(words, label, new), what, WordLine(label, len(words.words[label]), new[-1]))


def written(words: LabelWords, label: str, text: str, *, slots: int | None = None) -> Change:
    """The label's words as a typed line has them; raises ConfigError as ``added`` does."""
    return Change(
        word_edits.write_words(words, label, typed_words(text, slots=slots)), f"write the words of {_short(label)}"
    )


def weighed(words: LabelWords, line: WordLine, text: str) -> Change:
    """The word with the weight typed; ConfigError for what is no number from 0."""
    try:
        weight = float(text)
    except ValueError:
        raise ConfigError(f"{shorten(text, 20)!r} is no number; a weight is a number from 0.") from None
    return _reweighed(words, line, weight)


def weighed_by(words: LabelWords, line: WordLine, step: float) -> Change:
    """The word heavier by ``step``, never below 0."""
    assert line.word is not None
    return _reweighed(words, line, max(0.0, line.word.weight + step))


def removed(words: LabelWords, line: WordLine) -> Change:
    """Without the word."""
    return Change(word_edits.remove_word(words, line.label, line.place), f"remove {_name(line)}")


def toggled(words: LabelWords, line: WordLine) -> Change:
    """The word off, or on again."""
    assert line.word is not None
    what = f"switch {_name(line)} {'off' if line.word.on else 'on'}"
    return Change(word_edits.toggle_word(words, line.label, line.place), what)


def moved(words: LabelWords, line: WordLine, to: str) -> Change:
    """The word under another label; ConfigError where that has it."""
    words_now = word_edits.move_word(words, line.label, line.place, to)
    there = WordLine(to, len(words.words[to]), line.word)
    return Change(words_now, f"move {_name(line)} to {_short(to)}", there)


def combined(words: LabelWords, how: str) -> Change:
    """Another way to make one number of a label's words."""
    combine: Combine = next(one for one in get_args(Combine) if one == how)
    return Change(replace(words, combine=combine, calibration=None), f"combine words by {how}")


def pieced(words: LabelWords, how: str) -> Change:
    """Another way to make one number of a word's pieces."""
    pieces: Pieces = next(one for one in get_args(Pieces) if one == how)
    return Change(replace(words, pieces=pieces, calibration=None), f"score pieces by {how}")


def _reweighed(words: LabelWords, line: WordLine, weight: float) -> Change:
    weight = round(weight, 4)
    return Change(word_edits.reweigh_word(words, line.label, line.place, weight), f"weigh {_name(line)} {weight:g}")


def _name(line: WordLine) -> str:
    return _short(str(line.word))


def _short(text: str) -> str:
    return shorten(text, 40)


def _listed(words: list[Word]) -> str:
    return listed((_short(str(word)) for word in words), most=3)
