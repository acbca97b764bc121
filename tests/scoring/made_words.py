"""Label words for the tests of scoring."""

from dataclasses import replace
from typing import Any

from torch import Tensor

from promptlab.model import Readout
from promptlab.scoring import WordVerbalizer
from promptlab.verbalizer import Combine, LabelWords, Pieces, Word

COMBINES: tuple[Combine, ...] = ("mean", "logsumexp", "max")


def label_words(words: dict[str, Any], *, pieces: Pieces = "first", combine: Combine = "mean") -> LabelWords:
    """Words written as text, as tuples (text, weight) or as Word."""

    def made(word: Any) -> Word:
        return word if isinstance(word, Word) else Word(*word) if isinstance(word, tuple) else Word(word)

    return LabelWords({label: tuple(map(made, row)) for label, row in words.items()}, pieces=pieces, combine=combine)


ONE = {"pos": ["great"], "neg": ["terrible"]}
SEVERAL = {"pos": ["great", ("good", 2.0), ("fine", 0.5)], "neg": ["terrible", "bad"], "mid": ["okay"]}


def scores(readout: Readout, words: LabelWords) -> Tensor:
    """The scores (N, C), worked out anew."""
    return WordVerbalizer(words)(replace(readout, memo={}))
