"""A file on its way into memory: named text columns, row by row in Arrow record batches, read when iterated."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Reading:
    """What the user said about how files are written; None is found out."""

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None


@dataclass(frozen=True, slots=True)
class Blocks:
    """``batches`` hold one string column per name, without nulls; ``has_names`` is False for made-up names.

    ``digest`` stands for the content and how it was read, ``notes`` say what was guessed.
    """

    names: tuple[str, ...]
    batches: Iterator[pa.RecordBatch]
    digest: str
    notes: tuple[str, ...] = ()
    has_names: bool = True


def text_schema(names: tuple[str, ...]) -> pa.Schema:
    """A string column for each name."""
    return pa.schema([pa.field(name, pa.string()) for name in names])
