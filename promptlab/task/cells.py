"""Arrow columns of any type as text: how a cell reads that came as a number, a boolean or a list."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute

from promptlab.task.blocks import text_schema
from promptlab.text import listed

_SURROGATE = re.compile("[\ud800-\udfff]")

Scan = Callable[[Sequence[str]], Iterable[pa.RecordBatch]]


def text_batches(schema: pa.Schema, scan: Scan, *, names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    """The batches of ``scan`` (called with the columns it shall read) with every column as text, null as empty text.

    Booleans become ``true`` and ``false``. A float 1.0 stays ``1.0``, except in a column of whole numbers and gaps: the
    gaps alone made those numbers floats, so they are written as ``1``. Lists and records become JSON.
    """
    floats = [field.name for field in schema if pa.types.is_floating(field.type)]
    whole = {name for name in floats if _is_whole_with_gaps(scan, name)}
    for batch in scan(schema.names):
        columns = [
            text_column(column, is_whole=name in whole)
            for name, column in zip(schema.names, batch.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=text_schema(names))


def readable_columns(schema: pa.Schema) -> tuple[pa.Schema, tuple[str, ...]]:
    """The schema without columns that are no text: raw bytes, images, vectors; and a sentence for those left out."""
    dropped = [field.name for field in schema if _is_vector(field.type)]
    notes = (f"columns that are no text left out: {listed(dropped)}",) if dropped else ()
    return pa.schema([field for field in schema if field.name not in dropped]), notes


def _is_vector(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return bool(pa.types.is_floating(kind.value_type)) or _is_vector(kind.value_type)
    if pa.types.is_struct(kind):
        return any(_is_vector(kind.field(number).type) for number in range(kind.num_fields))
    return any(check(kind) for check in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary))


def text_column(column: pa.Array, *, is_whole: bool = False) -> pa.Array:
    """One column as strings without nulls."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return text_column(column.dictionary_decode())
    if pa.types.is_string(kind):
        text = column
    elif pa.types.is_floating(kind):
        text = _float_text(column, is_whole=is_whole)
    else:
        text = _cast(column)
    return pyarrow.compute.fill_null(text, "") if text.null_count else text


def named_column(column: pa.Array, names: Sequence[str]) -> pa.Array:
    """Class numbers as class names; a number outside of the names (-1 for a hidden label) or a null as empty text."""
    known = pyarrow.compute.and_(pyarrow.compute.greater_equal(column, 0), pyarrow.compute.less(column, len(names)))
    places = pyarrow.compute.if_else(known, column, None).cast(pa.int64())
    return pyarrow.compute.fill_null(pa.array(names, pa.string()).take(places), "")


def _cast(column: pa.Array) -> pa.Array:
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([_json_text(value) for value in column.to_pylist()], pa.string())


def _json_text(value: object) -> str | None:
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, default=str)


def _float_text(column: pa.Array, *, is_whole: bool) -> pa.Array:
    compute = pyarrow.compute
    present = compute.if_else(compute.is_nan(column), None, column)
    text = present.cast(pa.string())
    if is_whole:
        return text
    bare = compute.match_substring_regex(text, r"^-?[0-9]+$")
    return compute.if_else(bare, compute.binary_join_element_wise(text, ".0", ""), text)


def _is_whole_with_gaps(scan: Scan, name: str) -> bool:
    compute = pyarrow.compute
    has_gaps = False
    for batch in scan([name]):
        column = batch.column(0)
        present = column.filter(compute.and_(compute.is_valid(column), compute.invert(compute.is_nan(column))))
        has_gaps = has_gaps or len(present) < len(column)
        if not compute.all(compute.equal(present, compute.floor(present)), min_count=0).as_py():
            return False
    return has_gaps


def mapping_batches(
    rows: Iterable[Mapping[str, str]], names: tuple[str, ...], *, rows_each: int = 4096, characters_each: int = 1 << 22
) -> Iterator[pa.RecordBatch]:
    """Rows of text as batches, a missing cell as empty text; a batch ends after so many rows or characters."""
    held: list[Mapping[str, str]] = []
    characters = 0
    for row in rows:
        held.append(row)
        characters += sum(map(len, row.values()))
        if len(held) >= rows_each or characters >= characters_each:
            yield _batch(held, names)
            held, characters = [], 0
    if held:
        yield _batch(held, names)


def _batch(rows: Sequence[Mapping[str, str]], names: tuple[str, ...]) -> pa.RecordBatch:
    columns = [pa.array([_storable(row.get(name, "")) for row in rows], pa.string()) for name in names]
    return pa.RecordBatch.from_arrays(columns, schema=text_schema(names))


def _storable(text: str) -> str:
    """Lone surrogates, which JSON can spell and UTF-8 cannot, become the replacement character."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
