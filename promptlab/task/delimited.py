"""CSV and TSV, read block by block."""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from promptlab.errors import DataError
from promptlab.task.blocks import Blocks, Reading, text_schema
from promptlab.task.dialect import DELIMITERS, Dialect, guess_dialect, parse_options, text_options
from promptlab.task.encoding import examine
from promptlab.task.formats import ending_of, open_bytes, unreadable
from promptlab.task.names import unique_names
from promptlab.task.quotes import Quote, last_quote
from promptlab.text import counted

# A row must fit into a block, so a file whose block is too small for one of its rows is read on with a larger one.
_BLOCK_SIZES = (1 << 20, 1 << 25, 1 << 30)
_MADE_UP = "column{}"


def read_delimited(path: Path, reading: Reading) -> Blocks:
    """The rows of a CSV or TSV file, every cell as the text it is.

    Raises DataError for a file that is empty or a row that is not as wide as the first.
    """
    encoded = examine(path, reading.encoding)
    dialect = guess_dialect(
        encoded.head,
        is_whole=encoded.is_whole,
        ending=ending_of(path),
        delimiter=reading.delimiter,
        header=reading.header,
    )
    if dialect.has_header:
        names, notes = unique_names(dialect.first)
    else:
        names, notes = tuple(_MADE_UP.format(number + 1) for number in range(len(dialect.first))), ()
    notes = (*encoded.notes, *_said(path, dialect, reading), *(f"{path.name}: {note}" for note in notes))
    batches = _batches(path, encoding=encoded.encoding, dialect=dialect, names=names)
    return Blocks(names, batches, f"{encoded.digest} {encoded.encoding} {dialect}", notes, has_names=dialect.has_header)


def _said(path: Path, dialect: Dialect, reading: Reading) -> Iterator[str]:
    usual = "\t" if ending_of(path) == ".tsv" else ","
    if reading.delimiter is None and dialect.delimiter != usual and len(dialect.first) > 1:
        yield f"{path.name}: columns separated by {DELIMITERS[dialect.delimiter]}"
    if not dialect.is_quoted:
        yield f"{path.name}: quotation marks read as plain text"
    if dialect.is_escaped:
        yield f"{path.name}: a backslash before a quotation mark read as an escape"
    if reading.header is None and not dialect.has_header:
        yield f"{path.name}: no header line, the first line is a row"


def _batches(path: Path, *, encoding: str, dialect: Dialect, names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    done = 0
    for block_size in _BLOCK_SIZES:
        options = pyarrow.csv.ReadOptions(
            block_size=block_size,
            column_names=names,
            skip_rows_after_names=int(dialect.has_header),
            encoding="utf8" if encoding == "utf-8-sig" else encoding,
            use_threads=False,  # keeps row numbers in errors, and is as fast on one file
        )
        try:
            with open_bytes(path) as file:
                for batch in _after(_parsed(file, options, dialect, path, encoding), done):
                    done += batch.num_rows
                    yield batch.cast(text_schema(names))
                    last = batch
            break
        except pa.ArrowInvalid as error:
            if "straddling" not in str(error):
                raise DataError(f"{str(path)!r} cannot be read as a table: {error}.") from error
        except (OSError, EOFError, zlib.error) as error:
            raise unreadable(path, error) from error
    else:
        raise DataError(f"{str(path)!r}: the row after row {done:,} is larger than 1 GB. Split it.")
    if done and dialect.is_quoted:
        _refuse_open_quote(path, str(last.column(last.num_columns - 1)[-1]), done, dialect=dialect, encoding=encoding)


def _parsed(
    file: object, options: pyarrow.csv.ReadOptions, dialect: Dialect, path: Path, encoding: str
) -> Iterator[pa.RecordBatch]:
    misfit: list[pyarrow.csv.InvalidRow] = []

    def note(row: pyarrow.csv.InvalidRow) -> str:
        misfit.append(row)
        return "error"

    parse = parse_options(dialect.delimiter, is_quoted=dialect.is_quoted, is_escaped=dialect.is_escaped, on_misfit=note)
    try:
        yield from pyarrow.csv.open_csv(file, options, parse, text_options(options.column_names))
    except pa.ArrowInvalid as error:
        if not misfit:
            raise
        raise _misfit(path, misfit[0], dialect=dialect, encoding=encoding) from error


def _misfit(path: Path, row: pyarrow.csv.InvalidRow, *, dialect: Dialect, encoding: str) -> DataError:
    """What is said of a row of another width; a short one may have swallowed others in quotes closed late or never."""
    quote = Quote()
    if dialect.is_quoted and row.actual_columns < row.expected_columns:
        quote = _last_quote(path, row.number, dialect=dialect, encoding=encoding)
    number = row.number - dialect.has_header
    if quote.is_open:
        return _open_quote(path, number, quote)
    measure = "the header" if dialect.has_header else "the first row"
    width = f"row {number:,} has {counted(row.actual_columns, 'cell')} where {measure} has {row.expected_columns:,}"
    if quote.closed > quote.opened:
        return DataError(
            f"{str(path)!r}: {width}, and a quotation mark opened in line {quote.opened:,} is closed only in line "
            f"{quote.closed:,}. Close it where its text ends, or add what the row lacks."
        )
    return DataError(f"{str(path)!r}: {width}. Put quotes around text that holds the delimiter.")


def _after(batches: Iterator[pa.RecordBatch], done: int) -> Iterator[pa.RecordBatch]:
    """The batches without their first ``done`` rows."""
    for batch in batches:
        if done >= batch.num_rows:
            done -= batch.num_rows
        else:
            yield batch.slice(done)
            done = 0


def _refuse_open_quote(path: Path, cell: str, row: int, *, dialect: Dialect, encoding: str) -> None:
    """Arrow takes the rest of the file for a cell whose quote is never closed, and says nothing.

    Such a cell is the last one, has line breaks, and no quotation mark stands at the end of the file.
    """
    if "\n" not in cell and "\r" not in cell:
        return
    end = b""
    with open_bytes(path) as file:
        while chunk := file.read(1 << 20):
            end = (end + chunk)[-256:]
    if not end.replace(b"\0", b"").rstrip().endswith(b'"'):  # the zeros are UTF-16's
        quote = _last_quote(path, row + dialect.has_header, dialect=dialect, encoding=encoding)
        if quote.is_open:
            raise _open_quote(path, row, quote)


def _open_quote(path: Path, row: int, quote: Quote) -> DataError:
    return DataError(
        f"{str(path)!r}: a quotation mark in row {row:,} is never closed: it opens in line {quote.opened:,}. Close it, "
        "or double it where it belongs to the text."
    )


def _last_quote(path: Path, row: int, *, dialect: Dialect, encoding: str) -> Quote:
    with open_bytes(path) as file, io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="") as lines:
        return last_quote(lines, row=row, delimiter=dialect.delimiter, is_escaped=dialect.is_escaped)
