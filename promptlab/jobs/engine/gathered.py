"""Gathered: what was read of some rows so far, joined once a chunk; one thread adds to it, any thread looks."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from promptlab.model import Readout
from promptlab.results import Scores
from promptlab.task import Example


@dataclass(frozen=True, eq=False)
class Chunk:
    """Rows that were read together: their places in the reading and the rows themselves."""

    places: Sequence[int]
    examples: Sequence[Example]


class Gathered:
    """Readouts, labels and ids of the rows read so far, out of ``total``, by their places."""

    def __init__(self, total: int, labels: Sequence[str]) -> None:
        self.chunks: list[Chunk] = []
        self.read = 0
        self._labels = {label: number for number, label in enumerate(labels)}
        self._targets = np.full(total, -1, dtype=np.int64)
        self._ids = [""] * total
        self._lock = threading.Lock()
        self._new: list[Readout] = []
        self._joined: tuple[Readout, list[int]] | None = None

    def add(self, chunk: Chunk, shards: Sequence[Readout]) -> None:
        """A chunk was read; ``shards`` name its rows by their place in the chunk."""
        places = torch.tensor(chunk.places)
        for place, example in zip(chunk.places, chunk.examples, strict=True):
            self._targets[place] = self._labels.get(example.label or "", -1)
            self._ids[place] = example.id
        with self._lock:
            self._new += [replace(shard, rows=places[shard.rows]) for shard in shards]
            self.chunks.append(chunk)
            self.read += len(chunk.places)

    def snapshot(self) -> tuple[Readout, list[int]] | None:
        """One readout of the rows read so far, in the order of their places, and these; None before there is a row.

        It has a column for each word that was read whole on every one of them.
        """
        with self._lock:
            if self._new:
                first, *others = ([self._joined[0]] if self._joined else []) + self._new
                shared = set(first.columns).intersection(*(part.columns for part in others))
                columns = {word: column for word, column in first.columns.items() if word in shared}
                joined = Readout.join([replace(first, columns=columns), *others])
                self._joined, self._new = (joined, joined.rows.tolist()), []
            return self._joined

    def add_columns(self, columns: Mapping[str, Tensor]) -> None:
        """Words that were read whole: a column by all places (total,), of which those of rows read so far count."""
        held = self.snapshot()
        assert held is not None
        with self._lock:
            self._joined = (
                held[0].with_columns({word: column[held[0].rows] for word, column in columns.items()}),
                held[1],
            )

    def scores(self, labels: tuple[str, ...], logprobs: Tensor, places: Sequence[int]) -> Scores:
        """Log-probabilities (n, C) of the rows at these places, with their labels and ids."""
        ids = tuple(map(self._ids.__getitem__, places))
        return Scores(labels, logprobs.float().numpy(), self._targets[places], ids)


def without_words(readout: Readout, rows: int) -> Readout:
    """A readout of so many rows that has no words yet, for columns to be added to."""
    none = readout.select(torch.zeros(rows, dtype=torch.long))
    return replace(none, rows=torch.arange(rows), columns={})
