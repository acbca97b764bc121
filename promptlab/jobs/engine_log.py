"""The engine's log: what the process prints, kept in the workspace and never longer than need be."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from promptlab.paths import private_folder
from promptlab.text import shorten

# Bytes above which the log's older half is dropped when an engine starts, and those that its end is looked for in.
_MOST, _END = 1_000_000, 8192
_NAME = "engine.log"


class EngineLog:
    """``engine.log`` of a workspace, for the user alone; a temporary file where the workspace cannot be written."""

    def __init__(self, workspace: Path) -> None:
        self.path = workspace / _NAME
        self._start = 0

    @contextmanager
    def opened(self) -> Iterator[int]:
        """A descriptor that a process appends to; OSError where no place can be written."""
        descriptor = self._open()
        try:
            self._start = os.fstat(descriptor).st_size
            yield descriptor
        finally:
            os.close(descriptor)

    def last_line(self) -> str:
        """The last line that the newest process wrote, shortened; empty when it wrote none."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self._start, size - _END))
                lines = file.read().decode("utf-8", "replace").split("\n")
        except OSError:
            return ""
        return next((shorten(line, 200) for line in reversed(lines) if line.strip()), "")

    def _open(self) -> int:
        with suppress(OSError):
            private_folder(self.path.parent)
            self._shrink()
            return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        descriptor, name = tempfile.mkstemp(prefix="promptlab-", suffix=f"-{_NAME}")
        self.path = Path(name)
        return descriptor

    def _shrink(self) -> None:
        if self.path.is_file() and self.path.stat().st_size > _MOST:
            with self.path.open("r+b") as file:
                file.seek(-_MOST // 2, os.SEEK_END)
                kept = file.read().partition(b"\n")[2]
                file.seek(0)
                file.write(kept)
                file.truncate()
