"""Which column is the text and which the label: by the usual names, else by what the cells look like."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promptlab.task.example import Task
from promptlab.task.names import IDENTITY, LABEL, PAIRS, PERHAPS_LABEL, TEXT, may_be_index, plain

MOST_LABELS = 100  # distinct values above which a column is no label column, unless its name says so
_SMALL = 20  # rows
_LONG = 60  # characters of a label


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table's columns are for; ``pair`` are the two texts of a pair task, whose first is ``text``.

    ``index`` columns number the rows and are no fields; ``identity`` holds ids if they turn out to be unique.
    """

    text: str
    label: str | None
    pair: tuple[str, str] | None = None
    index: tuple[str, ...] = ()
    identity: str | None = None

    def said(self) -> str:
        """The sentence that tells the user."""
        text = f"text columns: {self.pair[0]} and {self.pair[1]}" if self.pair else f"text column: {self.text}"
        return f"{text}; label column: {self.label}" if self.label else f"{text}; no label column found"


def guess_columns(
    cells: Mapping[str, Sequence[str]],
    *,
    text: str | None = None,
    label: str | None = None,
    places: Sequence[int] | None = None,
) -> Columns:
    """The columns of a table from some of its rows: column name -> cells; ``text`` and ``label`` are kept when given.

    ``places`` are the numbers of those rows in the table, from 0 on when None: they show which column numbers the rows.
    """
    numbers = places if places is not None else range(max(map(len, cells.values()), default=0))
    counting = [name for name, values in cells.items() if name not in (text, label) and _counts(values, numbers)]
    running = [name for name in counting if plain(name) not in {*LABEL, *PERHAPS_LABEL}]  # labels 0 and 1 of two rows
    index = tuple(name for name in running if may_be_index(name))
    free = [name for name in cells if name not in running]
    pair = None
    if text is None:
        pair = find_pair([name for name in free if name != label])
        text = pair[0] if pair else _text_column(cells, [name for name in free if name != label] or list(cells))
    taken = {text, *(pair or ())}
    if label is None:
        label = _label_column(cells, [name for name in free if name not in taken])
    identity = next((name for name in cells if plain(name) in IDENTITY and name not in (text, label)), None)
    return Columns(text, label, pair, index, identity)


def find_pair(names: Sequence[str]) -> tuple[str, str] | None:
    """The two texts of a pair task by their usual names, unless a column is named text."""
    called = {plain(name): name for name in reversed(names)}
    if "text" in called:
        return None
    return next(((called[a], called[b]) for a, b in PAIRS if a in called and b in called), None)


def _text_column(cells: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    wordy = [name for name in names if _length(cells[name]) > 0 and not _are_numbers(cells[name])]
    for known in TEXT:
        for name in wordy:
            if plain(name) == known:
                return name
    for known in TEXT:
        for name in wordy:
            if known in plain(name).split("_"):
                return name
    return max(wordy or names, key=lambda name: _length(cells[name]))


def _label_column(cells: Mapping[str, Sequence[str]], names: Sequence[str]) -> str | None:
    for known in LABEL:
        for name in names:
            if plain(name) == known:
                return name
    for known in (*PERHAPS_LABEL, *LABEL):
        for name in names:
            called = plain(name)
            if (called == known or (known in called.split("_") and known != "y")) and _may_be_labels(cells[name]):
                return name
    # Of several columns of few values the one with the fewest, and of equals the last, where labels mostly stand.
    few = [name for name in names if _has_few_values(cells[name])]
    return min(reversed(few), key=lambda name: len(set(cells[name])), default=None)


def _may_be_labels(values: Sequence[str]) -> bool:
    """Short texts, each on average twice or more; in a small file they need not recur if they are no fractions."""
    present = [value for value in values if value.strip()]
    has_fractions = any(re.fullmatch(r"-?\d*\.\d*[1-9]\d*", value.strip()) for value in present)
    most = min(MOST_LABELS, max(len(present) // 2, 0 if has_fractions else _SMALL))
    return 0 < len(set(present)) <= most and max(map(len, present)) <= _LONG


def _has_few_values(values: Sequence[str]) -> bool:
    """At least two short texts, each on average twice or more."""
    present = [value for value in values if value.strip()]
    return 2 <= len(set(present)) <= len(present) // 2 and _may_be_labels(values)


def _length(values: Sequence[str]) -> float:
    return sum(len(value.strip()) for value in values) / max(len(values), 1)


def _are_numbers(values: Sequence[str]) -> bool:
    present = [value.strip() for value in values if value.strip()]
    return all(value.replace(".", "", 1).replace("-", "", 1).isdigit() for value in present)


def _counts(values: Sequence[str], places: Sequence[int]) -> bool:
    """Whether the cells are the row numbers, counted from anywhere."""
    if len(values) < 2 or not all(value.isascii() and value.isdigit() and len(value) < 16 for value in values):
        return False
    start = int(values[0]) - places[0]
    return all(int(value) - place == start for value, place in zip(values, places, strict=True))


def input_fields(task: Task) -> tuple[str, ...]:
    """The fields that make a row's input: both texts of a pair task, else ``text``."""
    pair = find_pair([name for name in task.fields if name != "text"])
    rows = next((rows for rows in (task.train, task.dev, task.test, task.unlabelled) if len(rows)), ())
    if pair and len(rows) and rows[0].fields.get("text") in (None, rows[0].fields[pair[0]]):
        return pair
    return ("text",) if "text" in task.fields else task.fields[:1]
