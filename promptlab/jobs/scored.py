"""Rows scored as they are read, by a pipeline or by every member of an ensemble."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from promptlab.model.language_model import ReadoutStore
from promptlab.model.reading import WINDOW
from promptlab.pipeline import Ensemble, Pipeline
from promptlab.task import Example

Classifier = Pipeline | Ensemble


class ScoredRows(NamedTuple):
    """Some rows of a reading: their places (n,), log-probabilities (n, C), and what did not fit of each.

    ``raw`` (n, C) are log-probabilities before calibration; an ensemble's have its members' calibrations in them.
    ``cut`` (n,) counts pieces, ``dropped`` (n,) demonstrations; of an ensemble the largest count of any member stands.
    """

    places: Tensor
    logprobs: Tensor
    raw: Tensor
    cut: Tensor
    dropped: Tensor


def read_scored(
    classifier: Classifier, examples: Sequence[Example], *, cache: ReadoutStore | None
) -> Iterator[ScoredRows]:
    """Every row once, in the batches or windows in which it was read."""
    if isinstance(classifier, Pipeline):
        for shard in classifier.read(examples, cache=cache):
            raw = classifier.verbalizer.raw(shard)
            logprobs = classifier.verbalizer(shard) if is_calibrated(classifier) else raw
            yield ScoredRows(shard.rows, logprobs, raw, shard.cut, shard.dropped)
        return
    for start in range(0, len(examples), WINDOW):
        part = examples[start : start + WINDOW]
        members = [_window(member, part, cache) for member in classifier.members]
        logprobs = classifier.combine([member.logprobs for member in members])
        yield ScoredRows(
            torch.arange(start, start + len(part)),
            logprobs,
            logprobs,
            torch.stack([member.cut for member in members]).amax(0),
            torch.stack([member.dropped for member in members]).amax(0),
        )


def is_calibrated(classifier: Classifier) -> bool:
    """Whether it is a pipeline whose label words carry a calibration."""
    words = classifier.words if isinstance(classifier, Pipeline) else None
    return words is not None and words.calibration is not None


def _window(member: Pipeline, examples: Sequence[Example], cache: ReadoutStore | None) -> ScoredRows:
    """One member's calibrated log-probabilities over all of the examples, in their order."""
    parts = [
        ScoredRows(shard.rows, values := member.verbalizer(shard), values, shard.cut, shard.dropped)
        for shard in member.read(examples, cache=cache)
    ]
    order = torch.cat([part.places for part in parts]).argsort()
    return ScoredRows(*(torch.cat(column)[order] for column in zip(*parts, strict=True)))


@dataclass
class LeftOut:
    """What did not fit into the prompts of a reading, counted as it goes."""

    rows: int = 0
    pieces: int = 0
    short_of_demonstrations: int = 0
    demonstrations: int = 0

    def count(self, scored: ScoredRows) -> None:
        """Add some rows."""
        self.add(scored.cut, scored.dropped)

    def add(self, cut: Tensor, dropped: Tensor) -> None:
        """Add rows of which each lost ``cut`` (n,) pieces and ``dropped`` (n,) demonstrations."""
        self.rows += int((cut > 0).sum())
        self.pieces += int(cut.sum())
        self.short_of_demonstrations += int((dropped > 0).sum())
        self.demonstrations += int(dropped.sum())

    def to_json(self) -> dict[str, int]:
        """The counts under the keys of a result; ``rows_short`` are those that lack demonstrations."""
        return {
            "rows": self.rows,
            "pieces": self.pieces,
            "rows_short": self.short_of_demonstrations,
            "demonstrations": self.demonstrations,
        }

    def sentence(self, rows: int, shown: int) -> str:
        """A warning when demonstrations (``shown`` in each prompt) did not fit into some of the rows; else empty."""
        if not self.demonstrations:
            return ""
        mean = shown - self.demonstrations / rows
        return (
            f"The {shown} demonstrations did not all fit: {self.short_of_demonstrations:,} of {rows:,} prompts hold "
            f"fewer, {mean:.1f} on average over all. Take fewer, or a model that reads more."
        )
