"""Drafts: the session as it stands, written beside the workspace's runs, so that a crash costs a second of work."""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from promptlab.errors import ConfigError, PromptlabError, StoreError
from promptlab.paths import private_folder, write_whole
from promptlab.text import shorten
from promptlab.tui.state.session import Session


@dataclass(frozen=True)
class Draft:
    """A session, when it was written (local time, to the second), and whether it stands under a name as well."""

    session: Session
    written: str
    is_saved: bool = False


def draft_path(workspace: Path) -> Path:
    """Where the draft of a workspace lies."""
    return workspace / "drafts" / "session.json"


def write_draft(workspace: Path, session: Session, *, is_saved: bool) -> None:
    """Write the draft whole, readable by the user alone; StoreError with a sentence when it cannot be written."""
    table = {"written": now(), "is_saved": is_saved, "session": session.to_json()}
    path = draft_path(workspace)
    try:
        private_folder(path.parent)
        write_whole(path, json.dumps(table, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass"))
        path.chmod(0o600)
    except OSError as error:
        raise StoreError(
            f"Drafts are not saved: {error.strerror or error} ({path}). What you write stays only as long as this runs."
        ) from error


def read_draft(workspace: Path) -> Draft | None:
    """The draft of a workspace; None when there is none. ConfigError for a damaged one, which is set aside."""
    path = draft_path(workspace)
    try:
        table = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
        session = _checked(Session.from_json(table["session"]))
        return Draft(session, str(table["written"]), table["is_saved"] is True)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"The draft cannot be read: {error.strerror or error} ({path}).") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, PromptlabError) as error:
        aside = _set_aside(path)
        place = f"It was set aside as {aside}" if aside else f"It lies in {path}"
        raise ConfigError(f"The draft is damaged ({shorten(str(error), 80)}). {place}; this starts afresh.") from None


def trash_draft(workspace: Path) -> Path | None:
    """Move the draft to the workspace's trash and return its place there; None when there is none or it cannot go."""
    path, trash = draft_path(workspace), workspace / "trash"
    target = free_place(trash / f"draft-{datetime.now():%Y%m%d-%H%M%S}.json")
    try:
        private_folder(trash)
        os.replace(path, target)
    except OSError:
        return None
    return target


def now() -> str:
    """The local time to the second, as drafts and the lock have it."""
    return datetime.now().isoformat(sep=" ", timespec="seconds")


def _checked(session: Session) -> Session:
    """The session, if each part is of its type; TypeError otherwise."""
    texts = (
        session.template,
        session.template_name,
        session.model.name,
        session.task.reference if session.task else "",
    )
    numbers = (session.read_rev, session.score_rev, session.test_reads)
    closed = session.rows in ("live", "all", "test") and session.truncate in ("tail", "head", "balanced")
    if not closed or not all(isinstance(text, str) for text in texts) or not all(type(one) is int for one in numbers):
        raise TypeError("a part of it is of the wrong kind")
    return session


def _set_aside(path: Path) -> Path | None:
    target = free_place(path.with_name("session.damaged.json"))
    try:
        os.replace(path, target)
    except OSError:
        return None
    return target


def free_place(path: Path) -> Path:
    """The path, or one beside it with a number, that is not taken."""
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free
