"""Weight files from the outside: names and shapes from their headers, and a fingerprint of their content."""

import contextlib
import hashlib
import json
import math
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from promptlab.errors import ModelError
from promptlab.paths import cache_folder, write_whole

_HEADER_LIMIT = 100_000_000
_SMALL = 1_000_000  # bytes below which a file is hashed anew each time


def shapes(files: Iterable[Path]) -> dict[str, tuple[int, ...]]:
    """The name and shape of every tensor in safetensors files; ModelError for a file that is cut or damaged."""
    return {name: shape for path in files for name, shape in _header(path).items()}


def parameter_count(files: Iterable[Path]) -> int:
    """How many numbers the files hold."""
    return sum(math.prod(shape) for shape in shapes(files).values())


def fingerprint(folder: Path, files: Iterable[Path]) -> str:
    """A hash of the weights, the configuration, the tokenizer and its chat format: one content has one everywhere."""
    state = hashlib.sha256()
    for path in [
        *files,
        *sorted(folder.glob("*.json")),
        *sorted(folder.glob("*.txt")),
        *sorted(folder.glob("*.model")),
        *sorted(folder.glob("*.jinja")),
    ]:
        if path.name != "generation_config.json":
            state.update(f"{path.name}={content_hash(path)};".encode())
    return state.hexdigest()


def content_hash(path: Path) -> str:
    """The sha256 of a file, remembered by its size and time; a name is no proof, also where a hub's cache gives it."""
    if path.stat().st_size < _SMALL:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    known = _Remembered()
    key = _key(path)
    if key not in known.table:
        with path.open("rb") as file:
            known.add(key, hashlib.file_digest(file, "sha256").hexdigest())
    return known.table[key]


def is_hashed(path: Path) -> bool:
    """Whether the hash of a large file is remembered, so that ``content_hash`` takes no time."""
    return path.stat().st_size >= _SMALL and _key(path) in _Remembered().table


def _key(path: Path) -> str:
    stat = path.stat()
    return f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}"


def _header(path: Path) -> dict[str, tuple[int, ...]]:
    damaged = ModelError(f"{path} is cut short or damaged. Copy or download the model again.")
    with path.open("rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else _HEADER_LIMIT + 1
        if length > _HEADER_LIMIT:
            raise damaged
        try:
            table: dict[str, Any] = json.loads(file.read(length))
            table.pop("__metadata__", None)
            end = max((int(entry["data_offsets"][1]) for entry in table.values()), default=0)
            found = {name: tuple(map(int, entry["shape"])) for name, entry in table.items()}
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            raise damaged from None
    if path.stat().st_size != 8 + length + end:
        raise damaged
    return found


class _Remembered:
    """Hashes of large files by path, size and time, in the user's cache; without a cache they are worked out anew."""

    def __init__(self) -> None:
        self.table: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError):
            self.table = dict(json.loads((cache_folder() / "hashes.json").read_text(encoding="utf-8")))

    def add(self, key: str, value: str) -> None:
        self.table[key] = value
        with contextlib.suppress(OSError):
            write_whole(cache_folder() / "hashes.json", json.dumps(self.table).encode())
