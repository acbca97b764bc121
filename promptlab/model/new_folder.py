"""A new model folder that appears whole or not at all, written by one process at a time."""

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from promptlab.errors import ModelError, StoreError
from promptlab.model.origin import ORIGIN
from promptlab.paths import cache_folder, existing_folder, umask
from promptlab.text import size

_DRAFT = ".partial"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def converted_folder() -> Path:
    """The user's cache of converted models; StoreError when it cannot be opened."""
    try:
        return cache_folder("converted")
    except OSError as error:
        raise StoreError(
            f"The cache of converted models cannot be opened: {error.strerror} ({error.filename}). PROMPTLAB_CACHE "
            "names another place."
        ) from error


def refuse_in_use(target: Path) -> None:
    """ModelError for a folder that has something in it, or a file of that name."""
    if target.is_symlink() or target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise ModelError(f"{str(target)!r} exists already. Choose another folder, or remove that one first.")


def need_room(parent: Path, needed: int, *, what: str) -> int:
    """The bytes that stay free beside ``needed``; ModelError when the disk of ``parent`` has not that many."""
    existing = existing_folder(parent)
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise ModelError(
            f"{what} takes {size(needed)} unpacked, and the disk of {existing} has {size(free)} free. Free some space, "
            "or choose another place (--out, or PROMPTLAB_CACHE for the cache)."
        )
    return free - needed


@contextlib.contextmanager
def one_at_a_time(target: Path, wait: Callable[[], object]) -> Iterator[None]:
    """Hold the lock on making ``target``; ``wait`` is called when another process has it."""
    name = hashlib.sha256(str(target.resolve()).encode()).hexdigest()[:16]
    lock = FileLock(converted_folder() / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        wait()
        lock.acquire()
    except OSError as error:
        raise StoreError(f"{lock.lock_file} cannot be written: {error.strerror}.") from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A folder ``TARGET.partial`` to write into, renamed to ``target`` at the end; whatever goes wrong removes it.

    What a killed run left there is removed first. Raises ModelError for a folder of that name that is another's, and
    for a disk that is full or cannot be written.
    """
    draft = target.with_name(f"{target.name}{_DRAFT}")
    _remove_leftovers(draft)
    try:
        draft.mkdir(parents=True)
        (draft / ORIGIN).touch()  # by which a later run knows what this one left
        yield draft
        _open_to_others(draft, target)
        if target.is_dir():
            target.rmdir()
        os.rename(draft, target)
    except OSError as error:
        reason = "the disk is full" if error.errno in _FULL else error.strerror or str(error)
        raise ModelError(f"{str(target)!r} cannot be written: {reason}. Nothing was left there.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def is_draft(folder: Path) -> bool:
    """Whether a folder is one that is being written, or that a killed run left."""
    return folder.name.endswith(_DRAFT)


def _remove_leftovers(draft: Path) -> None:
    if not draft.exists() and not draft.is_symlink():
        return
    if draft.is_symlink() or not draft.is_dir() or (any(draft.iterdir()) and not (draft / ORIGIN).is_file()):
        raise ModelError(f"{str(draft)!r} is in the way and was not made by promptlab. Move or remove it.")
    shutil.rmtree(draft)


def _open_to_others(draft: Path, target: Path) -> None:
    """Give the files the modes that others of the user's have; safetensors writes for the user alone."""
    if target.parent.stat().st_mode & 0o077 == 0:
        return  # in the cache, which is the user's alone
    for path in draft.iterdir():
        path.chmod(0o666 & ~umask())
