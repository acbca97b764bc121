"""How rows are written as CSV: one dialect for every file, and names of columns that are never the same."""

import csv
from collections.abc import Iterable, Sequence
from typing import Protocol, TextIO


class Writer(Protocol):
    """What writes rows of cells."""

    def writerow(self, row: Iterable[str | float], /) -> object:
        """Write one row."""
        ...

    def writerows(self, rows: Iterable[Iterable[str | float]], /) -> object:
        """Write several rows."""
        ...


def csv_writer(file: TextIO) -> Writer:
    """A writer that quotes every text and no number, and ends a row with a line feed.

    With all texts in quotes a lone carriage return inside one is no end of a row, which other quoting makes it.
    """
    return csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)


def columns_of(fields: Sequence[str], own: Sequence[str]) -> list[str]:
    """The columns of text fields beside our ``own``: a field that is called like another column is ``field NAME``."""
    columns: list[str] = []
    for name in fields:
        while name in own or name in columns:
            name = f"field {name}"
        columns.append(name)
    return columns
