"""Tables of text: small files in memory, large ones as Arrow files in the cache, mapped and never held."""

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from promptlab.errors import DataError, StoreError
from promptlab.paths import cache_folder, write_whole
from promptlab.task.blocks import Blocks, Reading, text_schema
from promptlab.task.delimited import read_delimited
from promptlab.task.formats import ENDINGS, ending_of
from promptlab.task.jsonfile import read_json
from promptlab.task.parquetfile import read_parquet
from promptlab.text import listed

LARGE = 64_000_000  # bytes of a file, from which on it is mapped
_PACKED = 6  # how many times larger the rows of a packed file may be
_CACHE_LIMIT = 5_000_000_000  # bytes
_VERSION = 1  # of the cached files
_ABANDONED = 86_400  # seconds after which a half-written cached file has no writer any more


@dataclass(frozen=True)
class Table:
    """Rows: string columns without nulls, in batches. ``name`` is the file's; the rest is as in ``Blocks``."""

    names: tuple[str, ...]
    batches: tuple[pa.RecordBatch, ...]
    digest: str
    notes: tuple[str, ...] = ()
    has_names: bool = True
    name: str = ""

    def __len__(self) -> int:
        return sum(batch.num_rows for batch in self.batches)

    def renamed(self, names: Mapping[str, str]) -> "Table":
        """The same rows with other names for some columns."""
        new = tuple(names.get(name, name) for name in self.names)
        return replace(self, names=new, batches=tuple(batch.rename_columns(list(new)) for batch in self.batches))

    def column(self, name: str) -> pa.ChunkedArray:
        """One column over all batches."""
        return pa.chunked_array([batch.column(name) for batch in self.batches], pa.string())


def read_table(path: Path, reading: Reading = Reading()) -> Table:  # noqa: B008 (frozen)
    """The rows of a CSV, TSV, JSON, JSONL or Parquet file, packed with gzip or not.

    Raises DataError for a file that is missing, of an unknown kind, empty, damaged or ragged.
    """
    size = _size(path)
    if ending_of(path) == "":
        raise DataError(f"{str(path)!r} has no known ending. Tables end in {listed(ENDINGS)}, with or without .gz.")
    is_packed = path.name.lower().endswith((".gz", ".parquet"))
    table = _mapped(path, reading) if size * (_PACKED if is_packed else 1) > LARGE else _held(path, reading)
    if not len(table):
        raise DataError(f"{str(path)!r} has a header but no rows.")
    return replace(table, name=path.name)


def _size(path: Path) -> int:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise DataError(f"There is no file {str(path)!r}.") from None
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {error.strerror}.") from error
    if not path.is_file():
        raise DataError(f"{str(path)!r} is not a file.")
    return size


def _blocks(path: Path, reading: Reading) -> Blocks:
    kind = ENDINGS[ending_of(path)]
    if kind == "parquet":
        return read_parquet(path)
    return read_json(path, reading) if kind == "json" else read_delimited(path, reading)


def _held(path: Path, reading: Reading) -> Table:
    blocks = _blocks(path, reading)
    return Table(blocks.names, tuple(blocks.batches), blocks.digest, blocks.notes, blocks.has_names)


def _mapped(path: Path, reading: Reading) -> Table:
    folder = cache_folder("tables")
    stored = folder / f"{_key(path, reading)}.arrow"
    found = _open(stored)
    if found is None:
        blocks = _blocks(path, reading)
        try:
            write_whole(stored, lambda file: _write(blocks, file))
            pa.default_memory_pool().release_unused()  # the blocks that were read and written
        except OSError as error:
            raise StoreError(
                f"{str(path)!r} is large and is copied into {str(folder)!r}, which failed: {error.strerror}. "
                "Make room there, or name another folder in PROMPTLAB_CACHE."
            ) from error
        found = _open(stored)
        if found is None:
            raise StoreError(f"{str(stored)!r} was written and cannot be read back.")
    _touch(stored)
    remove_oldest(folder, keep=stored)
    return found


def _key(path: Path, reading: Reading) -> str:
    status = path.stat()
    parts = [_VERSION, str(path.resolve()), status.st_size, status.st_mtime_ns]
    parts += [reading.encoding, reading.delimiter, reading.header]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _write(blocks: Blocks, file: Path) -> None:
    said = {"digest": blocks.digest, "notes": blocks.notes, "has_names": blocks.has_names}
    schema = text_schema(blocks.names).with_metadata({"promptlab": json.dumps(said)})
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in blocks.batches:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))


def _open(stored: Path) -> Table | None:
    """The cached table; None, and the file gone, when there is none or it is damaged."""
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(stored)))
        said = json.loads(reader.schema.metadata[b"promptlab"])
        batches = tuple(reader.get_batch(number) for number in range(reader.num_record_batches))
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        stored.unlink(missing_ok=True)
        return None
    return Table(tuple(reader.schema.names), batches, said["digest"], tuple(said["notes"]), said["has_names"])


def _touch(stored: Path) -> None:
    try:
        os.utime(stored)
    except OSError:  # another process removed it; what is mapped stays readable
        return


def remove_oldest(folder: Path, *, keep: Path, limit: int = _CACHE_LIMIT) -> None:
    """Delete the tables used longest ago until the folder is below ``limit`` bytes, and what broken writes left."""
    entries = []
    for file in folder.iterdir():
        try:
            status = file.stat()
        except FileNotFoundError:
            continue
        if file.suffix == ".arrow":
            entries.append((status.st_mtime, status.st_size, file))
        elif time.time() - status.st_mtime > _ABANDONED:
            file.unlink(missing_ok=True)
    total = sum(size for _, size, _ in entries)
    for _, size, file in sorted(entries):
        if total <= limit:
            return
        if file != keep:
            try:
                file.unlink(missing_ok=True)
            except PermissionError:  # Windows keeps a file that a process has mapped
                continue
            total -= size
