"""The menu of a label word: all that can be done with it, and how words and pieces are made into one number."""

from typing import get_args

from promptlab.text import shorten
from promptlab.tui.screens.choose import Choice
from promptlab.tui.state.word_lines import WordLine
from promptlab.verbalizer import Combine, LabelWords, Pieces

# With more labels than this they are chosen from a list of their own.
_FEW = 4
_COMBINE = {
    "mean": "the mean of its words' scores",
    "logsumexp": "the probability of any of its words",
    "max": "its best word alone",
}
_PIECES = {
    "first": "a word's first piece stands for it",
    "mean": "the mean of its pieces at the slot",
    "max": "its best piece at the slot",
    "whole": "all its pieces, read one after the other",
}


def menu_of(words: LabelWords, at: WordLine) -> list[Choice]:
    """What can be done on a line: a value is an action of the pane, or ``move:``, ``combine:``, ``pieces:`` and how."""
    return [*(_of_word(words, at) if at.word is not None else []), *_of_label(at), *_of_all(words)]


def moves_of(words: LabelWords, at: WordLine) -> list[Choice]:
    """The labels that the word can be moved to."""
    others = [label for label in words.labels if label != at.label]
    return [Choice(f"move:{label}", shorten(label, 60)) for label in others]


def _of_word(words: LabelWords, at: WordLine) -> list[Choice]:
    assert at.word is not None
    moves = moves_of(words, at)
    if len(moves) > _FEW:
        listed = [Choice("move:", "move to another label")]
    else:
        listed = [Choice(one.value, f"move to {one.name}") for one in moves]
    return [
        Choice("switch", "switch off" if at.word.on else "switch on", "space"),
        Choice("weigh", "weight", f"=   now {at.word.weight:g}"),
        *listed,
        Choice("remove", "remove", "d"),
    ]


def _of_label(at: WordLine) -> list[Choice]:
    label = shorten(at.label, 30)
    return [
        Choice("add", f"add a word to {label}", "i"),
        Choice("line", f"edit the words of {label} as one line", "e"),
        Choice("expand", f"find more words for {label}", "w"),
    ]


def _of_all(words: LabelWords) -> list[Choice]:
    combine = [
        Choice(f"combine:{how}", f"a label counts by {how}", _now(_COMBINE[how], is_now=how == words.combine))
        for how in get_args(Combine)
    ]
    pieces = [
        Choice(f"pieces:{how}", f"pieces: {how}", _now(_PIECES[how], is_now=how == words.pieces))
        for how in get_args(Pieces)
    ]
    return [*combine, *pieces]


def _now(remark: str, *, is_now: bool) -> str:
    return f"{remark} (now)" if is_now else remark
