"""Labelled rows to choose with, and rows that the choice never sees to report on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from promptlab.errors import ConfigError, DataError
from promptlab.task import Example, Task, sample_rows, select_split, splits_of
from promptlab.task.rows import pick
from promptlab.task.shots import shots
from promptlab.task.similar import hash_text
from promptlab.text import counted


@dataclass(frozen=True)
class Shots:
    """``train`` to choose with, ``unseen`` to report on; ``split`` names where the latter come from, ``chosen`` says
    which the former are."""

    train: Sequence[Example]
    unseen: Sequence[Example]
    split: str
    chosen: str

    @property
    def sentence(self) -> str:
        """Which rows the choice saw, and on which it is reported."""
        return f"Chosen on {self.chosen}, reported on {len(self.unseen):,} rows of {self.split}."


def draw_shots(task: Task, k: int | None, *, seed: int, split: str | None = None, limit: int | None = None) -> Shots:
    """``k`` seeded rows a label out of train (all of train when None), and the rows of another split to report on.

    The split is the one named, else test, else dev. A task of one split gives its shots from there, and its other rows
    are the unseen ones. Rows with the text of a shot are never among the unseen. ``limit`` reports on a seeded sample.
    Raises DataError when a label has too few rows or nothing is left to report on.
    """
    if split == "train":
        raise ConfigError("--split train: the shots come from train, so the figures would not be on unseen rows.")
    splits = splits_of(task)
    default = next((name for name in ("test", "dev") if name in splits), None) if len(splits) > 1 else None
    name, rows = select_split(task, split or default)
    has_train = len(task.train) > 0 and name != "train"
    if not has_train and k is None:
        raise ConfigError(f"{task.name} has no train split: say with --k how many rows a label may be taken to choose.")
    pool = task.train if has_train else rows
    train = pool if k is None else shots(replace(task, train=pool), k, seed=seed)
    seen = {_key(row, task) for row in train}
    unseen = pick(rows, [place for place, row in enumerate(rows) if _key(row, task) not in seen])
    if not len(unseen):
        raise DataError(f"No row of {name} is left to report on beside the {counted(len(train), 'shot')}.")
    if limit is not None:
        unseen = sample_rows(unseen, limit, seed=seed)
    chosen = f"{counted(k, 'row')} a label" if k is not None else counted(len(train), "row")
    where = f"{'train' if has_train else name}, seed {seed}"
    return Shots(train, unseen, name, f"{chosen} ({where})")


def _key(row: Example, task: Task) -> int:
    return hash_text("\0".join(row.fields.get(name, "") for name in task.fields))
