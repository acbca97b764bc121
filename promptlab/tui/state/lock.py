"""The lock of a workspace: of several applications on one workspace, the first alone writes the draft."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from promptlab.paths import private_folder, write_whole
from promptlab.tui.state.drafts import now

if TYPE_CHECKING:
    from filelock import FileLock


class WorkspaceLock:
    """Held by one application at a time; the operating system lets go of it when that process ends, however it ends."""

    def __init__(self, workspace: Path) -> None:
        self._path = workspace / "lock"
        self._holder = workspace / "lock.json"
        self._lock: FileLock | None = None

    def take(self) -> str:
        """Take the lock without waiting: empty when it is ours, else the sentence that says why not."""
        from filelock import FileLock, Timeout

        lock = FileLock(self._path, blocking=False, is_singleton=False)
        try:
            private_folder(self._path.parent)
            lock.acquire()
            self._lock = lock
            write_whole(self._holder, json.dumps({"pid": os.getpid(), "since": now()}).encode())
        except Timeout:
            return f"Another promptlab ({self._who()}) works here: drafts of this one are not saved."
        except (OSError, NotImplementedError):  # a folder that cannot be written, a disk without locks
            return ""
        return ""

    def release(self) -> None:
        """Let go of it, when it is ours."""
        if self._lock is not None:
            with suppress(OSError):
                self._holder.unlink(missing_ok=True)
            self._lock.release()
            self._lock = None

    @property
    def is_ours(self) -> bool:
        """Whether this application holds the lock."""
        return self._lock is not None

    def _who(self) -> str:
        try:
            holder = json.loads(self._holder.read_bytes())
            return f"process {int(holder['pid'])}, since {str(holder['since'])[:19]}"
        except (OSError, ValueError, TypeError, KeyError):
            return "its process is not known"
