"""A look at some rows of any number: their cells cut short, and the rows whose text holds something."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow.compute
from numpy.typing import NDArray

from promptlab.task.example import Example
from promptlab.task.rows import ArrowRows, JoinedRows, pick

_ROWS = 4096  # rows that are searched between two looks at the clock


def glance(rows: Sequence[Example], places: Sequence[int], fields: Collection[str], *, width: int) -> list[Example]:
    """The rows at these places with some of their fields alone, each cut to ``width`` characters.

    Columns that are not asked for are not read, nor is the rest of a long cell. A field made of columns is made of what
    is read of these.
    """
    order = sorted(set(places))
    found = dict(zip(order, _narrowed(pick(rows, order), fields, width), strict=True))
    return [_cut(found[place], fields, width) for place in places]


@dataclass
class Search:
    """The rows whose fields hold a text, whatever its case; it goes on from where it stopped.

    ``scanned`` is how many rows were looked at, ``found`` the places of those that hold it.
    """

    rows: Sequence[Example]
    text: str
    fields: tuple[str, ...]
    scanned: int = 0
    _found: list[NDArray[np.int64]] = field(default_factory=list)

    def go_on(self, seconds: float) -> None:
        """Look at more rows, for about that long."""
        until = time.monotonic() + seconds
        while not self.is_done:
            chunk = self.rows[self.scanned : self.scanned + _ROWS]
            self._found.append(np.flatnonzero(_holds(chunk, self.text, self.fields)) + self.scanned)
            self.scanned += len(chunk)
            if time.monotonic() > until:
                return

    @property
    def is_done(self) -> bool:
        """Whether every row was looked at."""
        return self.scanned >= len(self.rows)

    @property
    def found(self) -> NDArray[np.int64]:
        """Places, in order."""
        return np.concatenate(self._found) if self._found else np.zeros(0, np.int64)


def _narrowed(rows: Sequence[Example], fields: Collection[str], width: int) -> Sequence[Example]:
    if isinstance(rows, ArrowRows):
        return replace(rows, form=rows.form.only(fields), most=width)
    if isinstance(rows, JoinedRows):
        return JoinedRows(tuple(_narrowed(part, fields, width) for part in rows.parts))
    return rows


def _cut(row: Example, fields: Collection[str], width: int) -> Example:
    return replace(row, fields={name: row.fields[name][:width] for name in fields if name in row.fields})


def _holds(rows: Sequence[Example], text: str, fields: Sequence[str]) -> NDArray[np.bool_]:
    """(N,): whether one of the fields holds the text."""
    if isinstance(rows, JoinedRows):
        return np.concatenate([_holds(part, text, fields) for part in rows.parts])
    if isinstance(rows, ArrowRows):
        columns = [rows.form.column_of(name) for name in fields]
        if None not in columns:
            return _columns_hold(rows, text, [name for name in columns if name is not None])
        rows = replace(rows, form=rows.form.only(fields))
    wanted = text.casefold()
    return np.array([any(wanted in row.fields.get(name, "").casefold() for name in fields) for row in rows], bool)


def _columns_hold(rows: ArrowRows, text: str, columns: Sequence[str]) -> NDArray[np.bool_]:
    parts = []
    for batch, _, within in rows.runs(0, len(rows)):
        held = np.zeros(len(within), bool)
        for name in columns:
            cells = batch.column(name).take(pyarrow.array(within))
            held |= pyarrow.compute.match_substring(cells, text, ignore_case=True).to_numpy(zero_copy_only=False)
        parts.append(held)
    return np.concatenate(parts) if parts else np.zeros(0, bool)
