"""GGUF files unpacked in the user's cache: found again by their content, made once, listed and removed."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from promptlab.errors import StoreError
from promptlab.model.gguf.convert import convert
from promptlab.model.gguf.header import read_header
from promptlab.model.new_folder import converted_folder, is_draft, one_at_a_time
from promptlab.model.origin import Origin, read_origin
from promptlab.model.weights import content_hash, is_hashed

# Changes whenever the same file would be unpacked into another folder.
CONVERTER = 1


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A model in the cache: its folder, what it was made from, and how many bytes it takes."""

    folder: Path
    origin: Origin
    bytes: int


def fingerprint_of(sha256: str) -> str:
    """What identifies the model of a GGUF file: its content and the converter, whatever else is installed."""
    return hashlib.sha256(f"gguf={sha256};converter={CONVERTER};".encode()).hexdigest()


def folder_of(sha256: str) -> Path:
    """Where the model of the GGUF file with this content lies, or will lie."""
    return converted_folder() / f"{sha256}-{CONVERTER}"


def is_there(folder: Path) -> bool:
    """Whether a converted folder is complete: it appears whole, so its name and its configuration say so."""
    return not is_draft(folder) and (folder / "config.json").is_file()


def unpacked(path: Path, *, written: str, say: Callable[[str], None] | None = None) -> tuple[Path, str]:
    """The folder of a GGUF file's model and the file's sha256; made when it is not there yet.

    ``written`` is the path as lists show it. ``say`` is told what is about to be done. Raises ModelError for a file
    that cannot be converted.
    """
    if not is_hashed(path):
        read_header(path)  # which takes no time, and refuses what is no whole model
    sha256 = content_hash(path)
    make_once(Origin(path.name, sha256, "", path=written), nullcontext(path), say=say)
    return folder_of(sha256), sha256


def make_once(origin: Origin, file: AbstractContextManager[Path], *, say: Callable[[str], None] | None) -> None:
    """Convert a GGUF file into its folder in the cache, unless that is there or another process is making it.

    ``file`` provides the file, and is entered only when it is needed, by one process at a time.
    """
    folder = folder_of(origin.sha256)
    if is_there(folder):
        return

    def wait() -> None:
        if say is not None:
            say(f"Another process is unpacking {origin.source}; waiting for it.")

    with one_at_a_time(folder, wait):
        if not is_there(folder):
            with file as path:
                convert(path, folder, say=say, origin=origin)


def in_cache() -> Iterator[Unpacked]:
    """Every unpacked model of the cache, by the names of the files they came from."""
    found = [(read_origin(folder), folder) for folder in converted_folder().iterdir() if is_there(folder)]
    for origin, folder in sorted(found, key=lambda pair: (pair[0].source if pair[0] else "", pair[1].name)):
        held = sum(path.stat().st_size for path in folder.iterdir())
        yield Unpacked(folder, origin or Origin(folder.name, folder.name.partition("-")[0], ""), held)


def remove(model: Unpacked) -> None:
    """Remove an unpacked model from the cache; StoreError when that fails."""
    try:
        (model.folder / "config.json").unlink()  # first, so that half a folder is never taken for a whole one
        shutil.rmtree(model.folder)
    except OSError as error:
        raise StoreError(f"{model.folder} cannot be removed: {error.strerror}.") from error
