"""Few-shot tasks: the sampler of LM-BFF."""

import hashlib
from dataclasses import replace

import numpy as np

from promptlab.errors import ConfigError, DataError
from promptlab.task.example import Example, Task
from promptlab.task.rows import labels_of, pick
from promptlab.text import counted


def few_shot(task: Task, k: int, *, seed: int) -> Task:
    """K rows a label for train and K more for dev, both out of train; test and unlabelled rows stay.

    LM-BFF (Gao et al. 2021, ``generate_k_shot_data.py``): NumPy's legacy generator, seeded, shuffles the train rows;
    the first K of a label make train, the next K of the same order dev. The rows come label by label, in the order of
    the task's labels, where the paper's files have them in the order in which labels first appear. Each keeps its id.
    Raises DataError when a label has fewer than 2K rows, ConfigError for K below 1.
    """
    drawn = _drawn(task, k, rows=2, seed=seed)
    for label, indices in drawn.items():
        if len(indices) < 2 * k:
            raise DataError(
                f"The label {label!r} has {counted(len(indices), 'row')} in train, and k = {k} needs {2 * k}: {k} for "
                f"train and {k} for dev. Take a smaller k."
            )
    train = [index for indices in drawn.values() for index in indices[:k]]
    dev = [index for indices in drawn.values() for index in indices[k:]]
    fingerprint = hashlib.sha256(f"{task.fingerprint} few-shot {k} {seed}".encode()).hexdigest()[:32]
    rows = counted(len(task.train), "row")
    note = f"few-shot: {k} a label for train and {k} for dev, drawn from {rows} with seed {seed}"
    return replace(
        task,
        train=tuple(pick(task.train, train)),
        dev=tuple(pick(task.train, dev)),
        fingerprint=fingerprint,
        notes=(*task.notes, note),
    )


def shots(task: Task, k: int, *, seed: int) -> tuple[Example, ...]:
    """The train rows of ``few_shot``, for a task that has K rows a label and perhaps no more.

    Raises DataError when a label has fewer than K rows, ConfigError for K below 1.
    """
    drawn = _drawn(task, k, rows=1, seed=seed)
    for label, indices in drawn.items():
        if len(indices) < k:
            raise DataError(
                f"The label {label!r} has {counted(len(indices), 'row')} in train, and k = {k} needs {k}. "
                "Take a smaller k."
            )
    return tuple(pick(task.train, [index for indices in drawn.values() for index in indices]))


def _drawn(task: Task, k: int, *, rows: int, seed: int) -> dict[str, list[int]]:
    """Places of up to ``rows`` times K train rows of each label, in a seeded order."""
    if k < 1:
        raise ConfigError(f"k = {k}: a few-shot task needs at least 1 example a label.")
    if not 0 <= seed < 2**32:
        raise ConfigError(f"The seed {seed} is none that rows are drawn with: take one from 0 to {2**32 - 1:,}.")
    if not len(task.train):
        raise DataError(
            f"{task.name} has no train split to draw from. `promptlab data split FILE FOLDER` makes a folder with one."
        )
    labels = labels_of(task.train)
    order = np.arange(len(labels))
    np.random.RandomState(seed).shuffle(order)
    by_label: dict[str, list[int]] = {label: [] for label in task.labels}
    for index in order.tolist():
        label = labels[index]
        if label is not None and len(by_label[label]) < rows * k:
            by_label[label].append(index)
    return by_label
