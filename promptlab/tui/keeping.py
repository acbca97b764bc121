"""Keeping: the session is written as a draft a second after the last edit, and is there again at the next start."""

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from promptlab.errors import ConfigError, StoreError
from promptlab.jobs.client import EngineError, EngineGone
from promptlab.tui.hearing import Topic
from promptlab.tui.state.drafts import Draft, now, read_draft, trash_draft, write_draft
from promptlab.tui.state.lock import WorkspaceLock

if TYPE_CHECKING:
    from promptlab.tui.desk import Desk, Severity

# Seconds after the last edit until the draft is written, and the longest that edits without a pause put it off.
AFTER = 1.0
_LONGEST = 5.0
_EDITS: frozenset[Topic] = frozenset({"task", "template", "words", "rows", "model", "saved"})


class Keeping:
    """Writes the drafts of one desk, in a thread; of two applications on a workspace the first alone."""

    def __init__(self, desk: "Desk", workspace: Path) -> None:
        self.desk, self.workspace = desk, workspace
        self.draft: Draft | None = None  # what the last application left
        self._lock = WorkspaceLock(workspace)
        self._is_on = False
        self._failed = False
        self._put_off_since: float | None = None
        self._guard = threading.Lock()
        self._asked = self._written = 0

    def begin(self, path: str | None) -> list[tuple[str, "Severity"]]:
        """Take the workspace's lock and read its draft; what there is to say about it, with its severity.

        The draft of another table than the one at ``path``, which is to be opened, goes to the trash.
        """
        if other := self._lock.take():
            return [(other, "warning")]
        self._is_on = True
        try:
            self.draft = read_draft(self.workspace)
        except ConfigError as error:
            return [(str(error), "error")]
        if self.draft is None or path is None or _is_of(self.draft, path):
            return []
        self.draft = None
        place = self.forget()
        return [(f"The draft of another table was put aside: {place}", "information")] if place else []

    async def restore(self) -> None:
        """Take up the draft, and say so; where its table is gone, its template and words stand there."""
        draft, self.draft = self.draft, None
        if draft is None:
            return
        try:
            await self.desk.restore(draft.session, is_saved=draft.is_saved)
        except EngineError as error:
            self.desk.say(f"{error.what} Your draft's template and words are kept; ctrl+o opens a table.", "error")
        except EngineGone as error:
            self.desk.say(str(error), "error")
        else:
            self.desk.say(f"Your draft of {_when(draft.written)} is back. The palette has Start afresh.")

    def heard(self, topic: Topic) -> None:
        """After an edit, write the draft in a second."""
        if not self._is_on or topic not in _EDITS or not self._is_worth_keeping():
            return
        time = asyncio.get_running_loop().time()
        if self._put_off_since is None:
            self._put_off_since = time
        if time - self._put_off_since < _LONGEST:
            self.desk.hearing.later("draft", AFTER, lambda: self.desk.hearing.spawn(self._write()))

    def finish(self) -> None:
        """Write the draft now, if an edit waits for it, and let go of the workspace."""
        self._write_last()
        self._is_on = False
        self._lock.release()

    def forget(self) -> Path | None:
        """Put the draft into the trash, so that the next start is a fresh one; its place there."""
        if not self._is_on:
            return None
        self._write_last()
        with self._guard:
            self._written = self._next()
            return trash_draft(self.workspace)

    def _write_last(self) -> None:
        """Write the edit that still waits for its second to pass."""
        if self._is_on and self._put_off_since is not None and self._is_worth_keeping():
            with suppress(StoreError):  # said when it first failed
                self._write_whole(self._next())
        self._put_off_since = None

    def _is_worth_keeping(self) -> bool:
        session = self.desk.session
        return session.task is not None or bool(session.template.strip())

    def _next(self) -> int:
        self._asked += 1
        return self._asked

    async def _write(self) -> None:
        self._put_off_since = None
        if not self._is_worth_keeping():
            return
        try:
            await asyncio.to_thread(self._write_whole, self._next())
        except StoreError as error:
            if not self._failed:
                self.desk.say(str(error), "error")
            self._failed = True
            return
        if self._failed:
            self._failed = False
            self.desk.say("Drafts are saved again.")

    def _write_whole(self, number: int) -> None:
        """Write the session as it stands, unless a newer one was written meanwhile."""
        session, is_saved = self.desk.session, self.desk.is_saved
        with self._guard:
            if number > self._written:
                write_draft(self.workspace, session, is_saved=is_saved)
                self._written = number


def _when(written: str) -> str:
    """The time of today, or the day with its time."""
    return written[11:16] if written[:10] == now()[:10] else written[:16]


def _is_of(draft: Draft, path: str) -> bool:
    """Whether a draft is about the table that a reference names."""
    task = draft.session.task
    return task is not None and (task.reference == path or os.path.abspath(task.reference) == os.path.abspath(path))
