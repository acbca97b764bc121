"""The rows of a stored run: which were wrong and by how much, with their texts read again from the data."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptlab.errors import ConfigError, DataError, PromptlabError
from promptlab.jobs.csv_rows import columns_of, csv_writer
from promptlab.jobs.plan import choose_rows, open_task
from promptlab.paths import write_whole
from promptlab.results import Run, Scores
from promptlab.spec import RunSpec
from promptlab.task import Example
from promptlab.template import Template
from promptlab.text import listed, nearest, shorten


@dataclass(frozen=True, slots=True)
class RowSeen:
    """One row of a run. ``margin`` is how far its true label is ahead of the best other one, in log-probability:
    negative where the row is wrong, NaN without a label. ``fields`` are empty when the data could not be read again.
    """

    id: str
    label: str | None
    predicted: str
    margin: float
    probabilities: Mapping[str, float]
    fields: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The row in JSON's types."""
        return {
            "id": self.id,
            "fields": dict(self.fields),
            "label": self.label,
            "predicted": self.predicted,
            "margin": None if math.isnan(self.margin) else round(self.margin, 6),
            "probabilities": {label: round(share, 6) for label, share in self.probabilities.items()},
        }


def choose_places(
    scores: Scores, *, wrong: bool = False, label: str | None = None, predicted: str | None = None
) -> NDArray[np.int64]:
    """Places of the rows that fit, the most confidently wrong first; ConfigError for a label that there is not."""
    chosen = scores.wrong() if wrong else np.arange(len(scores))
    for name, of in ((label, scores.targets), (predicted, scores.predictions)):
        if name is not None:
            chosen = chosen[of[chosen] == _place_of(name, scores.labels)]
    margins = scores.true_margins()[chosen]
    return chosen[np.argsort(margins, kind="stable")]


def rows_at(scores: Scores, places: Iterable[int]) -> list[RowSeen]:
    """The rows at these places, without their texts."""
    margins = scores.true_margins()
    return [_row(scores, place, float(margins[place])) for place in places]


def texts_of(run: Run, ids: Iterable[str]) -> tuple[dict[str, Example], str]:
    """The run's rows with these ids, read again; and a sentence when the data are not what the run read."""
    wanted = set(ids)
    try:
        spec = RunSpec.from_table(run.spec.get("options", {}), where=f"run {run.id}")
        task = open_task(spec, encoding=run.spec.get("encoding"))
        _, rows, _ = choose_rows(task, spec)
    except PromptlabError as error:
        return {}, f"The texts cannot be read again: {error}"
    if task.fingerprint != run.fingerprint:
        return {}, f"The data changed since run {run.id}, so its rows are shown without their texts."
    return {row.id: row for row in rows if row.id in wanted}, ""


def with_texts(run: Run, rows: Sequence[RowSeen]) -> tuple[list[RowSeen], str]:
    """The rows with their texts; and a sentence when they could not be had."""
    found, note = texts_of(run, (row.id for row in rows))
    return [replace(row, fields=found[row.id].fields) if row.id in found else row for row in rows], note


def fields_of(run: Run) -> tuple[str, ...]:
    """The fields that the run's templates read, each once."""
    texts = run.result["template"]
    templates = map(Template.parse, [texts] if isinstance(texts, str) else texts)
    return tuple(dict.fromkeys(name for template in templates for name in template.fields()))


def write_rows(rows: Sequence[RowSeen], labels: Sequence[str], out: Path, *, fields: Sequence[str] = ()) -> None:
    """Rows as a new CSV file: id, these of their text fields (all, where none is named), label, predicted, margin and
    each label's probability.

    A field that is called like one of the other columns has the column ``field NAME``: ``field id``, ``field label``.
    A row without a label has an empty label and an empty margin. Raises ConfigError for another ending than .csv and
    for a file that exists, DataError when it cannot be written.
    """
    if out.suffix != ".csv":
        raise ConfigError(f"--out {str(out)!r}: the file's name must end in .csv.")
    if out.exists():
        raise ConfigError(f"{str(out)!r} exists already. Choose another name, or remove it first.")
    try:
        write_whole(out, lambda path: _write(path, rows, labels, fields))
    except OSError as error:
        raise DataError(f"{str(out)!r} cannot be written: {error.strerror}.") from error


def find_row(rows: Iterable[Example], reference: str, *, where: str) -> Example:
    """The row with this id (``7`` for ``row:7``), else the row with this number from 1; DataError without either."""
    number = int(reference) if reference.isascii() and reference.isdigit() else 0
    counted = 0
    numbered = None
    for counted, row in enumerate(rows, 1):
        if row.id in (reference, f"row:{reference}"):
            return row
        if counted == number:
            numbered = row
    if numbered is None:
        raise DataError(
            f"{where} has no row {shorten(reference, 40)!r}: name an id, or a number from 1 to {counted:,}."
        )
    return numbered


def _place_of(name: str, labels: Sequence[str]) -> int:
    by_fold = {label.casefold(): place for place, label in enumerate(labels)}
    if name.casefold() not in by_fold:
        raise ConfigError(
            f"The run has no label {shorten(name, 40)!r}.{nearest(name, labels)} It has {listed(labels, most=20)}."
        )
    return by_fold[name.casefold()]


def _row(scores: Scores, place: int, margin: float) -> RowSeen:
    target = int(scores.targets[place])
    shares = np.exp(scores.values[place].astype(np.float64)).tolist()
    return RowSeen(
        id=scores.ids[place],
        label=scores.labels[target] if target >= 0 else None,
        predicted=scores.labels[int(scores.predictions[place])],
        margin=margin,
        probabilities=dict(zip(scores.labels, shares, strict=True)),
    )


def _write(path: Path, rows: Sequence[RowSeen], labels: Sequence[str], fields: Sequence[str]) -> None:
    held = rows[0].fields if rows else {}
    names = [name for name in fields or held if name in held]
    figures = ["label", "predicted", "margin", *(f"p({label})" for label in labels)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv_writer(file)
        writer.writerow(["id", *columns_of(names, ["id", *figures]), *figures])
        writer.writerows(_cells(rows, names, labels))


def _cells(rows: Sequence[RowSeen], names: Sequence[str], labels: Sequence[str]) -> Iterator[list[str | float]]:
    for row in rows:
        margin = "" if math.isnan(row.margin) else round(row.margin, 6)
        shares = [round(row.probabilities[label], 6) for label in labels]
        yield [row.id, *(row.fields.get(name, "") for name in names), row.label or "", row.predicted, margin, *shares]
