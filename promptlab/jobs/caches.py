"""The user's cache folder by kind: what it holds, how much, and its removal. Nothing else in the folder is touched."""

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from promptlab.errors import ConfigError, StoreError
from promptlab.paths import cache_folder
from promptlab.text import listed, nearest

KINDS: Mapping[str, str] = {
    "readouts": "what models said about texts (made from your texts, for you alone to read)",
    "embeddings": "vectors of words from sentence encoders",
    "wordnet": "WordNet's files with plain line ends",
    "tables": "data files in a form that is read fast (your texts)",
    "converted": "models unpacked from GGUF files (promptlab model list names them)",
    "checked": "which models passed their check",
    "hashes.json": "hashes of large model files",
}


@dataclass(frozen=True, slots=True)
class Cached:
    """One kind of thing in the cache: how many files and bytes."""

    name: str
    what: str
    files: int
    bytes: int

    def to_json(self) -> dict[str, Any]:
        """The same in JSON's types."""
        return asdict(self)


def cached() -> list[Cached]:
    """Every kind, also those of which there is nothing."""
    return [_measured(name) for name in KINDS]


def clear(kinds: Sequence[str] = ()) -> list[Cached]:
    """Remove these kinds (all when none is named) and say what they held.

    Raises ConfigError for an unknown kind, StoreError for a file that cannot be removed.
    """
    for name in kinds:
        if name not in KINDS:
            raise ConfigError(f"The cache has no kind {name!r}.{nearest(name, KINDS)} It has {listed(KINDS)}.")
    removed = [_measured(name) for name in kinds or KINDS]
    for one in removed:
        path = cache_folder() / one.name
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{path} cannot be removed: {error.strerror}.") from error
    return removed


def _measured(name: str) -> Cached:
    sizes = list(_sizes(cache_folder() / name))
    return Cached(name, KINDS[name], len(sizes), sum(sizes))


def _sizes(path: Path) -> Iterator[int]:
    """The bytes of each file in a folder, or of the one file."""
    for file in path.rglob("*") if path.is_dir() else [path]:
        # Another process may remove a file meanwhile.
        with contextlib.suppress(OSError):
            if file.is_file():
                yield file.stat().st_size
