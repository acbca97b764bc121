"""The trash of a workspace: what is deleted or replaced lies there whole, and the last deletion can be taken back."""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from promptlab.errors import ConfigError, StoreError
from promptlab.paths import private_folder, write_whole
from promptlab.text import shorten
from promptlab.toml import edit_toml, read_toml
from promptlab.tui.state.drafts import free_place


@dataclass(frozen=True, slots=True)
class Trashed:
    """An entry of a file that was deleted: where it stood, and the file as it was before, in the trash."""

    path: Path
    name: str
    copy: Path
    left: str  # the hash of what the deletion left of the file; empty when nothing was left


def trash_folder(workspace: Path) -> Path:
    """Where the trash of a workspace lies."""
    return workspace / "trash"


def keep_copy(workspace: Path, path: Path) -> Path:
    """Put a copy of a file into the trash before it is changed; its place there. StoreError when that cannot be."""
    trash = trash_folder(workspace)
    try:
        private_folder(trash)
        place = free_place(trash / f"{path.parent.name}-{path.stem}-{datetime.now():%Y%m%d-%H%M%S}{path.suffix}")
        write_whole(place, path.read_bytes())
    except OSError as error:
        raise StoreError(f"Nothing was changed: the trash cannot be written: {_why(error)} ({trash}).") from error
    return place


def delete_entry(workspace: Path, path: Path, name: str) -> Trashed:
    """Take one entry out of a TOML file, which goes with its last one; the file as it was lies in the trash.

    Raises ConfigError when the entry is not there or the file cannot be written, StoreError without a trash.
    """
    tables = read_toml(path)
    if not isinstance(tables.get(name), dict):
        raise ConfigError(f"{path} has no {name!r} any more. Press . to read the library again.")
    copy = keep_copy(workspace, path)
    is_last = not any(isinstance(table, dict) for key, table in tables.items() if key != name)
    text = "" if is_last else _without(path, name, {key: value for key, value in tables.items() if key != name})
    trashed = Trashed(path, name, copy, "" if is_last else _hash(text.encode()))
    try:
        _beside(copy).write_text(_record(trashed), encoding="utf-8")
        path.unlink() if is_last else write_whole(path, text.encode())
    except OSError as error:
        with suppress(OSError):
            _beside(copy).unlink(missing_ok=True)
        raise ConfigError(f"{path} was not changed: {_why(error)}.") from error
    return trashed


def bring_back(workspace: Path) -> Trashed | None:
    """Put the entry that was deleted last back, under another name where its own is taken; None when there is none.

    A file that nobody changed since is again what it was, to the byte. Raises ConfigError for a file that cannot be
    written or read.
    """
    found = next(iter(_deleted(workspace)), None)
    if found is None:
        return None
    try:
        now = found.path.read_bytes() if found.path.exists() else None
        if (_hash(now) if now is not None else "") == found.left:
            found.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(found.path, found.copy.read_bytes())
            name = found.name
        else:
            name = _free_name(found.name, set(read_toml(found.path)) if now is not None else set())
            edit_toml(found.path, {name: read_toml(found.copy)[found.name]})
        _beside(found.copy).unlink(missing_ok=True)
        found.copy.unlink(missing_ok=True)
    except (OSError, KeyError) as error:
        raise ConfigError(f"{found.name} was not brought back: {_why(error)} ({found.copy}).") from error
    return Trashed(found.path, name, found.copy, found.left)


def _deleted(workspace: Path) -> list[Trashed]:
    """What was deleted from files, the newest first; records that cannot be read are passed over."""
    records = sorted(trash_folder(workspace).glob("*.json"), key=_time, reverse=True)
    return [found for record in records if (found := _read_record(record)) is not None]


def _record(trashed: Trashed) -> str:
    return json.dumps({"path": str(trashed.path.absolute()), "name": trashed.name, "left": trashed.left})


def _read_record(record: Path) -> Trashed | None:
    copy = record.with_suffix("")
    try:
        table: Any = json.loads(record.read_text(encoding="utf-8"))
        found = Trashed(Path(table["path"]), str(table["name"]), copy, str(table["left"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if copy.suffix == ".toml" and copy.is_file() else None


def _without(path: Path, name: str, expected: dict[str, Any]) -> str:
    """The file's text without an entry; comments and order of the others stay."""
    try:
        document = tomlkit.parse(path.read_bytes().decode("utf-8-sig"))
        del document[name]
        text = tomlkit.dumps(document)
        if tomlkit.parse(text).unwrap() == expected:
            return text
    except (TOMLKitError, LookupError, ValueError, OSError):
        pass
    raise ConfigError(f"{shorten(name, 40)!r} cannot be taken out of {path} by itself. Delete it there in an editor.")


def _free_name(name: str, taken: set[str]) -> str:
    """The name, or one with a number behind it, that is not taken."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def _beside(copy: Path) -> Path:
    """The record of a copy: what was deleted of it."""
    return copy.with_name(f"{copy.name}.json")


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _time(path: Path) -> float:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _why(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else f"{error} is missing"
