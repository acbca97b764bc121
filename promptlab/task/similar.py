"""Texts that nearly repeat each other: MinHash over words and pairs of words (Broder 1997), banded.

A row keeps 120 32-bit numbers whatever its length (480 bytes; 48 MB for 100,000 rows), the smallest values of 120 hash
functions over its words and word pairs. The share of equal numbers in two rows estimates their Jaccard similarity to
about 0.04. Rows that agree in one of 20 bands of 6 numbers are compared: of pairs at 0.8 that finds 99.8%. The work
grows with the rows, not with their pairs, because a row is compared with the first row of its band and the one before
it, not with all: rows made from one pattern are found, not each pair of them.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from promptlab.text import fold

BANDS, EACH = 20, 6
SIMILAR = 0.8  # Jaccard similarity of words and word pairs from which on two texts nearly repeat each other
_LEAST_WORDS = 5  # shorter texts repeat each other only when their words are equal
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # scripts without spaces: a character counts as a word
_WORD = re.compile(f"[{_IDEOGRAPHS}]|[^\\W_{_IDEOGRAPHS}]+")
_ROWS = 512  # rows hashed at a time


def words_of(text: str) -> list[str]:
    """The words of a text in small letters, without punctuation."""
    return _WORD.findall(fold(text))


def hash_text(text: str) -> int:
    """64 bits that stand for the text."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


class Signatures:
    """Signatures of texts, added one by one: ``rows`` (N, 120), and ``is_long``, False where words were too few."""

    def __init__(self) -> None:
        generator = np.random.Generator(np.random.PCG64(0))
        count = BANDS * EACH
        self._factors = generator.integers(0, 1 << 63, count, np.uint64) * np.uint64(2) + np.uint64(1)
        self._offsets = generator.integers(0, 1 << 63, count, np.uint64)
        self._known: dict[str, int] = {}
        self._held: list[NDArray[np.uint64]] = []
        self._blocks: list[NDArray[np.uint32]] = []
        self._long: list[bool] = []

    def add(self, words: Sequence[str]) -> None:
        """Sign the next text."""
        self._long.append(len(words) >= _LEAST_WORDS)
        self._held.append(self._features(words) if self._long[-1] else np.zeros(1, np.uint64))
        if len(self._held) == _ROWS:
            self._sign()

    def finish(self) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        """The signatures (N, 120) and which rows were long enough (N,)."""
        self._sign()
        empty = np.zeros((0, BANDS * EACH), np.uint32)
        return np.concatenate([empty, *self._blocks]), np.array(self._long, bool)

    def _features(self, words: Sequence[str]) -> NDArray[np.uint64]:
        ids = np.fromiter((self._number(word) for word in words), np.uint64, len(words))
        pairs = ids[:-1] * np.uint64(0x9E3779B97F4A7C15) + ids[1:]
        return np.concatenate([ids, pairs])

    def _number(self, word: str) -> int:
        number = self._known.get(word)
        if number is None:
            number = self._known[word] = hash_text(word)
        return number

    def _sign(self) -> None:
        if not self._held:
            return
        features = np.concatenate(self._held)
        starts = np.cumsum([0, *(len(each) for each in self._held[:-1])])
        block = np.empty((len(self._held), BANDS * EACH), np.uint32)
        for number, (factor, offset) in enumerate(zip(self._factors, self._offsets, strict=True)):
            values = ((features * factor + offset) >> np.uint64(32)).astype(np.uint32)
            block[:, number] = np.minimum.reduceat(values, starts)
        self._blocks.append(block)
        self._held.clear()


def similar_pairs(signatures: NDArray[np.uint32], is_long: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Pairs of rows (P, 2), the earlier first, whose estimated similarity is at least ``SIMILAR``."""
    rows = np.flatnonzero(is_long)
    found = [np.zeros((0, 2), np.int64)]
    for band in range(BANDS):
        part = np.ascontiguousarray(signatures[rows, band * EACH : (band + 1) * EACH])
        keys = part.view([("", np.uint32)] * EACH).ravel()
        found.append(_neighbours(keys, rows))
    pairs = np.unique(np.concatenate(found), axis=0)
    return pairs[_agreement(signatures, pairs) >= SIMILAR]


def _neighbours(keys: NDArray[np.void], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each row with the first and with the previous row of the same key."""
    _, inverse = np.unique(keys, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    groups = inverse[order]
    same = np.flatnonzero(groups[1:] == groups[:-1]) + 1
    firsts = np.searchsorted(groups, groups[same])
    previous = np.stack([rows[order[same - 1]], rows[order[same]]], axis=1)
    return np.concatenate([previous, np.stack([rows[order[firsts]], rows[order[same]]], axis=1)])


def _agreement(signatures: NDArray[np.uint32], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = [np.zeros(0)]
    for start in range(0, len(pairs), 8192):
        some = pairs[start : start + 8192]
        shares.append((signatures[some[:, 0]] == signatures[some[:, 1]]).mean(axis=1))
    return np.concatenate(shares)


def equal_pairs(keys: Iterable[int] | NDArray[np.uint64]) -> NDArray[np.int64]:
    """Each row that has a key seen before, with the first row of that key: pairs (P, 2), the earlier first."""
    array = np.asarray(keys, np.uint64)
    _, first, inverse = np.unique(array, return_index=True, return_inverse=True)
    firsts = first[inverse]
    later = np.flatnonzero(firsts != np.arange(len(array)))
    return np.stack([firsts[later], later], axis=1).astype(np.int64)
