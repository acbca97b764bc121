"""Unlabelled text as documents: the lines or paragraphs of plain files, or a column of tables."""

import io
import lzma
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from promptlab.errors import ConfigError, DataError
from promptlab.task.blocks import Reading
from promptlab.task.encoding import PLAIN, examine
from promptlab.task.formats import ending_of, open_bytes, unreadable
from promptlab.task.tables import read_table
from promptlab.text import listed, nearest

Unit = Literal["lines", "paragraphs"]


@dataclass(frozen=True, slots=True)
class Texts:
    """Files of text, and what a document is in them.

    With ``column`` the files are tables (CSV, TSV, JSON, JSONL, Parquet) and every cell of that column is a document.
    Without it they are plain text, packed with gzip or xz or not: a document a line, or, with ``unit`` "paragraphs",
    blank lines between documents. ``encoding`` None is found out.
    """

    paths: Sequence[Path]
    column: str | None = None
    unit: Unit = "lines"
    encoding: str | None = None

    def open(self) -> "OpenTexts":
        """Look through every file once; DataError for one that is missing, empty, binary or without the column."""
        if not self.paths:
            raise ConfigError("There is no text to train on: name a file with --text.")
        paths = [Path(path).expanduser() for path in self.paths]
        repeated = next((path for place, path in enumerate(paths) if path in paths[:place]), None)
        if repeated is not None:
            raise ConfigError(f"--text names {str(repeated)!r} twice.")
        files = [_table(path, self) if self.column else _plain(path, self) for path in paths]
        notes = tuple(note for file in files for note in file.notes)
        return OpenTexts(self, tuple(files), notes)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was looked through: how its text is encoded (empty for a table) and a digest of its content."""

    path: Path
    encoding: str
    digest: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenTexts:
    """Texts whose files were found readable; iterating reads them again, one document at a time."""

    texts: Texts
    files: tuple[TextFile, ...]
    notes: tuple[str, ...]

    def __iter__(self) -> Iterator[str]:
        for file in self.files:
            documents = self._cells(file.path) if self.texts.column else _documents(file, self.texts.unit)
            yield from (text for text in documents if text.strip())

    def identity(self) -> dict[str, object]:
        """What a resumed run must find again, in JSON's types."""
        return {
            "files": [file.digest for file in self.files],
            "column": self.texts.column,
            "documents": self.texts.unit,
        }

    def _cells(self, path: Path) -> Iterator[str]:
        assert self.texts.column is not None
        for batch in read_table(path, Reading(self.texts.encoding)).batches:
            yield from map(str, batch.column(self.texts.column).to_pylist())


def _table(path: Path, texts: Texts) -> TextFile:
    assert texts.column is not None
    table = read_table(path, Reading(texts.encoding))
    if texts.column not in table.names:
        raise DataError(
            f"{str(path)!r} has no column {texts.column!r}.{nearest(texts.column, table.names)} "
            f"It has: {listed(table.names)}."
        )
    return TextFile(path, "", table.digest, table.notes)


def _plain(path: Path, texts: Texts) -> TextFile:
    if path.is_dir():
        raise DataError(f"{str(path)!r} is a folder. Name the files in it, such as {path}/*.txt.")
    if not path.exists():
        raise DataError(f"There is no file {str(path)!r}.")
    if ending_of(path):
        raise ConfigError(f"{str(path)!r} is a table. Name the column that holds its texts: --column text.")
    found = examine(path, texts.encoding, wanted=PLAIN)
    return TextFile(path, found.encoding, found.digest, found.notes)


def _documents(file: TextFile, unit: Unit) -> Iterator[str]:
    try:
        with open_bytes(file.path) as raw, io.TextIOWrapper(raw, file.encoding) as lines:
            yield from (line.rstrip("\n") for line in lines) if unit == "lines" else _paragraphs(lines)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, UnicodeDecodeError) as error:
        raise unreadable(file.path, error) from error


def _paragraphs(lines: Iterator[str]) -> Iterator[str]:
    """Lines joined up to the next blank one."""
    held: list[str] = []
    for line in lines:
        if line.strip():
            held.append(line.rstrip("\n"))
        elif held:
            yield "\n".join(held)
            held = []
    if held:
        yield "\n".join(held)
