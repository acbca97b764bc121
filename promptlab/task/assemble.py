"""A Task from tables: columns chosen, labels named, rows with and without a label told apart."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute

from promptlab.errors import DataError
from promptlab.task.columns import Columns, guess_columns
from promptlab.task.derived import Derived, alias, parse_derived
from promptlab.task.example import Task
from promptlab.task.labels import LabelNames, refuse_free_values, settle_labels
from promptlab.task.rows import ArrowRows, Form, joined
from promptlab.task.tables import Table
from promptlab.text import counted, listed, nearest

# Rows that columns are guessed on: runs of rows from all over the file, which may be sorted by label.
_GUESS_ROWS, _GUESS_PLACES = 1000, 20
_GUESS_CELLS = 200_000


@dataclass(frozen=True)
class Wishes:
    """What options and ``task.toml`` (or another ``where``) say; ``usual`` is the order of labels of some columns."""

    text: str | None = None
    label: str | None = None
    labels: Mapping[str, str] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    usual: Mapping[str, Sequence[str]] = field(default_factory=dict)
    where: str = "task.toml"


def assemble(
    tables: Mapping[str, Table],
    wishes: Wishes,
    *,
    name: str,
    source: str,
    notes: Sequence[str] = (),
    is_lone: bool = False,
) -> Task:
    """The task of some splits' tables (split -> table, train first).

    Columns are guessed on the first table; the text column must be in every one. ``is_lone`` says that the one table is
    no split of anything: its ids and notes then name none. Raises DataError for a column that is
    missing or a label that was not given.
    """
    tables = _with_names(tables, wishes)
    columns = _columns(tables, wishes)
    forms = {split: _form(table, columns, wishes, "row" if is_lone else split) for split, table in tables.items()}
    names = _label_names(tables, forms, wishes)
    rows, unlabelled = {}, {}
    for split, table in tables.items():
        every = ArrowRows.of(table.batches, replace(forms[split], labels=names.names))
        rows[split], unlabelled[split] = every.labelled()
    fields, partial = _fields(forms)
    said = [*notes, *(note for table in tables.values() for note in table.notes), _said(columns, wishes), *partial]
    return Task(
        name=name,
        labels=names.ordered,
        **rows,
        unlabelled=joined(list(unlabelled.values())),
        fields=fields,
        fingerprint=_fingerprint(tables, forms, names),
        source=source,
        notes=(
            *dict.fromkeys(said),
            *_merged_notes(names, wishes),
            *_unlabelled_notes(columns, forms, unlabelled, is_lone=is_lone),
        ),
    )


def _with_names(tables: Mapping[str, Table], wishes: Wishes) -> Mapping[str, Table]:
    """Tables without a header take the names of one that has some, else ``text`` and ``label`` where those are."""
    named = next((table for table in tables.values() if table.has_names), None)
    if named is None:
        first = next(iter(tables.values()))
        given = [wish if wish in first.names else None for wish in (wishes.text, wishes.label)]
        guess = _guess(first, given[0], given[1])
        names = {guess.text: "text"} | ({guess.label: "label"} if guess.label else {})
        names = {old: new for old, new in names.items() if old not in (wishes.text, wishes.label)}
        return {split: table.renamed(names) for split, table in tables.items()}
    return {
        split: table
        if table.has_names or len(table.names) != len(named.names)
        else table.renamed(dict(zip(table.names, named.names, strict=True)))
        for split, table in tables.items()
    }


def _columns(tables: Mapping[str, Table], wishes: Wishes) -> Columns:
    every = list(dict.fromkeys(name for table in tables.values() for name in table.names))
    for wish, role in ((wishes.text, "text"), (wishes.label, "label")):
        if wish and wish not in every and not (role == "text" and wish in wishes.fields):
            where = ", ".join(table.name for table in tables.values())
            raise DataError(f"{where}: no {role} column {wish!r}.{nearest(wish, every)} There are {listed(every)}.")
    text = "text" if "text" in wishes.fields and "text" in every else wishes.text
    first, *others = tables.values()
    columns = _guess(first, text, wishes.label)
    for table in others:
        if columns.label is None:
            columns = replace(columns, label=_guess(table, columns.text, None).label)
    return columns


def _guess(table: Table, text: str | None, label: str | None) -> Columns:
    each = max(1, min(_GUESS_ROWS, _GUESS_CELLS // len(table.names)) // _GUESS_PLACES)
    starts = np.linspace(0, max(len(table) - each, 0), _GUESS_PLACES).astype(np.int64)
    places = np.unique(np.minimum(starts[:, None] + np.arange(each), len(table) - 1))
    every = ArrowRows.of(table.batches, Form(table.names)).pick(places)
    cells: dict[str, list[str]] = {name: [] for name in table.names}
    for row in every:
        for name, cell in row.fields.items():
            cells[name].append(cell)
    return guess_columns(cells, text=text, label=label, places=places.tolist())


def _form(table: Table, columns: Columns, wishes: Wishes, split: str) -> Form:
    label = columns.label if columns.label in table.names else None
    names = tuple(name for name in table.names if name not in columns.index and name != columns.label)
    derived: dict[str, Derived] = {}
    for name, template in wishes.fields.items():
        where = f"{wishes.where}, [fields], {name}, for {table.name}"
        derived[name] = parse_derived(template, known=[*names, *derived], where=where)
    if "text" not in derived and columns.text != "text":
        if columns.text not in (*names, *derived):
            raise DataError(
                f"{table.name} has no text column {columns.text!r}.{nearest(columns.text, names)} "
                f"There are {listed(names)}."
            )
        derived["text"] = alias(columns.text)
    identity = columns.identity if columns.identity and _is_unique(table, columns.identity) else None
    return Form(names, derived, label, identity=identity, split=split)


def _is_unique(table: Table, name: str) -> bool:
    if name not in table.names:
        return False
    column, compute = table.column(name), pyarrow.compute
    is_blank = compute.equal(compute.utf8_trim_whitespace(column), "")
    return not compute.any(is_blank).as_py() and compute.count_distinct(column).as_py() == len(table)


def _label_names(tables: Mapping[str, Table], forms: Mapping[str, Form], wishes: Wishes) -> LabelNames:
    found: dict[str, list[str]] = {}
    usual = next((wishes.usual[form.label] for form in forms.values() if form.label and form.label in wishes.usual), ())
    for split, form in forms.items():
        if form.label:
            labels = pyarrow.compute.unique(tables[split].column(form.label))
            refuse_free_values(form.label, len(labels), len(tables[split]))
            found[split] = [label for label in labels.to_pylist() if label.strip()]

    def place(split: str, label: str) -> str:
        number = pyarrow.compute.index(tables[split].column(forms[split].label or ""), pa.scalar(label)).as_py()
        return f"{tables[split].name}: row {number + 1:,}"

    return settle_labels(found, given=wishes.labels, usual=usual, place=place)


def _fields(forms: Mapping[str, Form]) -> tuple[tuple[str, ...], list[str]]:
    """The fields that every split has, text first; and a sentence for those that only some have."""
    has = {split: ["text", *form.columns, *form.derived] for split, form in forms.items()}
    every = dict.fromkeys(name for names in has.values() for name in names)
    shared = tuple(name for name in every if all(name in names for names in has.values()))
    partial = [name for name in every if name not in shared]
    notes = [
        f"only in {split}: {listed(only)}"
        for split, names in has.items()
        if (only := [name for name in partial if name in names])
    ]
    return shared, notes


def _said(columns: Columns, wishes: Wishes) -> str:
    if "text" not in wishes.fields:
        return columns.said()
    return replace(columns, text=wishes.fields["text"], pair=None).said()


def _merged_notes(names: LabelNames, wishes: Wishes) -> Iterator[str]:
    """Numbers that were written in two ways, which are one label unless the user named them."""
    for written, name in names.names.items() if wishes.labels is None else ():
        if written.strip() != name:
            yield f"the labels {name} and {written.strip()} are read as one, {name}"


def _unlabelled_notes(
    columns: Columns, forms: Mapping[str, Form], unlabelled: Mapping[str, ArrowRows], *, is_lone: bool
) -> Iterator[str]:
    for split, rows in unlabelled.items():
        if columns.label and forms[split].label is None:
            yield f"{split} has no column {columns.label}: {counted(len(rows), 'row')} kept as unlabelled texts"
        elif columns.label and len(rows):
            of_split = "" if is_lone else f" of {split}"
            yield f"{counted(len(rows), 'row')}{of_split} without a label, kept as unlabelled texts"


def _fingerprint(tables: Mapping[str, Table], forms: Mapping[str, Form], names: LabelNames) -> str:
    """A hash over what was read and how: equal content read alike has equal fingerprints, whatever its path."""
    parts = [[split, table.digest, repr(forms[split])] for split, table in tables.items()]
    content = json.dumps([parts, names.ordered, dict(names.names)])
    return hashlib.sha256(content.encode()).hexdigest()[:32]
