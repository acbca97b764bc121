"""A SQLite file opened so that it stays whole: checked, moved aside when damaged; or only read, where that is all."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from promptlab import __version__
from promptlab.errors import StoreError
from promptlab.results.database_errors import DAMAGED, ELSEWHERE, UNWRITABLE, WAIT, plain_errors, primary
from promptlab.results.migrations import SCHEMA, migrate

NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "lustre", "beegfs", "gpfs"}


def open_database(path: Path) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """A connection to the run store, made when missing, and sentences about what had to be done to open it.

    Raises StoreError when a newer promptlab wrote it, when its disk is a network's or cannot keep a write-ahead log,
    and when it cannot be written. Opening is one process at a time, under a lock file beside it.
    """
    with plain_errors(path):
        _refuse_network(path)
        with FileLock(path.with_name(f"{path.name}.lock"), timeout=WAIT):
            notes = () if _is_whole(path) else (_move_aside(path),)
            connection = _connect(path)
            try:
                migrate(connection)
            except BaseException:
                connection.close()
                raise
        return connection, notes


def open_to_read(path: Path) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """A connection to a run store that is there, to read from it alone, and sentences about what opening it took.

    A store that cannot be written, on a full disk or in a folder of somebody else, is read as it lies. Raises
    StoreError when a newer promptlab wrote it, when it is damaged and when it cannot be read.
    """
    with plain_errors(path, to_read=True):
        _refuse_network(path)
        try:
            connection = _connect_to_read(path, "mode=ro")
            notes: tuple[str, ...] = ()
        except sqlite3.OperationalError as error:
            if primary(error) not in UNWRITABLE:
                raise
            connection, notes = _connect_to_read(path, "immutable=1"), _unplayed_log(path)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == SCHEMA:
            return connection, notes
        connection.close()
    return open_database(path)  # an older version's tables are brought to this one's first


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
        with closing(_connect_to_read(path, "mode=ro")) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        if primary(error) in DAMAGED:
            return False
        raise


def _connect_to_read(path: Path, how: str) -> sqlite3.Connection:
    """A connection that reads alone; StoreError when a newer promptlab wrote the file.

    ``how`` is ``mode=ro``, or ``immutable=1``: no log, no lock, nothing made beside the file.
    """
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, timeout=WAIT, isolation_level=None)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA:
            raise StoreError(_newer(path, connection))
    except BaseException:
        connection.close()
        raise
    return connection


def _unplayed_log(path: Path) -> tuple[str, ...]:
    """A sentence when the file's log holds what was not played into it, which an immutable file goes without."""
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return ()
    return (f"{path} cannot be written, so its log cannot be played in: the newest runs may be missing.",)


def _refuse_network(path: Path) -> None:
    kind = network_kind(path, Path("/proc/self/mounts"))
    if kind:
        raise StoreError(f"{path} is on a network disk ({kind}), where a run store is not safe. {ELSEWHERE}")


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
            raise StoreError(f"The disk of {path} cannot keep a write-ahead log (SQLite says {mode!r}). {ELSEWHERE}")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection
