"""What SQLite and the system say about the run store, in plain words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from promptlab.errors import StoreError

WAIT = 30.0  # seconds that a process waits for a writer
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
# What SQLite says where it cannot make the files that it wants beside a store, even to read it.
UNWRITABLE = FORBIDDEN | {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}
BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
ELSEWHERE = "Name a folder on a local disk with --workspace."


@contextmanager
def plain_errors(path: Path, *, to_read: bool = False) -> Iterator[None]:
    """Turn what SQLite or the system says about the file into a StoreError that says what to do.

    ``to_read`` says that nothing was to be written, whatever the error is called.
    """
    try:
        yield
    except sqlite3.IntegrityError:
        raise  # a broken rule of our own tables: nobody else's fault
    except sqlite3.DatabaseError as error:
        raise StoreError(_of_any(error, path) or (_of_reading if to_read else _of_writing)(error, path)) from error
    except Timeout as error:
        raise StoreError(f"Another process has been opening {path} for {WAIT:.0f} seconds. Try again later.") from error
    except OSError as error:
        raise StoreError(
            _unreadable(path, str(error.strerror))
            if to_read
            else f"{path} cannot be written ({error.strerror}). {ELSEWHERE}"
        ) from error


def primary(error: sqlite3.DatabaseError) -> int:
    """The primary code of SQLite's error; 1 (SQLITE_ERROR) for one that Python raised itself."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _of_any(error: sqlite3.DatabaseError, path: Path) -> str:
    """The sentence for what goes wrong in reading and writing alike; empty for other errors."""
    code = primary(error)
    if code in BUSY:
        return f"Another process has been writing to {path} for {WAIT:.0f} seconds. Try again when it is done."
    if code in DAMAGED:
        return (
            f"{path} is damaged ({error}). The next run that is stored moves the file aside and begins a new one; "
            "nothing is deleted."
        )
    return ""


def _of_reading(error: sqlite3.DatabaseError, path: Path) -> str:
    return _unreadable(path, str(error))


def _of_writing(error: sqlite3.DatabaseError, path: Path) -> str:
    code = primary(error)
    if code == sqlite3.SQLITE_FULL:
        return f"The disk of {path} is full: nothing was stored, and what was there is whole. Free some space."
    if code == sqlite3.SQLITE_IOERR:
        return (
            f"{path} could not be read or written ({error}): nothing was stored, and what was there is whole. "
            "Look whether the disk, or your share of it, is full."
        )
    if code in FORBIDDEN:
        return f"{path} cannot be opened for writing ({error}). {ELSEWHERE}"
    return f"{path} cannot be used ({error}). {ELSEWHERE}"


def _unreadable(path: Path, why: str) -> str:
    return f"{path} cannot be read ({why}). Look whether you may read it, and whether its disk is well."
