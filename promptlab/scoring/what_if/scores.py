"""What a what-if table is made from: scores of candidate words, of the words in use, and how the rows stand now."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import pad

from promptlab.errors import ConfigError, DataError
from promptlab.model import Readout
from promptlab.scoring.calibrate import fit_prior
from promptlab.scoring.vocabulary import SlotVocabulary
from promptlab.text import fold
from promptlab.verbalizer import Combine, LabelWords, Word

Change = Literal["add", "replace"]
# Word scores held at once: rows times words of a block.
_BLOCK = 1 << 20


def block_width(rows: int) -> int:
    """How many words' scores on so many rows are held at once."""
    return max(_BLOCK // max(rows, 1), 16)


@dataclass(frozen=True)
class Candidates:
    """Words (W) to try; ``ids`` holds their pieces (W,) in each readout where every word has one."""

    words: tuple[Word, ...]
    ids: tuple[Tensor, ...] = ()

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def of(cls, words: Sequence[Word | str]) -> "Candidates":
        """Given words; each counts with the weight 1."""
        return cls(tuple(word if isinstance(word, Word) else Word(word) for word in words))

    @classmethod
    def vocabulary(cls, vocabularies: Sequence[SlotVocabulary]) -> "Candidates":
        """The words that are one piece at every template's slot, in the order of the first."""
        pieces = [dict(zip(each.words, each.ids.tolist(), strict=True)) for each in vocabularies]
        shared = [word for word in vocabularies[0].words if all(word in each for each in pieces)]
        words = tuple(Word(word, provenance="vocabulary") for word in shared)
        return cls(words, tuple(torch.tensor([each[word] for word in shared], dtype=torch.long) for each in pieces))

    def take(self, places: Sequence[int]) -> "Candidates":
        """Some of them, in this order."""
        kept = torch.tensor(places, dtype=torch.long)
        return Candidates(tuple(self.words[place] for place in places), tuple(ids[kept] for ids in self.ids))

    def without(self, words: Sequence[Word]) -> "Candidates":
        """Those that are none of the words, whatever their case."""
        used = {fold(str(word)) for word in words}
        return self.take([place for place, word in enumerate(self.words) if fold(str(word)) not in used])


@dataclass(frozen=True)
class WordScores:
    """Scores of words on the rows of one readout, or of several templates' on the same rows, whose log-probabilities
    are added as those of several slots are: where words are combined by their mean, that is the templates' ensemble.

    A calibration that knows words' priors has them divided out. A candidate that it does not know gets its prior from
    ``support`` in the same way, the log of its mean probability over those texts; without one from the rows themselves.
    """

    readouts: tuple[Readout, ...]
    words: LabelWords
    support: tuple[Readout, ...] = ()

    def __post_init__(self) -> None:
        if len(self.readouts) > 1 and self.words.calibration is not None:
            raise ConfigError("A calibration is fitted to one template: leave it out with several.")

    def of(self, candidates: Candidates) -> Tensor:
        """(N, W), float32; raises NeedsReading for words that must be read whole."""
        scores = self._logprobs(self.readouts, candidates)
        known = self.words.calibration.word_prior if self.words.calibration else None
        return scores if known is None else scores - self._priors(candidates, scores, known)

    def blocks(self, candidates: Candidates) -> Iterator[tuple[slice, Tensor]]:
        """Places of some candidates and their scores (N, w), a bounded number at a time."""
        width = block_width(len(self.readouts[0]))
        for start in range(0, len(candidates), width):
            part = slice(start, min(start + width, len(candidates)))
            yield part, self.of(Candidates(candidates.words[part], tuple(ids[part] for ids in candidates.ids)))

    def _logprobs(self, readouts: Sequence[Readout], candidates: Candidates) -> Tensor:
        parts = [
            readout.tokens(candidates.ids[place])[:, 0]
            if candidates.ids
            else readout.words(candidates.words, pieces=self.words.pieces).sum(1)
            for place, readout in enumerate(readouts)
        ]
        return sum(parts[1:], parts[0])

    def _priors(self, candidates: Candidates, scores: Tensor, known: Mapping[str, float]) -> Tensor:
        """(W,)."""
        priors = torch.tensor([known.get(str(word), torch.nan) for word in candidates.words])
        new = torch.nonzero(priors.isnan())[:, 0].tolist()
        if new:
            texts = self._logprobs(self.support, candidates.take(new)) if self.support else scores[:, new]
            priors[new] = torch.tensor(fit_prior(texts))
        return priors


@dataclass(frozen=True)
class LabelTable:
    """One label's words in use: scores (N, k) and weights (k,), float64, combined as ``combine`` says."""

    words: tuple[Word, ...]
    scores: Tensor
    weights: Tensor
    combine: Combine

    def score(self) -> Tensor:
        """(N,): the label's score."""
        return self._combined(self.scores, self.weights)

    def added(self, scores: Tensor) -> Tensor:
        """(N, W) scores of words -> the label's score (N, W) with each of them as one more word."""
        if self.combine == "mean":
            total = self.weights.sum()
            return (self.score() * total).to(scores)[:, None].add(scores).div(float(total) + 1)
        own = self.score().to(scores)[:, None]
        return torch.logaddexp(own, scores) if self.combine == "logsumexp" else torch.maximum(own, scores)

    def without(self) -> Tensor:
        """(N, k): the label's score without each of its words; minus infinity where it is the only one."""
        if len(self.words) == 1:
            return torch.full_like(self.scores, -torch.inf)
        if self.combine == "mean":
            add = partial(torch.cumsum, dim=-1)
            scores = _beside(self.scores * self.weights, add, torch.add, 0)
            return scores / _beside(self.weights, add, torch.add, 0)
        weighted = self.scores + self.weights.log()
        if self.combine == "logsumexp":
            return _beside(weighted, partial(torch.logcumsumexp, dim=-1), torch.logaddexp, -torch.inf)
        return _beside(weighted, lambda values: values.cummax(-1).values, torch.maximum, -torch.inf)

    def _combined(self, scores: Tensor, weights: Tensor) -> Tensor:
        if self.combine == "mean":
            return scores @ weights / weights.sum()
        weighted = scores + weights.log()
        return weighted.logsumexp(-1) if self.combine == "logsumexp" else weighted.amax(-1)


def _beside(
    values: Tensor, running: Callable[[Tensor], Tensor], join: Callable[[Tensor, Tensor], Tensor], nothing: float
) -> Tensor:
    """(..., k): for each of k values all the others joined: those before it, and those behind it.

    ``running`` joins every value with all before it; ``nothing`` stands where there is none.
    """
    before = pad(running(values)[..., :-1], (1, 0), value=nothing)
    behind = pad(running(values.flip(-1))[..., :-1], (1, 0), value=nothing).flip(-1)
    return join(before, behind)


@dataclass(frozen=True)
class Standing:
    """How the rows stand before a change: each label's table, scores (N, C) in float64, and who is right.

    ``prior`` (C,) is the frozen label prior, divided out of ``scores``; ``targets`` (N,) are places of labels, -1 for a
    row without one.
    """

    tables: tuple[LabelTable, ...]
    scores: Tensor
    prior: Tensor
    targets: Tensor

    @classmethod
    def of(cls, source: WordScores, targets: Tensor) -> "Standing":
        """From the words in use; ConfigError for a label without any, DataError for more or fewer targets than rows."""
        words = source.words
        if len(targets) != len(source.readouts[0]):
            raise DataError(f"The reading has {len(source.readouts[0])} rows, and there are {len(targets)} targets.")
        tables = []
        for label in words.labels:
            active = words.active(label)
            if not active:
                raise ConfigError(f"The label {label!r} has no words that count. Give it one, or switch one on.")
            weights = torch.tensor([word.weight for word in active], dtype=torch.float64)
            tables.append(LabelTable(active, source.of(Candidates(active)).double(), weights, words.combine))
        frozen = words.calibration.label_prior if words.calibration else None
        prior = torch.tensor(frozen or [0.0] * len(tables), dtype=torch.float64)
        scores = torch.stack([table.score() for table in tables], dim=1) - prior
        return cls(tuple(tables), scores, prior, targets)

    def predictions(self) -> Tensor:
        """(N,): the likeliest label, ties to the first."""
        return self.scores.argmax(1)

    def rest(self, label: int) -> tuple[Tensor, Tensor]:
        """The best score (N,) among the other labels and the first label (N,) that has it."""
        others = self.scores.clone()
        others[:, label] = -torch.inf
        return others.amax(1), others.argmax(1)
