"""RunStore: the runs of a workspace and the events of its jobs, in one SQLite file that processes share."""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from promptlab.errors import ConfigError, ModelError, StoreError
from promptlab.paths import private_folder
from promptlab.results.database import open_database, open_to_read
from promptlab.results.database_errors import plain_errors
from promptlab.results.events import Envelope, Progress
from promptlab.results.migrations import transaction
from promptlab.results.run import Run
from promptlab.results.scores import Scores
from promptlab.text import counted, listed

_COLUMNS = ("id", "created", "name", "command", "spec", "spec_hash", "result", "task", "fingerprint", "pinned")
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM runs"
_SELECT_SCORES = "SELECT labels, ids, logprobs, targets FROM scores WHERE run = ?"
_LEAST_PREFIX = 4  # characters of a spec's hash that may name a run


class RunStore:
    """The file ``runs.db`` of a workspace. What ``add`` and ``add_events`` return from is on the disk.

    Every method raises StoreError when the file cannot be read or written. ``notes`` are sentences for the user about
    what opening it took. One thread uses one RunStore; other threads and processes open their own.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, notes: tuple[str, ...]) -> None:
        self.path, self.notes = path, notes
        self._connection = connection

    @classmethod
    def open(cls, workspace: Path) -> Self:
        """The store of a workspace, made when missing: the folder for its user alone."""
        path = workspace / "runs.db"
        with plain_errors(path):
            private_folder(workspace)
        return cls(path, *open_database(path))

    @classmethod
    def open_to_read(cls, workspace: Path) -> Self:
        """The store of a workspace that has one, for reading alone: on a disk that is full or may not be written too.

        A method that writes raises StoreError.
        """
        path = workspace / "runs.db"
        return cls(path, *open_to_read(path))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def add(self, run: Run) -> int:
        """Keep a run; its number, which is never given again."""
        name, command, task = map(_storable, (run.name, run.command, run.task))
        row = (run.created, name, command, _json(run.spec), run.spec_hash, _json(run.result), task)
        columns, marks = ", ".join(_COLUMNS[1:]), ", ".join("?" * (len(_COLUMNS) - 1))
        with self._writing():
            cursor = self._connection.execute(
                f"INSERT INTO runs ({columns}) VALUES ({marks})", (*row, run.fingerprint, int(run.pinned))
            )
            number = cursor.lastrowid
            assert number is not None
            if run.scores is not None:
                self._connection.execute("INSERT INTO scores VALUES (?, ?, ?, ?, ?)", (number, *_packed(run.scores)))
        return number

    def runs(self, *, limit: int | None = None) -> list[Run]:
        """The runs, newest first, without their scores, which ``get`` brings."""
        with plain_errors(self.path, to_read=True):
            rows = self._connection.execute(f"{_SELECT} ORDER BY id DESC LIMIT ?", (-1 if limit is None else limit,))
            return [_run(row) for row in rows]

    def get(self, reference: str) -> Run:
        """The run that a reference names, with its scores.

        A reference is a number, ``last``, ``last-1``, or the start of a spec's hash: of several runs of one spec, the
        newest. ConfigError when there is no such run, or more than one.
        """
        # One moment, whatever other processes delete meanwhile.
        with plain_errors(self.path, to_read=True), transaction(self._connection, kind="DEFERRED"):
            number = self._number(reference)
            row = self._connection.execute(f"{_SELECT} WHERE id = ?", (number,)).fetchone()
            scores = self._connection.execute(_SELECT_SCORES, (number,)).fetchone()
        return _run(row, scores=_unpacked(*scores, path=self.path) if scores else None)

    def delete(self, ids: Iterable[int]) -> None:
        """Remove runs and their scores, all of them, or none and ConfigError when one is not there."""
        with self._writing():
            for number in set(ids):
                self._require(self._connection.execute("DELETE FROM runs WHERE id = ?", (number,)), number)

    def pin(self, number: int, *, pinned: bool = True) -> None:
        """Mark a run as one to keep, or take the mark away; ConfigError when it is not there."""
        with self._writing():
            row = (int(pinned), number)
            self._require(self._connection.execute("UPDATE runs SET pinned = ? WHERE id = ?", row), number)

    def add_events(self, job: str, envelopes: Sequence[Envelope], *, state: Mapping[str, Any] | None = None) -> None:
        """Keep a job's events, save for Progress, and the state from which it can go on, in one transaction.

        A number (``seq``) that the job has used before is our fault: sqlite3.IntegrityError, and nothing is kept.
        """
        assert all(envelope.job == job for envelope in envelopes)
        lines = [(job, one.seq, one.to_json()) for one in envelopes if not isinstance(one.event, Progress)]
        with self._writing():
            self._connection.executemany("INSERT INTO events VALUES (?, ?, ?)", lines)
            if state is not None:
                row = (job, envelopes[-1].seq, _json(state))
                self._connection.execute("INSERT OR REPLACE INTO states VALUES (?, ?, ?)", row)

    def events(self, job: str, *, after: int = -1) -> list[Envelope]:
        """The job's kept events with a number above ``after``, in order."""
        with plain_errors(self.path, to_read=True):
            query = "SELECT line FROM events WHERE job = ? AND seq > ? ORDER BY seq"
            return [Envelope.from_json(line) for (line,) in self._connection.execute(query, (job, after))]

    def state(self, job: str) -> tuple[int, dict[str, Any]] | None:
        """The job's last kept state and the number of the event that it goes with; None before there is one."""
        with plain_errors(self.path, to_read=True):
            row = self._connection.execute("SELECT seq, state FROM states WHERE job = ?", (job,)).fetchone()
        return (row[0], json.loads(row[1])) if row else None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with plain_errors(self.path), transaction(self._connection):
            yield

    def _number(self, reference: str) -> int:
        """The number of the run that the reference names."""
        back = re.fullmatch(r"last(?:-([0-9]{1,9}))?", reference)
        if back:
            found = self._ids("ORDER BY id DESC LIMIT 1 OFFSET ?", int(back[1] or 0))
        else:
            found = self._ids("WHERE id = ?", int(reference)) if re.fullmatch("[0-9]{1,18}", reference) else []
            if not found and re.fullmatch(f"[0-9a-f]{{{_LEAST_PREFIX},}}", reference):
                # Of the runs of one spec the newest: several numbers are several specs.
                found = self._ids("WHERE spec_hash GLOB ? GROUP BY spec_hash", f"{reference}*", column="max(id)")
        if len(found) > 1:
            raise ConfigError(f"{reference!r} begins the hash of runs {listed(map(str, found))}. Write more of it.")
        if not found:
            raise ConfigError(f"There is no run {reference!r}. {self._what_there_is()}")
        return found[0]

    def _ids(self, clause: str, value: int | str, *, column: str = "id") -> list[int]:
        return [number for (number,) in self._connection.execute(f"SELECT {column} FROM runs {clause}", (value,))]

    def _what_there_is(self) -> str:
        count, last = self._connection.execute("SELECT count(*), max(id) FROM runs").fetchone()
        if not count:
            return f"{self.path} holds no run yet: promptlab eval makes the first."
        return f"{self.path} holds {counted(count, 'run')}, the last is {last}; promptlab runs list shows them."

    def _require(self, cursor: sqlite3.Cursor, number: int) -> None:
        if cursor.rowcount == 0:
            raise ConfigError(f"There is no run {number}. {self._what_there_is()}")


