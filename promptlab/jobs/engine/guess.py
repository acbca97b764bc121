"""``guess``: what a table is: its columns, labels and first rows, and the template and words that it begins with."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from promptlab.errors import ConfigError, DataError
from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.engine.live_rows import choose_live
from promptlab.jobs.wire import Request
from promptlab.task import Task, bare_numbers
from promptlab.task.columns import input_fields
from promptlab.task.rows import ArrowRows, Form, JoinedRows, labels_of
from promptlab.template import default_template, guess_kind
from promptlab.text import listed
from promptlab.verbalizer import default_words, to_table

_FIRST = 8  # rows that are shown
_CELL = 200  # characters of a cell
_COLUMNS = 60  # columns whose cells are shown
_BOOLEANS = {"true", "false"}


def guess(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Everything that can be said of a table without a model; the table is opened anew.

    ``problem`` says why its rows cannot be read yet, where another column may help. Raises DataError and ConfigError
    for a table that cannot be used.
    """
    table = request.fields["task"]
    task = held.task(table, again=True)
    splits = {"train": task.train, "dev": task.dev, "test": task.test, "unlabelled": task.unlabelled}
    counts = Counter(label for rows in splits.values() for label in labels_of(rows))
    kind = guess_kind(task.labels, task.fields)
    columns = _columns(task)
    return {
        "name": task.name,
        "reference": table["reference"],
        "source": task.source,
        "splits": {name: len(rows) for name, rows in splits.items()},
        **columns,
        "labels": list(task.labels),
        "label_counts": {label: counts[label] for label in task.labels},
        "fields": list(task.fields),
        "notes": list(task.notes),
        "numbers": _are_bare(task),
        "kind": kind,
        "template": _template(task),
        **_words(task, kind),
        "first": list(islice(_shown(task, columns), _FIRST)),
        **_live(task),
    }


def _columns(task: Task) -> dict[str, Any]:
    """The table's columns, and which of them are text and label."""
    rows = next(_tables(task), None)
    if rows is None:
        return {"columns": list(task.fields), "text": "text", "label": None, "pair": None}
    names = rows.batches[0].schema.names if rows.batches else list(rows.form.columns)
    derived = rows.form.derived.get("text")
    is_alias = derived is not None and len(derived.parts) == len(derived.columns) == 1
    pair = input_fields(task)
    return {
        "columns": list(names),
        "text": derived.columns[0] if derived is not None and is_alias else "text",
        "label": rows.form.label,
        "pair": list(pair) if len(pair) == 2 else None,
    }


def _tables(task: Task) -> Iterator[ArrowRows]:
    """The task's rows as they lie in their tables, train first."""
    for rows in (task.train, task.dev, task.test, task.unlabelled):
        for part in rows.parts if isinstance(rows, JoinedRows) else (rows,):
            if isinstance(part, ArrowRows):
                yield part


def _are_bare(task: Task) -> bool:
    """Whether the labels are numbers or truth values, which say nothing to a model."""
    return bare_numbers(task) or (bool(task.labels) and {label.lower() for label in task.labels} <= _BOOLEANS)


def _template(task: Task) -> dict[str, Any]:
    template, _ = default_template(task.labels, task.fields)
    note = "The library's first template for labels like these." if template.name else "A template for any labels."
    return {"text": str(template), "name": template.name, "truncate": template.truncate, "note": note}


def _words(task: Task, kind: str | None) -> dict[str, Any]:
    """The names of the labels as words, or why they will not do."""
    if _are_bare(task):
        return _no_words(f"The labels {listed(task.labels)} say nothing to a model: give each a word.")
    try:
        words, _ = default_words(task.labels, kind)
    except ConfigError:
        return _no_words("The names of the labels cannot be words: give each label one.")
    return {"words": to_table(words), "words_name": "", "words_note": "The names of the labels are the words."}


def _no_words(why: str) -> dict[str, Any]:
    return {"words": None, "words_name": "", "words_note": why}


def _shown(task: Task, columns: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows as they lie in the file, their cells cut, and the label that each has by its name."""
    text, label = columns["text"], columns["label"]
    names = [name for name in columns["columns"] if name in (text, label)]
    names = list(dict.fromkeys([*names, *columns["columns"][:_COLUMNS]]))
    for rows in _tables(task):
        file = replace(rows[:_FIRST], form=Form(tuple(names)))
        for cells, row in zip(file, rows[:_FIRST], strict=True):
            yield {"cells": {name: cells.fields[name][:_CELL] for name in names}, "label": row.label}


def _live(task: Task) -> dict[str, Any]:
    """Which rows are read live, or the problem that keeps them from being read."""
    nothing = {"split": "", "n": 0, "total": 0, "sentence": "no rows"}
    try:
        live = choose_live(task)
    except DataError as error:
        return {"live": nothing, "problem": str(error)}
    here = {"split": live.split, "n": len(live.rows), "total": live.total, "sentence": live.sentence}
    few = f"Classification needs two labels or more, and {task.name} has {listed(map(repr, task.labels)) or 'none'}."
    return {"live": here, "problem": few if len(task.labels) < 2 else ""}
