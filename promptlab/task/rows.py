"""Rows that are read when asked for: a sequence of examples over Arrow batches, and over parts of it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import overload

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from promptlab.task.derived import Derived, Reference
from promptlab.task.example import Example

_CELLS = 65_536  # cells turned into Python texts at a time
Places = NDArray[np.int64] | range


@dataclass(frozen=True)
class Form:
    """How a table's cells become an Example.

    ``columns`` become fields under their own names, then ``derived`` ones are computed from all of a row's
    ``columns``. A cell of ``label`` is renamed through ``labels``; ``identity`` is the column of ids, without it the id
    is ``split`` and the row's number from 1.
    """

    columns: tuple[str, ...]
    derived: Mapping[str, Derived] = field(default_factory=dict)
    label: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    identity: str | None = None
    split: str = "row"

    def example(self, cells: Sequence[str], number: int) -> Example:
        """The example of one row: its cells in the order of ``needed``, and its number from 0."""
        columns = dict(zip(self.columns, cells, strict=False))  # the label and the id come after the columns
        fields = columns.copy()
        for name, each in self.derived.items():
            fields[name] = each.text(columns, fields)
        label = self.renamed(cells[len(columns)]) if self.label else None
        return Example(fields, label, cells[-1] if self.identity else self.example_id(number))

    def example_id(self, number: int) -> str:
        """The id of a row without a column of ids, by its number from 0."""
        return f"{self.split}:{number + 1}"

    def renamed(self, label: str) -> str | None:
        """The label's name; None for a blank cell."""
        return self.labels.get(label, label) if label.strip() else None

    def only(self, names: Collection[str]) -> "Form":
        """The form with some of the fields, and what these are made of."""
        kept = set(names)
        for name in reversed(list(self.derived)):  # one is made of columns and of those before it
            if name in kept:
                kept.update(self.derived[name].columns)
        derived = {name: each for name, each in self.derived.items() if name in kept}
        return replace(self, columns=tuple(name for name in self.columns if name in kept), derived=derived)

    def column_of(self, name: str) -> str | None:
        """The column that a field is, as it stands; None for one that is made of others."""
        parts = self.derived[name].parts if name in self.derived else (Reference(name),)
        is_alias = len(parts) == 1 and isinstance(parts[0], Reference) and not parts[0].filters
        return next((one for one in self.columns if is_alias and parts[0] == Reference(one)), None)

    def needed(self) -> list[str]:
        """The columns that an example is made of."""
        return [*self.columns, *(name for name in (self.label, self.identity) if name)]


