"""Which rows are read live, in which order, and in chunks of which size; nothing here needs a model."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from promptlab.task import Example, Task, select_split
from promptlab.task.rows import pick
from promptlab.task.select import sample_places
from promptlab.text import counted

Which = Literal["live", "all", "test"]

SEED = 13
# Rows that are read live where there is no dev split.
LIVE = 500
# The split that is read live: test only where nothing else is labelled.
ORDER = ("dev", "train", "test")
_FIRST_CHUNK, _CHUNK, _LARGEST = 32, 512, 4096


@dataclass(frozen=True, eq=False)
class LiveRows:
    """Rows of one split in the data's order, and the ``order`` (places in ``rows``) in which they are read.

    ``total`` counts the split's rows. The first ``sampled`` places are those that are read live; they come first when
    all are read, in the same chunks, so that nothing is read twice.
    """

    split: str
    rows: Sequence[Example]
    order: Sequence[int]
    sampled: int
    total: int
    sentence: str

    def chunks(self) -> Iterator[Sequence[int]]:
        """Places of the rows that are read together: few at first, then more, so that early numbers come soon."""
        start, size = 0, _FIRST_CHUNK
        while start < len(self.order):
            end = start + max(size, min(start // 16, _LARGEST))
            if start < self.sampled:
                end = min(end, self.sampled)
            yield self.order[start:end]
            start, size = min(end, len(self.order)), min(size * 2, _CHUNK)


def choose_live(task: Task, which: Which = "live", *, seed: int = SEED) -> LiveRows:
    """The rows that are read: ``live`` dev, else a seeded ``LIVE`` of train, test or a lone file; ``all`` every row of
    that split; ``test`` the test rows. Raises DataError when there is none.
    """
    split, every = select_split(task, "test" if which == "test" else None, order=ORDER)
    count = len(every)
    is_sample = which != "test" and split != "dev" and count > LIVE
    sample = sample_places(count, LIVE, seed=seed) if is_sample else range(count)
    draw = random.Random(f"order {seed}")
    first = draw.sample(sample, len(sample))
    if which == "live":
        inside = {place: number for number, place in enumerate(sample)}
        rows = pick(every, sample) if is_sample else every
        sentence = f"{split}, {_part(len(sample), count, seed)}"
        return LiveRows(split, rows, [inside[place] for place in first], len(sample), count, sentence)
    taken = set(sample) if is_sample else set()
    rest = [place for place in range(count) if place not in taken] if is_sample else []
    order = [*first, *draw.sample(rest, len(rest))]
    return LiveRows(split, every, order, len(sample), count, f"{split}, {_part(count, count, seed)}")


def _part(rows: int, total: int, seed: int) -> str:
    return counted(total, "row") if rows == total else f"{rows:,} of {counted(total, 'row')} (seed {seed})"
