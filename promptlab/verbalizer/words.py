"""Label words as data: frozen records; every edit makes a new value."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from promptlab.errors import ConfigError
from promptlab.text import nearest

Pieces = Literal["first", "mean", "max", "whole"]
Combine = Literal["mean", "logsumexp", "max"]
LabelPriorKind = Literal["batch", "contextual", "domain"]  # a prior over the labels
WordPriorKind = Literal["pmi", "word"]  # a prior of each word
CalibrationKind = Literal[LabelPriorKind, WordPriorKind]


@dataclass(frozen=True, slots=True)
class Word:
    """One label word; a tuple of strings where the template has several slots, one a slot.

    ``prior`` is log p(word) over support texts, where it was measured. ``on`` is False for a word that is kept but not
    counted; ``dropped`` says why, where a refinement switched it off.
    """

    text: str | tuple[str, ...]
    weight: float = 1.0
    prior: float | None = None
    provenance: str = "user"
    on: bool = True
    dropped: str = ""

    def __str__(self) -> str:
        return self.text if isinstance(self.text, str) else " ".join(self.text)


@dataclass(frozen=True)
class Calibration:
    """What is divided out of the scores: fitted on texts once, then frozen.

    ``label_prior`` holds log-probabilities over the labels, in their order, ``word_prior`` log-probabilities of words;
    ``support`` is the fingerprint and number of the texts that they came from.
    """

    kind: CalibrationKind
    label_prior: tuple[float, ...] | None = None
    word_prior: Mapping[str, float] | None = None
    support: str = ""


@dataclass(frozen=True)
class LabelWords:
    """Labels -> words, and how several pieces make one number (``pieces``) and several words one (``combine``)."""

    words: Mapping[str, tuple[Word, ...]]
    pieces: Pieces = "first"
    combine: Combine = "mean"
    calibration: Calibration | None = None
    name: str = ""
    source: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order."""
        return tuple(self.words)

    def active(self, label: str) -> tuple[Word, ...]:
        """The label's words that count: on, with a weight above zero."""
        return tuple(word for word in self.words[label] if word.on and word.weight > 0)

    def every_word(self) -> tuple[Word, ...]:
        """All words that count, label by label."""
        return tuple(word for label in self.words for word in self.active(label))

    def with_words(self, label: str, words: tuple[Word, ...]) -> "LabelWords":
        """The same with another list for one label; its calibration, which was fitted to the old words, is dropped."""
        if label not in self.words:
            raise ConfigError(f"There is no label {label!r}.{nearest(label, self.words)}")
        return replace(self, words={**self.words, label: words}, calibration=None)