def _json(table: Mapping[str, Any]) -> str:
    return json.dumps(dict(table), allow_nan=False)


def _storable(text: str) -> str:
    """The text without lone surrogates, which a file name that is no UTF-8 brings and SQLite refuses."""
    return text.encode("utf-8", "backslashreplace").decode()


def _run(row: Sequence[Any], *, scores: Scores | None = None) -> Run:
    columns = dict(zip(_COLUMNS, row, strict=True))
    read = {key: json.loads(columns[key]) for key in ("spec", "result")}
    return Run(**{**columns, **read, "pinned": bool(columns["pinned"])}, scores=scores)


def _packed(scores: Scores) -> tuple[str, str, bytes, bytes]:
    """Labels and ids as JSON, log-probabilities as little-endian float32, targets as little-endian int32."""
    return (
        json.dumps(scores.labels),
        json.dumps(scores.ids),
        scores.values.astype("<f4").tobytes(),
        scores.targets.astype("<i4").tobytes(),
    )


def _unpacked(labels: str, ids: str, logprobs: bytes, targets: bytes, *, path: Path) -> Scores:
    try:
        names, rows = tuple(json.loads(labels)), tuple(json.loads(ids))
        values = np.frombuffer(logprobs, "<f4").reshape(len(rows), len(names)).astype(np.float32)
        return Scores(names, values, np.frombuffer(targets, "<i4").astype(np.int64), rows)
    except (ValueError, AssertionError, ModelError) as error:
        raise StoreError(f"The scores of this run in {path} are damaged ({error}). Evaluate it again.") from error
