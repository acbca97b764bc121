"""What was read, kept for the next time: in memory and in files that only the user can open."""

import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load as load_arrays
from safetensors.torch import save as save_arrays
from torch import Tensor

from promptlab.model.encode import ENCODER_VERSION
from promptlab.model.language_model import LanguageModel, Row
from promptlab.paths import cache_folder, write_whole

Arrays = dict[str, Tensor]
_DIGEST = hashlib.sha256().digest_size  # each file begins with the digest of the safetensors content behind it


def reading_key(lm: LanguageModel, rows: Sequence[Row], soft: Tensor | None) -> str:
    """The key of a reading: everything that its numbers depend on, down to the final ids of each row."""
    state = hashlib.sha256(repr((ENCODER_VERSION, lm.state_key(), lm.family, lm.dtype, lm.device.type)).encode())
    if soft is not None:
        state.update(soft.detach().float().cpu().numpy().tobytes())
    for row in rows:
        state.update(repr((row.ids, row.slots, row.decoder, row.soft)).encode())
    return state.hexdigest()


class ReadoutCache:
    """Arrays by key: the newest in memory, all in files; both bounded in bytes, the oldest leave first.

    A file that is damaged is a miss and is moved aside. A disk that cannot be written ends the writing, not the work:
    ``note`` then says so.
    """

    def __init__(
        self, folder: Path | None = None, *, disk_limit: int = 4_000_000_000, memory_limit: int = 512_000_000
    ) -> None:
        self.folder, self.disk_limit, self.memory_limit = folder, disk_limit, memory_limit
        self.hits = self.misses = 0
        self.note = ""
        self._memory: OrderedDict[str, Arrays] = OrderedDict()

    @classmethod
    def on_disk(cls) -> "ReadoutCache":
        """The user's own cache."""
        return cls(cache_folder("readouts"))

    def get(self, key: str) -> Arrays | None:
        """The arrays kept under a key, or None."""
        arrays = self._memory.get(key)
        if arrays is None:
            arrays = self._from_disk(key)
        if arrays is None:
            self.misses += 1
            return None
        self.hits += 1
        self._remember(key, arrays)
        return arrays

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep arrays under a key."""
        plain = {name: array.detach().contiguous().cpu() for name, array in arrays.items()}
        self._remember(key, plain)
        if self.folder is None or self.note:
            return
        try:
            content = save_arrays(plain)
            write_whole(self.folder / f"{key}.readout", hashlib.sha256(content).digest() + content)
            self._shrink_disk()
        except OSError as error:
            self.note = f"The cache of readings in {self.folder} cannot be written ({error.strerror}); it is not used."

    def files(self) -> list[Path]:
        """The files of the cache, the oldest first."""
        if self.folder is None or not self.folder.is_dir():
            return []
        found = []
        for path in self.folder.glob("*.readout"):
            with contextlib.suppress(OSError):
                found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found)]

    def clear(self) -> int:
        """Remove everything; returns how many files there were."""
        self._memory.clear()
        files = self.files()
        if self.folder is not None:
            files += [*self.folder.glob("*.damaged"), *self.folder.glob(".*.new")]
        for path in files:
            path.unlink(missing_ok=True)
        return len(files)

    def _from_disk(self, key: str) -> Arrays | None:
        if self.folder is None:
            return None
        path = self.folder / f"{key}.readout"
        try:
            raw = path.read_bytes()
            digest, content = raw[:_DIGEST], raw[_DIGEST:]
            if hashlib.sha256(content).digest() != digest:
                raise ValueError("damaged")
            arrays: Arrays = load_arrays(content)
            with contextlib.suppress(OSError):
                path.touch()
            return arrays
        except FileNotFoundError:
            return None
        except (SafetensorError, ValueError, KeyError, OSError):
            with contextlib.suppress(OSError):
                path.replace(path.with_suffix(".damaged"))
            return None

    def _remember(self, key: str, arrays: Arrays) -> None:
        self._memory[key] = arrays
        self._memory.move_to_end(key)
        held = sum(map(_bytes, self._memory.values()))
        while held > self.memory_limit and len(self._memory) > 1:
            held -= _bytes(self._memory.popitem(last=False)[1])

    def _shrink_disk(self) -> None:
        sizes = []
        for path in self.files():
            with contextlib.suppress(OSError):
                sizes.append((path, path.stat().st_size))
        held = sum(size for _, size in sizes)
        for path, size in sizes:
            if held <= self.disk_limit:
                return
            path.unlink(missing_ok=True)
            held -= size


def _bytes(arrays: Arrays) -> int:
    return sum(array.nbytes for array in arrays.values())
