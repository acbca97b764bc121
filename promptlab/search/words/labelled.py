"""What a search for label words works on, what it returns, and who gets a word that two labels would take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from promptlab.errors import ConfigError, DataError
from promptlab.model import Readout
from promptlab.results import Found
from promptlab.scoring.what_if import split_halves
from promptlab.scoring.what_if.scores import Candidates, WordScores
from promptlab.text import counted, fold, shorten
from promptlab.verbalizer import Combine, LabelWords, Word, to_table

# Rows times candidate words that are scored at once.
MOST_CELLS = 100_000_000


@dataclass(frozen=True, eq=False)
class Labelled:
    """N rows with a label, read with one template or several, and the candidate words (W).

    ``targets`` (N,) are places of ``labels``; ``template`` is how the template is called in what a search finds. Raises
    DataError for a label without a row, ConfigError for no candidate and for more rows and words than fit in memory.
    """

    readouts: tuple[Readout, ...]
    targets: Tensor
    labels: tuple[str, ...]
    candidates: Candidates
    template: str = ""

    def __post_init__(self) -> None:
        counts = torch.bincount(self.targets, minlength=len(self.labels))
        for label, count in zip(self.labels, counts.tolist(), strict=True):
            if not count:
                raise DataError(f"The label {label!r} has no row to choose words on.")
        if len(self.candidates) < len(self.labels):
            words = counted(len(self.candidates), "candidate word")
            raise ConfigError(f"There is {words} for {len(self.labels)} labels: give more candidates.")
        if len(self.targets) * len(self.candidates) > MOST_CELLS:
            raise ConfigError(
                f"{counted(len(self.targets), 'row')} and {counted(len(self.candidates), 'word')} are more than a "
                "search holds in memory. Choose on fewer rows with --k."
            )

    def halves(self, seed: int) -> Tensor:
        """(2, N), true and false: rows that choose and rows held out; DataError for a label with one row."""
        for place, label in enumerate(self.labels):
            if int((self.targets == place).sum()) < 2:
                raise DataError(f"The label {label!r} has one row, and two are needed: one chooses, the other checks.")
        return split_halves(self.targets, seed=seed) > 0

    def logprobs(self) -> list[Tensor]:
        """Log-probabilities (N, W) of the candidates, one tensor a template."""
        parts = []
        for place, readout in enumerate(self.readouts):
            ids = self.candidates.ids[place : place + 1]
            parts.append(WordScores((readout,), NO_WORDS).of(Candidates(self.candidates.words, ids)))
        return parts

    def found(self, words: LabelWords, *, score: float, n: int, tried: int) -> Found:
        """The event of a better set of words: its score on ``n`` rows, the best of ``tried``."""
        return Found(self.template, to_table(words)["words"], score, n, tried)


# For words that are scored by themselves, under no label.
NO_WORDS = LabelWords({})


@dataclass(frozen=True)
class FoundWords:
    """The words of a search, how many sets or single words (``unit``) it chose among, and what a user should know."""

    words: LabelWords
    tried: int
    notes: tuple[str, ...] = ()
    unit: Literal["set of words", "word"] = "set of words"

    @property
    def among(self) -> str:
        """``9,931 sets of words`` or ``1,171 words``."""
        return counted(self.tried, self.unit, "sets of words" if self.unit == "set of words" else "words")


def words_of(
    candidates: Candidates,
    places: Mapping[str, Sequence[int]],
    provenance: Mapping[str, Sequence[str]],
    *,
    combine: Combine = "mean",
) -> LabelWords:
    """Label words from places of candidates, each with where it comes from."""
    words = {
        label: tuple(
            replace(candidates.words[place], weight=1.0, provenance=origin)
            for place, origin in zip(places[label], provenance[label], strict=True)
        )
        for label in places
    }
    return LabelWords(words, combine=combine)


def one_label_each(scores: Tensor, words: Sequence[Word]) -> Tensor:
    """Scores (C, W) in which a word keeps the label where its score is highest, the first of equals, and has minus
    infinity elsewhere; of words that differ in case alone the one with the highest score stays."""
    best, owner = scores.max(0)
    kept = scores.masked_fill(torch.arange(len(scores))[:, None] != owner, -torch.inf)
    seen: set[str] = set()
    for place in best.argsort(descending=True, stable=True).tolist():
        key = fold(str(words[place]))
        if key in seen:
            kept[:, place] = -torch.inf
        seen.add(key)
    return kept


def top_words(scores: Tensor, labels: Sequence[str], count: int, *, method: str) -> dict[str, list[int]]:
    """The ``count`` best places of each label from scores (C, W), fewer where fewer are finite.

    Raises ConfigError for a label without any.
    """
    if count < 1:
        raise ConfigError(f"words = {count}: a label needs at least 1 word.")
    places = {}
    for label, row in zip(labels, scores, strict=True):
        order = row.argsort(descending=True, stable=True)[:count]
        places[label] = order[row[order] > -torch.inf].tolist()
        if not places[label]:
            raise ConfigError(
                f"{method} leaves the label {shorten(label, 40)!r} without a word: all candidates suit another label "
                "better. Try more candidates."
            )
    return places
