"""Label a file of texts, however long: rows stream through, results grow in OUT.partial, a stopped run goes on."""

import hashlib
import json
import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from torch import Tensor

from promptlab.errors import ConfigError, DataError
from promptlab.jobs.csv_rows import columns_of, csv_writer
from promptlab.jobs.scored import Classifier
from promptlab.paths import write_whole
from promptlab.pipeline.classify import CHUNK
from promptlab.results import Event, Note, Progress
from promptlab.task import Example
from promptlab.text import counted, listed

FORMATS = (".csv", ".jsonl")


@dataclass(frozen=True)
class Target:
    """Where predictions go: the file at the end, the growing ``.partial`` beside it, and what that was made from."""

    path: Path

    @property
    def partial(self) -> Path:
        """What is written until the end."""
        return self.path.with_name(self.path.name + ".partial")

    @property
    def origin(self) -> Path:
        """The description of the run that the partial file belongs to."""
        return self.path.with_name(self.path.name + ".partial.json")


def predict_file(
    classifier: Classifier, rows: Sequence[Example], out: Path, *, origin: str, resume: bool = False, texts: bool = True
) -> Generator[Event, None, int]:
    """Write one line a row to ``out`` (.csv or .jsonl): id, text fields, label, margin and every label's probability.

    ``margin`` is the difference of the two best log-probabilities. ``origin`` identifies classifier and data: a partial
    file is resumed only when it is the same. Yields Progress; returns how many rows were labelled now. Raises
    ConfigError when the output exists, cannot be resumed or has another ending; DataError when a field is missing.
    """
    target = Target(out)
    _check_target(target, resume=resume)
    _check_fields(classifier, rows)
    done = _begin(target, origin, resume=resume)
    if done:
        yield Note("info", f"Going on after {counted(done, 'row')} in {target.partial}.")
    if done > len(rows):
        raise ConfigError(
            f"{target.partial} has {counted(done, 'row')}, more than the {len(rows):,} of the data. Remove it."
        )
    try:
        with target.partial.open("a", encoding="utf-8", newline="") as file:
            writer = _Writer(file, classifier, out.suffix, texts=texts)
            if not done:
                writer.head()
            for start in range(done, len(rows), CHUNK):
                part = rows[start : start + CHUNK]
                writer.rows(part, classifier.logprobs(part))
                file.flush()
                os.fsync(file.fileno())
                yield Progress(start + len(part), len(rows))
    except OSError as error:
        raise DataError(
            f"{target.partial} cannot be written: {error.strerror}. What was written is kept, and --resume goes on."
        ) from error
    target.partial.replace(out)
    target.origin.unlink(missing_ok=True)
    return len(rows) - done


def origin_of(bundle: Path, classifier: Classifier, fingerprint: str) -> str:
    """Identifies a bundle, the model that it runs on and the data, by their content."""
    state = hashlib.sha256((bundle / "bundle.toml").read_bytes())
    lm = classifier.lm
    state.update(repr((lm.state_key(), lm.dtype, fingerprint)).encode())
    return state.hexdigest()


class _Writer:
    """Lines of one output file."""

    def __init__(self, file: TextIO, classifier: Classifier, ending: str, *, texts: bool) -> None:
        self.file, self.labels = file, classifier.labels
        self.csv = csv_writer(file) if ending == ".csv" else None
        self.shares = [f"p({label})" for label in self.labels]
        own = ["id", "label", "margin", *(["scores"] if self.csv is None else self.shares)]
        fields = classifier.fields if texts else ()
        self.fields = dict(zip(fields, columns_of(fields, own), strict=True))

    def head(self) -> None:
        if self.csv is not None:
            self.csv.writerow(["id", *self.fields.values(), "label", "margin", *self.shares])

    def rows(self, examples: Sequence[Example], logprobs: Tensor) -> None:
        for example, values in zip(examples, logprobs, strict=True):
            self._row(example, values)

    def _row(self, example: Example, values: Tensor) -> None:
        best = values.topk(2)
        label, margin = self.labels[int(best.indices[0])], round(float(best.values[0] - best.values[1]), 6)
        shares = [round(share, 6) for share in values.exp().tolist()]
        given = {column: example.fields[name] for name, column in self.fields.items()}
        if self.csv is not None:
            self.csv.writerow([example.id, *given.values(), label, margin, *shares])
            return
        scores = dict(zip(self.labels, shares, strict=True))
        line: dict[str, Any] = {"id": example.id, **given, "label": label, "margin": margin, "scores": scores}
        self.file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _check_target(target: Target, *, resume: bool) -> None:
    if target.path.suffix not in FORMATS:
        raise ConfigError(f"--out {str(target.path)!r}: the file's name must end in {' or '.join(FORMATS)}.")
    if target.path.exists():
        raise ConfigError(f"{str(target.path)!r} exists already. Choose another name, or remove it first.")
    if target.partial.exists() and not resume:
        raise ConfigError(
            f"{str(target.partial)!r} is left from a run that was stopped. Add --resume to go on, or remove it."
        )
    if not target.path.parent.is_dir():
        raise ConfigError(f"There is no folder {str(target.path.parent)!r} to write into.")


def _check_fields(classifier: Classifier, rows: Sequence[Example]) -> None:
    for name in classifier.fields:
        if len(rows) and name not in rows[0].fields:
            raise DataError(
                f"The data have no field {name!r}, which the template needs; they have {listed(rows[0].fields)}."
            )


def _begin(target: Target, origin: str, *, resume: bool) -> int:
    """How many rows the partial file holds already; what a stop cut short is removed."""
    if not (resume and target.partial.exists()):
        write_whole(target.origin, json.dumps({"origin": origin}).encode())
        return 0
    try:
        known = json.loads(target.origin.read_text(encoding="utf-8"))["origin"]
    except (OSError, ValueError, KeyError, TypeError):
        known = None
    if known != origin:
        raise ConfigError(
            f"{target.partial} was begun with another bundle, model or file, so it cannot go on. Remove it."
        )
    is_csv = target.path.suffix == ".csv"
    ends = list(_record_ends(target.partial, is_csv=is_csv))
    head = 1 if is_csv else 0
    # Whole chunks only, so that each row is read in the company it would have had: the same numbers to the last digit.
    done = max(len(ends) - head, 0) // CHUNK * CHUNK
    os.truncate(target.partial, ends[done + head - 1] if done else 0)
    return done


def _record_ends(path: Path, *, is_csv: bool) -> Iterator[int]:
    """Where each complete record ends, in bytes; a CSV record may hold line breaks."""
    position = quotes = 0
    with path.open("rb") as file:
        for line in file:
            position += len(line)
            quotes += line.count(b'"') if is_csv else 0
            if line.endswith(b"\n") and quotes % 2 == 0:
                yield position
