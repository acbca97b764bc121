"""What a what-if leaves: accuracies by candidate, label and change, and the changes most worth making."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.scoring.what_if.scores import Candidates, Change
from promptlab.text import fold, nearest
from promptlab.verbalizer import LabelWords, Word


@dataclass(frozen=True, eq=False)
class Table:
    """For each change, how many rows of each group come out right: (G, C, W).

    ``contrast`` (C, W) is how much likelier (mean log-probability) a candidate is on a label's rows of the first group
    than on its other rows: it decides between candidates of equal accuracy.
    """

    counts: Mapping[Change, Tensor]
    contrast: Tensor


@dataclass(frozen=True, slots=True)
class Changed:
    """A candidate under a label: the accuracy with it on the half that chooses and on the other, and by how much each
    differs from now."""

    label: str
    word: Word
    change: Change
    chosen: float
    other: float
    chosen_effect: float
    effect: float


@dataclass(frozen=True, slots=True)
class Worth:
    """A word in use, and by how much the accuracy on the two halves falls without it; None for a label's only word."""

    word: Word
    worth: tuple[float, float] | None


@dataclass(frozen=True)
class Confused:
    """Two labels, by place, that were given for each other on ``count`` rows of the choosing half.

    ``rows`` (2,) are the rows of either on the two halves and ``right`` (2,) how many of them come out right now;
    ``group`` is where their counts begin in the table.
    """

    labels: tuple[int, int]
    count: int
    group: int
    rows: Tensor
    right: Tensor


@dataclass(frozen=True, eq=False)
class WhatIf:
    """Every candidate under every label; ``rows`` and ``now`` are the two halves' rows and accuracy as things stand."""

    words: LabelWords
    candidates: Candidates
    rows: tuple[int, int]
    now: tuple[float, ...]
    table: Table
    worth: Mapping[str, tuple[Worth, ...]]
    confused: tuple[Confused, ...]

    def accuracies(self, change: Change) -> Tensor:
        """(2, C, W): on the half that chooses and on the other."""
        return self.table.counts[change][:2] / torch.tensor(self.rows)[:, None, None]

    def best(self, count: int, *, label: str, changes: Sequence[Change] = ("add", "replace")) -> list[Changed]:
        """The ``count`` changes to a label with the highest accuracy on the choosing half, words in use left out.

        Raises ConfigError for an unknown label.
        """
        if label not in self.words.labels:
            raise ConfigError(f"There is no label {label!r}.{nearest(label, self.words.labels)}")
        place = self.words.labels.index(label)
        return self._best(count, (place,), changes, 0, torch.tensor(self.rows), torch.tensor(self.now))

    def telling_apart(self, pair: Confused, count: int) -> list[Changed]:
        """The ``count`` changes to either label that put most of the pair's own rows right on the choosing half."""
        return self._best(
            count, pair.labels, ("add", "replace"), pair.group, pair.rows, pair.right / pair.rows.clamp_min(1)
        )

    def _best(
        self, count: int, places: Sequence[int], changes: Sequence[Change], group: int, rows: Tensor, now: Tensor
    ) -> list[Changed]:
        """Those of a group of rows, of which the halves have ``rows`` (2,) and are right ``now`` (2,) in shares."""
        found: list[tuple[float, float, Changed]] = []
        for change, place in product(changes, places):
            counts = self.table.counts[change][group : group + 2, place, self._free]  # (2, W)
            contrast = self.table.contrast[place, self._free]  # (W,)
            for one in highest(counts[0], contrast, count):
                accuracy = counts[:, one] / rows.clamp_min(1)
                word = self.candidates.words[int(self._free[one])]
                values = (*accuracy.tolist(), *(accuracy - now).tolist())
                found.append(
                    (values[0], float(contrast[one]), Changed(self.words.labels[place], word, change, *values))
                )
        return [entry for *_, entry in sorted(found, key=lambda one: (-one[0], -one[1]))[:count]]

    @property
    def tried(self) -> int:
        """How many changes the best are chosen among: candidates that no label uses, each added and alone."""
        return len(self.table.counts) * len(self.words.labels) * len(self._free)

    @cached_property
    def _free(self) -> Tensor:
        """Places of the candidates that no label uses."""
        used = {fold(str(word)) for word in self.words.every_word()}
        free = [place for place, word in enumerate(self.candidates.words) if fold(str(word)) not in used]
        return torch.tensor(free, dtype=torch.long)


def highest(counts: Tensor, contrast: Tensor, most: int) -> list[int]:
    """Places of the candidates with the highest counts (W,), of equal ones those with the larger contrast (W,)."""
    by_contrast = contrast.argsort(descending=True, stable=True)
    ranked: list[int] = by_contrast[counts[by_contrast].argsort(descending=True, stable=True)][:most].tolist()
    return ranked
