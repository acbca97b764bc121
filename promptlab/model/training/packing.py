"""Rows of pieces for training: documents joined into full rows, or each document cut to its start."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from promptlab.model.training.corpus import Corpus

# Batches' worth of rows that are sorted by length together: rows of like length waste little padding.
_SORTED = 16


@dataclass(frozen=True, slots=True)
class Window:
    """A row of T pieces (T,), where words begin (T,), and which pieces are text and no separator (T,)."""

    ids: NDArray[np.int64]
    begins: NDArray[np.bool_]
    is_text: NDArray[np.bool_]


class Windows(Protocol):
    """Rows, made when asked for."""

    @property
    def lengths(self) -> NDArray[np.int64]: ...

    def __getitem__(self, row: int) -> Window: ...


class Packed:
    """The documents in the given order, joined with a separator behind each and cut into rows of one length.

    Every piece is in exactly one row; the last row may be shorter.
    """

    def __init__(
        self, corpus: Corpus, documents: NDArray[np.int64], *, length: int, separator: int | None = None
    ) -> None:
        self.corpus, self.documents, self.length, self.separator = corpus, documents, length, separator
        sizes = corpus.bounds[documents + 1] - corpus.bounds[documents] + (separator is not None)
        self.ends = np.cumsum(sizes)  # in the stream of all rows

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(rows,): the pieces of each row."""
        total = int(self.ends[-1])
        sizes = np.full(-(-total // self.length), self.length)
        sizes[-1] = total - self.length * (len(sizes) - 1)
        return sizes

    def __getitem__(self, row: int) -> Window:
        start = row * self.length
        end = min(start + self.length, int(self.ends[-1]))
        parts: list[Window] = []
        place = int(np.searchsorted(self.ends, start, side="right"))
        while start < end:
            stop = min(end, int(self.ends[place]))
            parts.append(self._part(place, start, stop))
            start, place = stop, place + 1
        return Window(*(np.concatenate([getattr(part, name) for part in parts]) for name in Window.__slots__))

    def _part(self, place: int, start: int, stop: int) -> Window:
        """What of one document, and of the separator behind it, lies between two places of the stream."""
        document = self.documents[place]
        beginning, end = self.corpus.bounds[document], self.corpus.bounds[document + 1]
        first = int(self.ends[place]) - (end - beginning) - (self.separator is not None)  # its place in the stream
        window = _cut(self.corpus, beginning + start - first, min(beginning + stop - first, end))
        if self.separator is None or stop < self.ends[place]:
            return window
        return Window(
            np.append(window.ids, self.separator), np.append(window.begins, True), np.append(window.is_text, False)
        )


class Starts:
    """A row a document: its first pieces."""

    def __init__(self, corpus: Corpus, documents: NDArray[np.int64], *, length: int) -> None:
        self.corpus, self.documents, self.length = corpus, documents, length

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(rows,): the pieces of each row."""
        sizes = self.corpus.bounds[self.documents + 1] - self.corpus.bounds[self.documents]
        return np.asarray(np.minimum(sizes, self.length))

    def __getitem__(self, row: int) -> Window:
        start, end = self.corpus.bounds[self.documents[row]], self.corpus.bounds[self.documents[row] + 1]
        return _cut(self.corpus, start, min(end, start + self.length))


@dataclass(frozen=True, slots=True)
class Position:
    """The next batch: ``pass_`` counts passes over the text, ``batch`` the batches of that pass, both from 0."""

    pass_: int = 0
    batch: int = 0


@dataclass(frozen=True, slots=True)
class Supply:
    """Where training rows come from: everything about a batch follows from the seed and its position."""

    corpus: Corpus
    documents: NDArray[np.int64]
    length: int
    separator: int | None
    packed: bool
    budget: int
    seed: int

    def windows(self, documents: NDArray[np.int64]) -> Windows:
        """The rows of these documents in this order."""
        if self.packed:
            return Packed(self.corpus, documents, length=self.length, separator=self.separator)
        return Starts(self.corpus, documents, length=self.length)

    def batches(self, start: Position) -> Iterator[tuple[Position, list[Window]]]:
        """Batches from a position on, without end: the position behind each, and its rows."""
        batch = start.batch
        for pass_ in self._passes(start.pass_):
            rng = np.random.default_rng((self.seed, 1, pass_))
            windows = self.windows(rng.permutation(self.documents))
            plan = plan_pass(windows.lengths, budget=self.budget, rng=rng)
            for place in range(batch, len(plan)):
                after = Position(pass_, place + 1) if place + 1 < len(plan) else Position(pass_ + 1)
                yield after, [windows[row] for row in plan[place]]
            batch = 0

    def _passes(self, first: int) -> Iterator[int]:
        while True:
            yield first
            first += 1


def plan_pass(lengths: NDArray[np.int64], *, budget: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """The rows of each batch of one pass: every row once, at most ``budget`` pieces a batch with padding."""
    order = rng.permutation(len(lengths))
    block = _SORTED * max(budget // int(lengths.mean() + 1), 1)
    batches: list[NDArray[np.int64]] = []
    for start in range(0, len(order), block):
        rows = order[start : start + block]
        batches.extend(_filled(rows[np.argsort(-lengths[rows], kind="stable")], lengths, budget))
    return [batches[place] for place in rng.permutation(len(batches))]


def _filled(rows: NDArray[np.int64], lengths: NDArray[np.int64], budget: int) -> Iterator[NDArray[np.int64]]:
    """Rows, longest first, cut into batches."""
    start = 0
    while start < len(rows):
        count = max(budget // max(int(lengths[rows[start]]), 1), 1)
        yield rows[start : start + count]
        start += count


def _cut(corpus: Corpus, start: Any, end: Any) -> Window:
    ids = corpus.ids[start:end].astype(np.int64)
    return Window(ids, corpus.begins[start:end].copy(), np.ones(len(ids), bool))
