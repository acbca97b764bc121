"""A Task from Python's own lists."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from promptlab.errors import DataError
from promptlab.task.example import Example, Task
from promptlab.task.labels import LabelNames, settle_labels

Row = Example | Mapping[str, str] | tuple[str, str] | str


def make_task(
    rows: Iterable[Row] = (),
    *,
    train: Iterable[Row] = (),
    dev: Iterable[Row] = (),
    test: Iterable[Row] = (),
    name: str = "task",
    labels: Sequence[str] | None = None,
) -> Task:
    """A task from rows: an Example, a mapping (its ``label`` is the label, the rest are fields), ``(text, label)``, or
    a text alone. ``rows`` without a split go to test.

    ``labels`` gives their order. Ids are ``train:1`` and so on, where a row has none. Raises DataError for a row
    without any field or a label that ``labels`` lacks.
    """
    given = {"train": list(train), "dev": list(dev), "test": [*test, *rows]}
    examples = {
        split: [_example(row, f"{split}:{n}") for n, row in enumerate(part, 1)] for split, part in given.items()
    }
    found = {split: [row.label for row in part if row.label is not None] for split, part in examples.items()}
    wanted = None if labels is None else {label: label for label in labels}
    names = settle_labels(found, given=wanted)
    every = [row for part in examples.values() for row in part]
    if not every:
        raise DataError("A task needs at least one row.")
    fields = [name for name in every[0].fields if all(name in row.fields for row in every)]
    return Task(
        name=name,
        labels=names.ordered,
        train=_labelled(examples["train"], names),
        dev=_labelled(examples["dev"], names),
        test=_labelled(examples["test"], names),
        unlabelled=tuple(row for row in every if row.label is None),
        fields=tuple(fields),
        fingerprint=_fingerprint(examples, names.ordered),
    )


def _labelled(rows: Sequence[Example], names: LabelNames) -> tuple[Example, ...]:
    return tuple(replace(row, label=names.names[row.label]) for row in rows if row.label is not None)


def _example(row: Row, identity: str) -> Example:
    if isinstance(row, Example):
        return row if row.id else Example(row.fields, row.label, identity)
    if isinstance(row, str):
        return Example({"text": row}, None, identity)
    if isinstance(row, tuple):
        text, label = row
        return Example({"text": text}, _label(label), identity)
    fields = {name: str(value) for name, value in row.items() if name != "label"}
    if not fields:
        raise DataError(f"Row {identity} has no text: {dict(row)!r}. Give it a field, such as 'text'.")
    return Example(fields, _label(row.get("label")), identity)


def _label(value: object) -> str | None:
    if value is None or not str(value).strip():
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fingerprint(examples: Mapping[str, Sequence[Example]], labels: Sequence[str]) -> str:
    digest = hashlib.sha256(json.dumps(labels).encode())
    for split, rows in examples.items():
        for row in rows:
            digest.update(json.dumps([split, dict(row.fields), row.label], sort_keys=True).encode())
    return digest.hexdigest()[:32]
