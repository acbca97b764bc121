"""Which rows to use: a split, a seeded sample of it, or every row of the files."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from promptlab.errors import ConfigError, DataError
from promptlab.task.example import Example, Task
from promptlab.task.formats import ending_of, split_of
from promptlab.task.rows import ArrowRows, JoinedRows, joined, pick
from promptlab.text import counted, listed, nearest

_ALL = "all"


def splits_of(task: Task) -> dict[str, Sequence[Example]]:
    """The splits that have labelled rows; the one split of a file without a split's name is called ``all``."""
    splits = {"train": task.train, "dev": task.dev, "test": task.test}
    filled = {name: rows for name, rows in splits.items() if len(rows)}
    is_file = ending_of(Path(task.source)) != "" and not task.source.startswith("hub:")
    if is_file and not split_of(Path(task.source)) and list(filled) == ["test"]:
        return {_ALL: task.test}
    return filled


def select_split(
    task: Task, split: str | None, *, order: Sequence[str] = ("dev", "test", "train")
) -> tuple[str, Sequence[Example]]:
    """The name and the labelled rows of a split: the one named, else the first of ``order`` that there is.

    A file's one split without a name comes after those. Raises DataError, with what there is, for a split that is not
    there or a task without any labelled row.
    """
    splits = splits_of(task)
    if not splits:
        where = task.source or task.name
        rows = counted(len(task.unlabelled), "row")
        raise DataError(f"{where}: none of the {rows} has a label. Name the label column with --label.")
    if split is None:
        first = next((name for name in (*order, _ALL) if name in splits), None)
        if first is None:
            raise DataError(
                f"{task.name} has labelled rows in {listed(splits)} only: name it with --split to use them."
            )
        return first, splits[first]
    name = _ALL if _ALL in splits and split == "test" else split
    if name not in splits:
        there = listed(f"{each} ({counted(len(rows), 'row')})" for each, rows in splits.items())
        raise DataError(
            f"{task.source or task.name} has no labelled rows in a split {split!r}.{nearest(split, splits)} "
            f"There is {there}."
        )
    return name, splits[name]


def sample_rows(rows: Sequence[Example], limit: int, *, seed: int = 13) -> Sequence[Example]:
    """``limit`` of the rows, drawn without replacement and kept in order; all of them when there are no more."""
    if limit < 1:
        raise ConfigError(f"A limit of {limit} rows leaves nothing. Give 1 or more.")
    if limit >= len(rows):
        return rows
    return pick(rows, sample_places(len(rows), limit, seed=seed))


def sample_places(count: int, limit: int, *, seed: int = 13) -> Sequence[int]:
    """The places, in order, of the rows that ``sample_rows`` takes out of ``count``."""
    return range(count) if limit >= count else sorted(random.Random(seed).sample(range(count), limit))


def every_row(task: Task) -> Sequence[Example]:
    """All rows, with a label or without, in the order of their files: what prediction runs over."""
    splits = [task.train, task.dev, task.test]
    unlabelled = list(task.unlabelled.parts) if isinstance(task.unlabelled, JoinedRows) else [task.unlabelled]
    for number, rows in enumerate(splits):
        for other in list(unlabelled):
            if isinstance(rows, ArrowRows) and isinstance(other, ArrowRows) and other.batches is rows.batches:
                # An empty range alone would become numbers with a point.
                places = np.concatenate([np.asarray(part.places, np.int64) for part in (rows, other)])
                splits[number] = replace(rows, places=np.sort(places))
                unlabelled.remove(other)
    return joined([*splits, *unlabelled])
