"""How a delimited file is written: its delimiter, whether quotes quote, whether its first row names the columns."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv

from promptlab.errors import ConfigError
from promptlab.task.names import has_known_name

DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe"}
_ROWS = 2000  # rows that the guesses look at


@dataclass(frozen=True, slots=True)
class Dialect:
    """``first`` is the first row's cells; ``has_header`` says that they are names.

    ``is_escaped``: a quotation mark inside quotes is written with a backslash, as databases do, instead of doubled.
    """

    delimiter: str
    is_quoted: bool
    is_escaped: bool
    has_header: bool
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Trial:
    """The head read in one way: rows that are as wide as the first, and how many are not."""

    delimiter: str
    is_quoted: bool
    is_escaped: bool
    rows: Sequence[Sequence[str]]
    misfits: int

    @property
    def width(self) -> int:
        return len(self.rows[0]) if self.rows else 0

    @property
    def share(self) -> float:
        return len(self.rows) / max(len(self.rows) + self.misfits, 1)


def guess_dialect(
    head: str, *, is_whole: bool, ending: str, delimiter: str | None = None, header: bool | None = None
) -> Dialect:
    """The dialect of a file from its first characters; ``delimiter`` and ``header`` are taken when given.

    The delimiter is the one under which most rows are as wide as the first, of comma, tab, semicolon and pipe; of two
    that are equally good, the one of the file's ending.
    """
    trial = _best(head, is_whole, ending, named_delimiter(delimiter) if delimiter else None)
    first, below = (trial.rows[0], trial.rows[1:_ROWS]) if trial.rows else ((), ())
    has_header = looks_like_header(first, below) if header is None else header
    return Dialect(trial.delimiter, trial.is_quoted, trial.is_escaped, has_header, tuple(first))


def named_delimiter(delimiter: str) -> str:
    r"""One character for ``,``, ``comma``, ``tab``, ``\t``...; ConfigError for anything longer."""
    names = {name: character for character, name in DELIMITERS.items()} | {"\\t": "\t"}
    character = names.get(delimiter.lower(), delimiter)
    if len(character) != 1 or not character.isascii() or character in '\r\n"':
        raise ConfigError(f"The delimiter {delimiter!r} is not one ASCII character. Known names: {', '.join(names)}.")
    return character


def _best(head: str, is_whole: bool, ending: str, delimiter: str | None) -> _Trial:
    usual = "\t" if ending == ".tsv" else ","
    order = [delimiter] if delimiter else [usual, *(each for each in DELIMITERS if each != usual)]
    trials = [_trial(head, each, is_whole=is_whole) for each in order]
    wide = [trial for trial in trials if trial.width > 1]
    best = max(wide, key=lambda trial: trial.share) if wide else trials[0]  # max keeps the first of equals
    if best.delimiter != "\t":
        return best
    # Tab files from programs that know no quoting hold lone quotes; read as quoting they swallow the next rows.
    plain = _trial(head, "\t", is_whole=is_whole, is_quoted=False)
    return plain if not plain.misfits and len(plain.rows) > len(best.rows) else best


def _trial(head: str, delimiter: str, *, is_whole: bool, is_quoted: bool = True) -> _Trial:
    misfits: list[pyarrow.csv.InvalidRow] = []

    def note(row: pyarrow.csv.InvalidRow) -> str:
        misfits.append(row)
        return "skip"

    # With doubled quotes, a backslash before a quote inside quotes can stand at the end of the cell only.
    beyond = re.escape(delimiter) + '\r\n"'
    is_escaped = is_quoted and re.search(rf'(?:^|[{beyond}])"[^"]*\\"(?![{beyond}]|\Z)', head) is not None
    content = head.encode("utf-8", "replace")
    width = head.count(delimiter) + 1  # no row can be wider
    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(content),
            pyarrow.csv.ReadOptions(block_size=len(content) + 1, use_threads=False, autogenerate_column_names=True),
            parse_options(delimiter, is_quoted=is_quoted, is_escaped=is_escaped, on_misfit=note),
            text_options([f"f{number}" for number in range(max(width, 2))]),
        )
    except pa.ArrowInvalid:
        return _Trial(delimiter, is_quoted, is_escaped, (), 1)
    columns = [column.slice(0, _ROWS + 1).to_pylist() for column in table.columns]
    rows = list(zip(*columns, strict=True))
    last = table.num_rows + len(misfits)
    if not is_whole and misfits and misfits[-1].number == last:  # the head ends inside a row
        misfits.pop()
    elif not is_whole and table.num_rows == len(rows) > 1:
        rows.pop()
    return _Trial(delimiter, is_quoted, is_escaped, rows, len(misfits))


def parse_options(delimiter: str, *, is_quoted: bool, is_escaped: bool, on_misfit: object) -> pyarrow.csv.ParseOptions:
    """Arrow's parser for one dialect; ``on_misfit`` is called for rows of another width."""
    return pyarrow.csv.ParseOptions(
        delimiter=delimiter,
        quote_char='"' if is_quoted else False,
        double_quote=not is_escaped,
        escape_char="\\" if is_escaped else False,
        newlines_in_values=is_quoted,
        invalid_row_handler=on_misfit,
    )


def text_options(names: Sequence[str]) -> pyarrow.csv.ConvertOptions:
    """Every column as text, as it stands: ``01`` stays ``01``, an empty cell is an empty text."""
    return pyarrow.csv.ConvertOptions(
        column_types={name: pa.string() for name in names}, strings_can_be_null=False, check_utf8=True
    )


def looks_like_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds names rather than data.

    In this order: a usual column name that does not recur in its column (or recurs with the whole row, where files were
    joined) is a header; another cell that recurs in its column is data; beside numbers below, a number is data and a
    text a header; a cell missing among a column's few values is a header; and a row with a sentence in it is data.
    """
    columns = list(zip(*below, strict=False)) if below else [() for _ in first]
    pairs = [(cell.strip(), [value.strip() for value in column]) for cell, column in zip(first, columns, strict=False)]
    is_repeated = any(tuple(row) == tuple(first) for row in below)
    if any(has_known_name(cell) and (is_repeated or cell not in column) for cell, column in pairs):
        return True
    if any(cell and cell in column for cell, column in pairs):
        return False
    numeric = [cell for cell, column in pairs if column and all(map(_is_number, column))]
    if numeric:
        return not any(map(_is_number, numeric))
    has_few_values = any(2 * len(set(column)) <= len(column) for _, column in pairs if column)
    return has_few_values or not any(len(cell.split()) > 4 or len(cell) > 40 for cell in first)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
