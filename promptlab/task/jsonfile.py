"""JSON and JSON-lines files as blocks of text columns."""

import io
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from promptlab.errors import DataError
from promptlab.task.blocks import Blocks, Reading
from promptlab.task.cells import mapping_batches
from promptlab.task.encoding import examine
from promptlab.task.formats import open_bytes, unreadable
from promptlab.task.jsontext import Float, json_rows
from promptlab.task.names import unique_names


class _Column:
    """What decides how the numbers of a column are written: gaps, and whether every value is a whole float."""

    def __init__(self) -> None:
        self.values = 0
        self.whole_floats = 0


def read_json(path: Path, reading: Reading) -> Blocks:
    """The rows of a JSON file in any of the shapes of ``jsontext``, true and false as ``true`` and ``false``.

    The file is read twice: for the names of the columns, since any row may bring a new one, and for the cells.
    """
    encoded = examine(path, reading.encoding)
    columns: dict[str, _Column] = {}
    rows = 0
    for row in _rows(path, encoded.encoding):
        rows += 1
        for name, value in row.items():
            column = columns.get(name) or columns.setdefault(name, _Column())
            if value is not None:
                column.values += 1
                column.whole_floats += type(value) is Float and value.is_integer()
    if not columns:
        raise DataError(f"{str(path)!r} holds no rows with fields.")
    whole = {name for name, column in columns.items() if column.values < rows and column.values == column.whole_floats}
    names, notes = unique_names(columns)
    called = dict(zip(columns, names, strict=True))
    cells = (
        {called[name]: _text(row[name], is_whole=name in whole) for name in row}
        for row in _rows(path, encoded.encoding)
    )
    notes = (*encoded.notes, *(f"{path.name}: {note}" for note in notes))
    return Blocks(names, mapping_batches(cells, names), f"{encoded.digest} {encoded.encoding}", notes)


def _rows(path: Path, encoding: str) -> Iterator[Mapping[str, object]]:
    try:
        with open_bytes(path) as raw, io.TextIOWrapper(raw, encoding, newline="\n") as file:
            yield from json_rows(file, path)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error


def _text(value: object, *, is_whole: bool) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Float):
        return str(int(value)) if is_whole else value.text
    return json.dumps(value, ensure_ascii=False)
