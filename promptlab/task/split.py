"""Train, dev and test files made of one task, seeded and stratified, without a text in two of them."""

import csv
import os
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import tomlkit

from promptlab.errors import ConfigError, DataError
from promptlab.paths import is_taken
from promptlab.task.columns import input_fields
from promptlab.task.example import Example, Task
from promptlab.task.formats import SPLITS
from promptlab.task.select import every_row
from promptlab.task.similar import hash_text
from promptlab.task.taskfile import NAME


def split_file(
    task: Task, folder: str | Path, *, dev: float = 0.1, test: float = 0.2, seed: int = 13, stratify: bool = True
) -> dict[str, int]:
    """Write train.csv, dev.csv, test.csv and ``task.toml`` into a new folder; gives the rows of each split.

    ``dev`` and ``test`` are shares of the labelled rows. Equal texts go into one split; with ``stratify`` every label
    is spread in the same shares, and has a row in train before it has one elsewhere. Rows without a label go to train
    with an empty label, unless their text stands in another split: then they go there. The files hold all fields, rows
    in their order. The folder appears whole or not at all. Raises ConfigError for shares that leave no train rows or a
    folder that holds something, DataError for a task without labelled rows.
    """
    folder = Path(folder)
    if not (dev >= 0 and test >= 0 and dev + test < 1 and dev + test > 0):
        raise ConfigError(f"dev = {dev} and test = {test} must be shares whose sum lies between 0 and 1.")
    if is_taken(folder):
        raise ConfigError(f"{str(folder)!r} is there already and is not an empty folder. Name a new one.")
    rows = every_row(task)
    shares = {"train": 1 - dev - test, "dev": dev, "test": test}
    splits = _assigned(rows, input_fields(task), shares=shares, seed=seed, stratify=stratify)
    try:
        return _write(task, rows, splits, folder)
    except OSError as error:
        raise DataError(f"{str(folder)!r} cannot be written: {error.strerror}.") from error


def _assigned(
    rows: Sequence[Example], names: Sequence[str], *, shares: dict[str, float], seed: int, stratify: bool
) -> list[str]:
    """The split of each row."""
    groups: dict[int, list[int]] = defaultdict(list)  # hash of the text -> its labelled rows
    labels: dict[int, str] = {}
    keys: list[int] = []
    for number, row in enumerate(rows):
        keys.append(hash_text("\0".join(row.fields.get(name, "") for name in names)))
        if row.label is not None:
            groups[keys[-1]].append(number)
            labels.setdefault(keys[-1], row.label if stratify else "")
    if not groups:
        raise DataError("No row has a label, so there is nothing to split. Name the label column with --label.")
    order = list(groups)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda key: labels[key])  # stable: shuffled within each label
    split_of = _in_shares([(key, labels[key], len(groups[key])) for key in order], shares)
    return [split_of.get(key, "train") for key in keys]


def _in_shares(groups: Sequence[tuple[int, str, int]], shares: dict[str, float]) -> dict[int, str]:
    """Each group (key, label, rows) goes to the split that is furthest behind its share, a label's first to train."""
    split_of: dict[int, str] = {}
    have = dict.fromkeys(shares, 0)
    seen: set[str] = set()
    for key, label, size in groups:
        total = sum(have.values()) + size
        behind = max(shares, key=lambda split: shares[split] * total - have[split])
        split = behind if label in seen else "train"
        seen.add(label)
        split_of[key] = split
        have[split] += size
    return split_of


def _write(task: Task, rows: Sequence[Example], splits: Sequence[str], folder: Path) -> dict[str, int]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        columns, text, label = _columns(task, rows)
        counts = _write_tables(rows, splits, columns, label=label, folder=new)
        document = {"name": task.name, "text": text, "label": label, "labels": list(task.labels)}
        (new / NAME).write_text(tomlkit.dumps(document), encoding="utf-8")
        new.chmod(0o755)
        os.replace(new, folder)
        return counts
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _columns(task: Task, rows: Sequence[Example]) -> tuple[list[str], str, str]:
    """The columns of the files, the name of the text's, and a name for the label's that no field has.

    ``text`` is often another column under a second name; then that column is written once, under its own.
    """
    others = [name for name in task.fields if name != "text"]
    for row in rows:
        if not others:
            break
        others = [name for name in others if row.fields[name] == row.fields.get("text")]
    text = others[0] if others else "text"
    columns = [name for name in task.fields if name != "text" or text == "text"]
    label = "label"
    while label in columns:
        label += "_"
    return columns, text, label


def _write_tables(
    rows: Sequence[Example], splits: Sequence[str], columns: Sequence[str], *, label: str, folder: Path
) -> dict[str, int]:
    counts = {split: splits.count(split) for split in SPLITS}
    with ExitStack() as stack:
        writers = {}
        for split in (split for split in SPLITS if counts[split]):
            file = stack.enter_context((folder / f"{split}.csv").open("w", encoding="utf-8", newline=""))
            writers[split] = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            writers[split].writerow([*columns, label])
        for row, split in zip(rows, splits, strict=True):
            writers[split].writerow([*(row.fields[name] for name in columns), row.label or ""])
    return counts
