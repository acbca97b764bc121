"""The tables of the run store, as the ordered steps that lead to them; a step that was released never changes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from promptlab import __version__

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            created TEXT NOT NULL,
            name TEXT NOT NULL,
            command TEXT NOT NULL,
            spec TEXT NOT NULL,
            spec_hash TEXT NOT NULL,
            result TEXT NOT NULL,
            task TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            pinned INTEGER NOT NULL
        )""",
        "CREATE INDEX runs_by_spec ON runs (spec_hash)",
        """CREATE TABLE scores (
            run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
            labels TEXT NOT NULL,
            ids TEXT NOT NULL,
            logprobs BLOB NOT NULL,
            targets BLOB NOT NULL
        )""",
        """CREATE TABLE events (
            job TEXT NOT NULL,
            seq INTEGER NOT NULL,
            line TEXT NOT NULL,
            PRIMARY KEY (job, seq)
        ) WITHOUT ROWID""",
        "CREATE TABLE states (job TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL) WITHOUT ROWID",
    ),
)
SCHEMA = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables to ``SCHEMA``, each step whole or not at all; the caller holds the workspace's lock."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number in range(version, SCHEMA):
        with transaction(connection):
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
            connection.execute("INSERT OR REPLACE INTO about VALUES ('written by', ?)", (__version__,))
            connection.execute(f"PRAGMA user_version = {number + 1}")


@contextmanager
def transaction(
    connection: sqlite3.Connection, *, kind: Literal["IMMEDIATE", "DEFERRED"] = "IMMEDIATE"
) -> Iterator[None]:
    """Everything inside is stored, or nothing; ``DEFERRED`` reads the state of one moment and keeps nobody out."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back by itself, as it does on a full disk.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
