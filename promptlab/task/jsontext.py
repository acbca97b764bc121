"""JSON text as a stream of rows: a list of objects, an object a line, an object of lists, or ``{"data": [...]}``."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from promptlab.errors import DataError

_CHUNK = 1 << 20


class Float(float):
    """A float that remembers how it was written: ``1.0``, ``1e3``."""

    text: str

    @classmethod
    def read(cls, text: str) -> "Float":
        number = cls(text)
        number.text = text
        return number


_DECODER = json.JSONDecoder(parse_float=Float.read, parse_constant=lambda _: None)  # NaN is a missing value


def json_rows(file: TextIO, path: Path) -> Iterator[Mapping[str, object]]:
    """The rows in the file, read as they are asked for; only an object of lists is held whole.

    Raises DataError with the line where the text is not JSON, or with the row that is not an object.
    """
    start = _first_character(file)
    if start == "[":
        values = _items(file, path)
    elif start == "{":
        values = _objects(file, path)
    else:
        raise DataError(f"{str(path)!r} starts with {start!r}; JSON rows start with '[' or '{{'.")
    for number, value in enumerate(values, start=1):
        if not isinstance(value, dict):
            raise DataError(f"{str(path)!r}: row {number:,} is {_kind(value)}; each row must be an object.")
        yield value


def _first_character(file: TextIO) -> str:
    character = file.read(1)
    while character and character in " \t\r\n\ufeff":
        character = file.read(1)
    file.seek(0)
    return character


def _items(file: TextIO, path: Path) -> Iterator[object]:
    """The elements of one list, decoded while the text is read."""
    buffer, place, line = file.read(_CHUNK), 0, 1
    place = buffer.index("[") + 1
    while True:
        while place < len(buffer) and buffer[place] in " \t\r\n,":
            place += 1
        if buffer[place : place + 1] == "]":
            return
        try:
            value, end = _decode(buffer, place)
        except json.JSONDecodeError as error:
            more = file.read(max(_CHUNK, len(buffer) - place))
            if not more:
                raise _not_json(path, line + buffer.count("\n", 0, error.pos), error.msg) from None
            line += buffer.count("\n", 0, place)
            buffer, place = buffer[place:] + more, 0
            continue
        yield value
        place = end


def _objects(file: TextIO, path: Path) -> Iterator[object]:
    """An object a line; or one object over the whole file."""
    first = file.readline()
    while not first.strip(" \t\r\n\ufeff"):
        first = file.readline()
    try:
        value = _whole(first)
    except json.JSONDecodeError:
        file.seek(0)
        yield from _one_object(file.read(), path)
        return
    following = next((line for line in file if line.strip()), "")
    if not following and any(isinstance(each, list) for each in value.values()):
        yield from _one_object(first, path)
        return
    file.seek(0)
    for number, line in enumerate(file, start=1):
        if line.strip(" \t\r\n\ufeff"):
            try:
                yield _whole(line)
            except json.JSONDecodeError as error:
                raise _not_json(path, number, error.msg) from None


def _one_object(text: str, path: Path) -> Iterator[object]:
    try:
        table = _whole(text)
    except json.JSONDecodeError as error:
        raise _not_json(path, error.lineno, error.msg) from None
    lists = {name: value for name, value in table.items() if isinstance(value, list)}
    rows = [value for value in lists.values() if value and all(isinstance(row, dict) for row in value)]
    if len(rows) == 1:
        return iter(rows[0])
    if not lists or len(lists) < len(table):
        raise DataError(f"{str(path)!r} is an object without rows. Write a list of objects, or one list a column.")
    lengths = {name: len(value) for name, value in lists.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{str(path)!r}: the columns differ in length: {lengths}.")
    return (dict(zip(lists, cells, strict=True)) for cells in zip(*lists.values(), strict=True))


def _whole(text: str) -> dict[str, object]:
    text = text.strip(" \t\r\n\ufeff")
    value, end = _decode(text, 0)
    if end != len(text):
        raise json.JSONDecodeError("Extra text after the object", text, end)
    assert isinstance(value, dict)  # the text starts with a brace
    return value


def _decode(text: str, place: int) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(text, place)
    except RecursionError:
        raise json.JSONDecodeError("Nested too deeply", text, place) from None
    except json.JSONDecodeError:
        raise
    except ValueError as error:  # a whole number of more digits than Python converts
        raise json.JSONDecodeError(str(error), text, place) from None


def _kind(value: object) -> str:
    names = {str: "a text", list: "a list", bool: "true or false", int: "a number", Float: "a number"}
    return names.get(type(value), "null")


def _not_json(path: Path, line: int, message: str) -> DataError:
    return DataError(f"{str(path)!r}: line {line:,} is not JSON: {message[:1].lower()}{message[1:]}.")
