"""Parquet files as blocks of text columns."""

import hashlib
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet

from promptlab.errors import DataError
from promptlab.task.blocks import Blocks
from promptlab.task.cells import readable_columns, text_batches
from promptlab.task.formats import open_bytes, unreadable
from promptlab.task.names import unique_names

_ROWS = 16_384


def read_parquet(path: Path) -> Blocks:
    """The rows of a Parquet file; DataError when it is damaged."""
    try:
        with _seekable(path) as file:
            schema = pyarrow.parquet.ParquetFile(file).schema_arrow
            file.seek(0)
            digest = hashlib.sha256()
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except pa.ArrowException as error:
        raise DataError(f"{str(path)!r} is not a Parquet file, or it is damaged.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error
    schema, left_out = readable_columns(schema)
    names, renamed = unique_names(schema.names)
    notes = (*left_out, *renamed)
    return Blocks(
        names, _batches(path, schema, names), digest.hexdigest(), tuple(f"{path.name}: {note}" for note in notes)
    )


def _batches(path: Path, schema: pa.Schema, names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    try:
        with _seekable(path) as file:

            def scan(columns: Sequence[str]) -> Iterable[pa.RecordBatch]:
                table: pyarrow.parquet.ParquetFile = pyarrow.parquet.ParquetFile(file)
                batches: Iterable[pa.RecordBatch] = table.iter_batches(_ROWS, columns=list(columns))
                return batches

            yield from text_batches(schema, scan, names=names)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{str(path)!r} is a damaged Parquet file: {error}.") from error


@contextmanager
def _seekable(path: Path) -> Iterator[BinaryIO]:
    """The file itself, or what a ``.gz`` unpacks to: Parquet is read from its end."""
    with open_bytes(path) as file:
        if path.suffix.lower() != ".gz":
            yield file
            return
        with tempfile.TemporaryFile() as unpacked:
            shutil.copyfileobj(file, unpacked)
            unpacked.seek(0)
            yield unpacked
