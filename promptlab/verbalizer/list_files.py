"""Files of words in the shapes that knowledge bases come in: text, CSV, JSON, verbalizer TOML."""

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from promptlab.errors import ConfigError
from promptlab.task.encoding import PLAIN, examine
from promptlab.text import fold, listed, nearest, shorten
from promptlab.verbalizer.files import read_words
from promptlab.verbalizer.words import Word

SHAPES = (
    "A word list is a text file with one word a line or words at commas, a CSV file with the columns label,word (and "
    'score) or one column a label, JSON such as {"label": ["word", "word"]} or ["word", "word"], or a verbalizer\'s '
    "TOML file."
)
_COMMENT = re.compile(r"(?:^|\s)#.*")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_TEXTS = ("", ".txt", ".text", ".lst", ".list", ".words")


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of a list, and its score where the file gives one."""

    text: str
    score: float | None = None


def read_lists(path: Path) -> tuple[dict[str, list[Entry]], tuple[str, ...]]:
    """The file's lists by its own names of the labels ("" where it has none), and notes on its encoding.

    ``file.toml#name`` is one entry of a verbalizer file. Raises ConfigError for an unknown shape, DataError for a file
    that cannot be read.
    """
    if ".toml" in path.name:
        return _from_toml(str(path)), ()
    encoded = examine(path, wanted=PLAIN)
    text = path.read_text(encoding=encoded.encoding)
    ending = path.suffix.lower()
    if ending == ".json":
        found = _from_json(text, where=path.name)
    elif ending in _DELIMITERS:
        found = _from_rows(text, delimiter=_DELIMITERS[ending], where=path.name)
    elif ending in _TEXTS:
        found = {"": [Entry(line) for line in _lines(text)]}
    else:
        raise ConfigError(f"{path.name}: files ending in {ending} are no word lists. {SHAPES}")
    if not any(found.values()):
        raise ConfigError(f"{path.name} holds no word. {SHAPES}")
    return found, encoded.notes


def _lines(text: str) -> list[str]:
    parts = (part for line in text.splitlines() for part in _COMMENT.sub("", line).split(","))
    return [word for part in parts if (word := part.strip())]


def _from_toml(reference: str) -> dict[str, list[Entry]]:
    file, _, name = reference.partition("#")
    entries = read_words(Path(file))
    if name and name not in entries:
        raise ConfigError(f"{file} has no label words {name!r}.{nearest(name, entries)} It has {listed(entries)}.")
    if not name and len(entries) > 1:
        raise ConfigError(f"{file} has {len(entries)} entries: name one, such as {file}#{next(iter(entries))}.")
    words = entries[name] if name else next(iter(entries.values()))
    return {label: [_entry(word) for word in words.words[label]] for label in words.labels}


def _entry(word: Word) -> Entry:
    return Entry(str(word), None if word.weight == 1 else word.weight)


def _from_json(text: str, *, where: str) -> dict[str, list[Entry]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where} is not valid JSON ({shorten(str(error), 80)}). {SHAPES}") from None
    table = document if isinstance(document, dict) else {"": document}
    found: dict[str, list[Entry]] = {}
    for label, listing in table.items():
        if not isinstance(listing, list) or not all(isinstance(word, str) for word in listing):
            what = f"{where}: what stands under {shorten(label, 30)!r}" if label else where
            raise ConfigError(f"{what} is not a list of words. {SHAPES}")
        found[label] = [Entry(word.strip()) for word in listing if word.strip()]
    return found


def _from_rows(text: str, *, delimiter: str, where: str) -> dict[str, list[Entry]]:
    """Rows of label, word and score, by their header; else one column a label, its name on top."""
    head = text.lstrip().partition("\n")[0]
    if delimiter not in head and ";" in head:  # as spreadsheets write it where numbers have a decimal comma
        delimiter = ";"
    try:
        every = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ConfigError(f"{where} is not valid CSV ({error}). {SHAPES}") from None
    rows = [row for row in every if any(cell.strip() for cell in row)]
    header, rows = ([cell.strip() for cell in rows[0]], rows[1:]) if rows else ([], [])
    columns = {fold(cell): place for place, cell in enumerate(header)}
    if "word" in columns:
        return _long(rows, columns, where=where)
    found: dict[str, list[Entry]] = {}
    for place, label in enumerate(header):
        if not label:
            raise ConfigError(f"{where}: column {place + 1} has no name. {SHAPES}")
        cells = (row[place].strip() for row in rows if place < len(row))
        found.setdefault(label, []).extend(Entry(cell) for cell in cells if cell)
    return found


def _long(rows: Sequence[Sequence[str]], columns: Mapping[str, int], *, where: str) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for number, row in enumerate(rows, 2):
        cells = {name: row[place].strip() if place < len(row) else "" for name, place in columns.items()}
        label = cells.get("label", "")
        if not cells["word"] or ("label" in columns and not label):
            raise ConfigError(f"{where}: row {number} lacks its word or its label. {SHAPES}")
        found.setdefault(label, []).append(Entry(cells["word"], _score(cells.get("score", ""), number, where)))
    return found


def _score(cell: str, row: int, where: str) -> float | None:
    if not cell:
        return None
    try:
        score = float(cell)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise ConfigError(f"{where}: the score {shorten(cell, 20)!r} in row {row} is not a number.")
    return score