@dataclass(frozen=True, eq=False)
class ArrowRows(Sequence[Example]):
    """Rows of one table at ``places`` (row numbers from 0), each made into an Example when it is asked for.

    Holds the batches, which may be a mapped file, and the places; a slice is another such view. ``most`` is how many
    characters of a field's cell are read, None for all.
    """

    batches: tuple[pa.RecordBatch, ...] = field(repr=False)
    form: Form = field(repr=False)
    places: Places
    most: int | None = None

    @classmethod
    def of(cls, batches: tuple[pa.RecordBatch, ...], form: Form) -> "ArrowRows":
        """All rows of a table."""
        return cls(batches, form, range(sum(batch.num_rows for batch in batches)))

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> "ArrowRows": ...
    def __getitem__(self, index: int | slice) -> "Example | ArrowRows":
        if isinstance(index, slice):
            return replace(self, places=self.places[index])
        start = range(len(self))[index]
        return next(self._examples(start, start + 1))

    def __iter__(self) -> Iterator[Example]:
        each = max(1, _CELLS // max(len(self.form.needed()), 1))
        for start in range(0, len(self), each):
            yield from self._examples(start, start + each)

    def pick(self, indices: Sequence[int] | NDArray[np.int64]) -> "ArrowRows":
        """The rows at these indices of this view, in their order."""
        return replace(self, places=_array(self.places)[np.asarray(indices, np.int64)])

    def labels(self) -> list[str | None]:
        """Every row's label, without making examples."""
        if self.form.label is None:
            return [None] * len(self)
        return [self.form.renamed(label) for label in self._column(self.form.label)]

    def labelled(self) -> tuple["ArrowRows", "ArrowRows"]:
        """The rows that have a label, and those whose label is blank or missing."""
        if self.form.label is None:
            return self[:0], self
        compute = pyarrow.compute
        masks = [
            compute.not_equal(compute.utf8_trim_whitespace(batch.column(self.form.label)), "").to_numpy(False)
            for batch in self.batches
        ]
        mask = (np.concatenate(masks) if masks else np.zeros(0, bool))[_array(self.places)]
        if mask.all():
            return self, self[:0]
        places = _array(self.places)
        return replace(self, places=places[mask]), replace(self, places=places[~mask])

    def ids(self) -> Iterator[str]:
        """Every row's id, without making examples."""
        if self.form.identity is not None:
            return self._column(self.form.identity)
        return (self.form.example_id(place) for place in _array(self.places).tolist())

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        """The row number at which each batch starts."""
        return np.cumsum([0, *(batch.num_rows for batch in self.batches)])

    def runs(self, start: int, stop: int) -> Iterator[tuple[pa.RecordBatch, NDArray[np.int64], NDArray[np.int64]]]:
        """The places from ``start`` to ``stop`` in runs of one batch each: batch, places, places within the batch."""
        places = _array(self.places[start:stop])
        which = np.searchsorted(self._starts, places, side="right") - 1
        for run in np.split(np.arange(len(places)), np.flatnonzero(np.diff(which)) + 1):
            if len(run):
                batch = which[run[0]]
                yield self.batches[batch], places[run], places[run] - self._starts[batch]

    def _column(self, name: str) -> Iterator[str]:
        for start in range(0, len(self), _CELLS):
            for batch, _, within in self.runs(start, start + _CELLS):
                yield from _taken(batch, name, within)

    def _examples(self, start: int, stop: int) -> Iterator[Example]:
        names, most = self.form.needed(), len(self.form.columns)
        for batch, places, within in self.runs(start, stop):
            columns = [_taken(batch, name, within, self.most if at < most else None) for at, name in enumerate(names)]
            for place, *cells in zip(places.tolist(), *columns, strict=True):
                yield self.form.example(cells, place)


def _array(places: Places) -> NDArray[np.int64]:
    if isinstance(places, range):
        return np.arange(places.start, places.stop, places.step, dtype=np.int64)
    return places


def _taken(batch: pa.RecordBatch, name: str, within: NDArray[np.int64], most: int | None = None) -> list[str]:
    cells = batch.column(name).take(pa.array(within))
    texts: list[str] = (cells if most is None else pyarrow.compute.utf8_slice_codeunits(cells, 0, most)).to_pylist()
    return texts


@dataclass(frozen=True, eq=False)
class JoinedRows(Sequence[Example]):
    """Several sequences of rows one after the other."""

    parts: tuple[Sequence[Example], ...]

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        if isinstance(index, slice):
            return pick(self, range(len(self))[index])
        place = range(len(self))[index]
        for part in self.parts:
            if place < len(part):
                return part[place]
            place -= len(part)
        raise AssertionError("unreachable")

    def __iter__(self) -> Iterator[Example]:
        return chain.from_iterable(self.parts)


def joined(parts: Sequence[Sequence[Example]]) -> Sequence[Example]:
    """The parts that have rows, as one sequence."""
    filled = tuple(part for part in parts if len(part))
    return filled[0] if len(filled) == 1 else JoinedRows(filled) if filled else ()


def pick(rows: Sequence[Example], indices: Sequence[int]) -> Sequence[Example]:
    """The rows at these indices, in their order; still unread where ``rows`` are."""
    if isinstance(rows, ArrowRows):
        return rows.pick(indices)
    if not isinstance(rows, JoinedRows) or list(indices) != sorted(indices):
        return tuple(rows[index] for index in indices)
    parts, start = [], 0
    for part in rows.parts:
        within = [index - start for index in indices if start <= index < start + len(part)]
        parts.append(pick(part, within))
        start += len(part)
    return joined(parts)


def ids_of(rows: Sequence[Example]) -> Iterator[str]:
    """Every row's id, read without its texts where the rows are lazy."""
    return rows.ids() if isinstance(rows, ArrowRows) else (row.id for row in rows)


def labels_of(rows: Sequence[Example]) -> list[str | None]:
    """Every row's label, read without its texts where the rows are lazy."""
    return rows.labels() if isinstance(rows, ArrowRows) else [row.label for row in rows]
