"""Which files hold tables: their endings, the split that a name stands for, and their bytes, unpacked."""

import gzip
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Literal, cast

from promptlab.errors import DataError

Format = Literal["delimited", "json", "parquet"]

ENDINGS: Mapping[str, Format] = {
    ".csv": "delimited",
    ".tsv": "delimited",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
SPLITS = ("train", "dev", "test")
SPLIT_NAMES: Mapping[str, str] = {
    "train": "train",
    "dev": "dev",
    "test": "test",
    "validation": "dev",
    "valid": "dev",
    "val": "dev",
}


def ending_of(path: Path) -> str:
    """The known ending without ``.gz`` (``.csv`` for ``a.CSV.gz``), or an empty string."""
    name = path.name.lower().removesuffix(".gz")
    return next((ending for ending in ENDINGS if name.endswith(ending) and name != ending), "")


def stem_of(path: Path) -> str:
    """The name without a known ending and ``.gz``."""
    ending = ending_of(path)
    name = path.name[: -len(".gz")] if path.name.lower().endswith(".gz") else path.name
    return name[: -len(ending)] if ending else path.stem


def split_of(path: Path) -> str:
    """``train``, ``dev`` or ``test`` for a table with the name of a split, else an empty string."""
    return SPLIT_NAMES.get(stem_of(path).lower(), "") if ending_of(path) else ""


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes; those of a ``.gz`` or ``.xz`` file unpacked as they are read."""
    name = path.name.lower()
    if name.endswith(".xz"):
        return cast(BinaryIO, lzma.open(path))
    return cast(BinaryIO, gzip.open(path)) if name.endswith(".gz") else path.open("rb")


def unreadable(path: Path, error: Exception) -> DataError:
    """What is said when the disk or the packing refuses the file."""
    if isinstance(error, lzma.LZMAError):
        return DataError(f"{str(path)!r} ends in .xz but is not a whole xz file. Rename it, or pack it again.")
    if isinstance(error, gzip.BadGzipFile):
        return DataError(f"{str(path)!r} ends in .gz but is not a gzip file. Rename it, or pack it again.")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return DataError(f"{str(path)!r} cannot be read: {reason}.")
