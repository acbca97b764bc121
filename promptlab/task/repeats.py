"""Checks of repeated texts: duplicates, near duplicates, leakage between splits, one text under two labels."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from promptlab.task.example import Example
from promptlab.task.report import Finding
from promptlab.task.similar import equal_pairs, similar_pairs
from promptlab.text import counted, shorten

_SHOWN = 20  # ids in a finding
UNLABELLED = "unlabelled"


@dataclass(frozen=True)
class Texts:
    """One split's rows as far as repeats are concerned: hashes of the text and of its words, signatures, blanks."""

    split: str
    rows: Sequence[Example]
    labels: tuple[str | None, ...]
    exact: NDArray[np.uint64]
    normal: NDArray[np.uint64]
    empty: frozenset[int]
    signed: tuple[NDArray[np.uint32], NDArray[np.bool_]] | None

    def ids(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """The ids of some rows."""
        return tuple(self.rows[int(number)].id for number in numbers)


def check_repeats(splits: Sequence[Texts]) -> Iterator[Finding]:
    """Findings within and across splits; rows with an empty text are left out, unlabelled ones leak nowhere."""
    near = _near_pairs(splits)
    for texts in splits:
        yield from _duplicates(texts)
    for number, texts in enumerate(splits):
        inside = near[(near[:, [0, 2]] == number).all(axis=1)]
        yield from _near("near_duplicates", texts, texts, inside, "another text of it")
    labelled = [(number, texts) for number, texts in enumerate(splits) if texts.split != UNLABELLED]
    for (first, earlier), (second, later) in combinations(labelled, 2):
        yield from _leakage(earlier, later)
        between = near[(near[:, 0] == first) & (near[:, 2] == second)]
        yield from _near("near_leakage", earlier, later, between, f"a text of {earlier.split}")
    yield from _two_labels([texts for _, texts in labelled])


def _duplicates(texts: Texts) -> Iterator[Finding]:
    pairs = [(first, later) for first, later in equal_pairs(texts.exact).tolist() if later not in texts.empty]
    if pairs:
        first, later = (texts.ids(pairs[0][side : side + 1])[0] for side in (0, 1))
        sentence = f"{texts.split}: {counted(len(pairs), 'text')} repeated exactly, such as {later} ({first} again)."
        ids = texts.ids(later for _, later in pairs[:_SHOWN])
        yield Finding("duplicates", "warning", sentence, texts.split, ids, {"rows": len(pairs)})


def _leakage(earlier: Texts, later: Texts) -> Iterator[Finding]:
    repeated = np.flatnonzero(np.isin(later.exact, earlier.exact))
    rows = [row for row in repeated.tolist() if row not in later.empty]
    if rows:
        first = int(np.flatnonzero(earlier.exact == later.exact[rows[0]])[0])
        sentence = (
            f"{counted(len(rows), 'text')} of {later.split} also in {earlier.split}, such as {later.ids(rows[:1])[0]} "
            f"({earlier.ids([first])[0]}): figures on {later.split} would be too good."
        )
        ids = later.ids(rows[:_SHOWN])
        counts = {"rows": len(rows)}
        yield Finding("leakage", "error", sentence, later.split, ids, counts)


def _near_pairs(splits: Sequence[Texts]) -> NDArray[np.int64]:
    """Pairs of rows that are equal but for case and punctuation, or similar, and not equal: (P, 4), the split's number
    and the row's number in it of the earlier and of the later."""
    if not splits:
        return np.zeros((0, 4), np.int64)
    pairs = [equal_pairs(np.concatenate([texts.normal for texts in splits]))]
    if all(texts.signed for texts in splits):
        signatures, is_long = zip(*(texts.signed for texts in splits if texts.signed), strict=True)
        pairs.append(similar_pairs(np.concatenate(signatures), np.concatenate(is_long)))
    every = np.unique(np.concatenate(pairs), axis=0)
    hashes = np.concatenate([texts.exact for texts in splits])
    every = every[hashes[every[:, 0]] != hashes[every[:, 1]]]
    starts = np.cumsum([0, *(len(texts.rows) for texts in splits)])
    split = np.searchsorted(starts, every, side="right") - 1
    return np.stack([split, every - starts[split]], axis=2).reshape(-1, 4)


def _near(kind: str, earlier: Texts, later: Texts, pairs: NDArray[np.int64], what: str) -> Iterator[Finding]:
    rows = list(dict.fromkeys(row for row in pairs[:, 3].tolist() if row not in later.empty))
    if rows:
        first = pairs[pairs[:, 3] == rows[0]][0]
        sentence = (
            f"{later.split}: {counted(len(rows), 'text')} nearly equal to {what}, such as {later.ids(first[3:])[0]} "
            f"to {earlier.ids(first[1:2])[0]}."
        )
        yield Finding(kind, "warning", sentence, later.split, later.ids(rows[:_SHOWN]), {"rows": len(rows)})


def _two_labels(splits: Sequence[Texts]) -> Iterator[Finding]:
    """Texts that are equal but for case and punctuation and have different labels, in whichever splits."""
    labels: dict[int, str | None] = {}
    conflicts: dict[int, list[str]] = {}
    for texts in splits:
        for row, (key, label) in enumerate(zip(texts.normal.tolist(), texts.labels, strict=True)):
            if row not in texts.empty and labels.setdefault(key, label) != label:
                conflicts.setdefault(key, []).append(texts.ids([row])[0])
    if conflicts:
        ids = [identity for each in conflicts.values() for identity in each]
        sentence = (
            f"{counted(len(conflicts), 'text')} under two labels or more, such as {shorten(ids[0], 40)}: "
            "one of the labels is wrong."
        )
        yield Finding("two_labels", "error", sentence, ids=tuple(ids[:_SHOWN]), counts={"texts": len(conflicts)})
