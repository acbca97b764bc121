"""A SQLite file opened so that it stays whole: checked, moved aside when damaged, its errors in plain words."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from promptlab import __version__
from promptlab.errors import StoreError
from promptlab.results.migrations import SCHEMA, migrate

WAIT = 30.0  # seconds that a writer waits for another
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "lustre", "beegfs", "gpfs"}
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_ELSEWHERE = "Name a folder on a local disk with --workspace."


def open_database(path: Path) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """A connection to the run store, made when missing, and sentences about what had to be done to open it.

    Raises StoreError when a newer promptlab wrote it, when its disk is a network's or cannot keep a write-ahead log,
    and when it cannot be written. Opening is one process at a time, under the file ``lock`` beside it.
    """
    with plain_errors(path):
        kind = network_kind(path, Path("/proc/self/mounts"))
        if kind:
            raise StoreError(f"{path} is on a network disk ({kind}), where a run store is not safe. {_ELSEWHERE}")
        with FileLock(path.with_name("lock"), timeout=WAIT):
            notes = () if _is_whole(path) else (_move_aside(path),)
            connection = _connect(path)
            try:
                migrate(connection)
            except BaseException:
                connection.close()
                raise
        return connection, notes


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite or the system says about the file into a StoreError that says what to do."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise  # a broken rule of our own tables: nobody else's fault
    except sqlite3.DatabaseError as error:
        raise StoreError(_in_words(error, path)) from error
    except Timeout as error:
        raise StoreError(f"Another process has been opening {path} for {WAIT:.0f} seconds. Try again later.") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror}). {_ELSEWHERE}") from error


def network_kind(path: Path, mounts: Path) -> str:
    """The type of the network disk that holds the path, by the system's table of mounts; empty for a local one."""
    if not mounts.exists():
        return ""
    fields = [line.split() for line in mounts.read_text(errors="replace").splitlines()]
    folders = set(map(str, path.resolve().parents))
    # The table writes a space as \\040; of two mounts on one folder the later hides the earlier.
    mounted = {field[1].encode().decode("unicode_escape"): field[2] for field in fields if len(field) > 2}
    nearest = max(mounted.keys() & folders, key=len, default="")
    return mounted[nearest] if mounted.get(nearest) in NETWORK else ""


def _is_whole(path: Path) -> bool:
    """Whether SQLite can read the file, checked without writing to it; StoreError when a newer promptlab wrote it."""
    if not path.exists():
        return True
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=WAIT)) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                return False
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA:
                raise StoreError(_newer(path, connection))
            return True
    except sqlite3.DatabaseError as error:
        if _primary(error) in DAMAGED:
            return False
        raise


def _newer(path: Path, connection: sqlite3.Connection) -> str:
    try:
        found = connection.execute("SELECT value FROM about WHERE key = 'written by'").fetchone()
    except sqlite3.OperationalError:  # a future version may have another table
        found = None
    writer = f"promptlab {found[0]}" if found else "a newer promptlab"
    return (
        f"{path} was written by {writer}, and this is promptlab {__version__}: it was left as it is. "
        "Install that version or a newer one, or name another folder with --workspace."
    )


def _move_aside(path: Path) -> str:
    """Rename a damaged store, its log first: SQLite would play a log left behind into the new file."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in ("-wal", "-shm", ""):
        part = Path(f"{path}{suffix}")
        if part.exists():
            part.rename(f"{aside}{suffix}")
    return f"The run store was damaged. It was moved to {aside}, nothing was deleted, and a new store was started."


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None)
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreError(f"The disk of {path} cannot keep a write-ahead log (SQLite says {mode!r}). {_ELSEWHERE}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _in_words(error: sqlite3.DatabaseError, path: Path) -> str:
    code = _primary(error)
    if code == sqlite3.SQLITE_FULL:
        return f"The disk of {path} is full: nothing was stored, and what was there is whole. Free some space."
    if code == sqlite3.SQLITE_IOERR:
        return (
            f"{path} could not be read or written ({error}): nothing was stored, and what was there is whole. "
            "Look whether the disk, or your share of it, is full."
        )
    if code in FORBIDDEN:
        return f"{path} cannot be opened for writing ({error}). {_ELSEWHERE}"
    if code in BUSY:
        return f"Another process has been writing to {path} for {WAIT:.0f} seconds. Try again when it is done."
    if code in DAMAGED:
        return f"{path} is damaged ({error}). Start promptlab again: it then moves the file aside and begins a new one."
    return f"{path} cannot be used ({error}). {_ELSEWHERE}"


def _primary(error: sqlite3.DatabaseError) -> int:
    """The primary code of SQLite's error; 1 (SQLITE_ERROR) for one that Python raised itself."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
