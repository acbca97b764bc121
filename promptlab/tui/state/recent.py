"""Tables that were opened from this folder, with what was corrected of each, so that nothing is asked twice."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from promptlab.errors import ConfigError
from promptlab.paths import private_folder, write_whole
from promptlab.tui.state.session import TaskChoice

_FILE = "recent.json"
_MOST = 20


def recent_tasks(workspace: Path) -> list[TaskChoice]:
    """The tables that were opened, newest first; a damaged list counts as none."""
    try:
        rows = json.loads((workspace / _FILE).read_text(encoding="utf-8"))
        return [TaskChoice(**row) for row in rows if isinstance(row["reference"], str)][:_MOST]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def remember_task(workspace: Path, choice: TaskChoice) -> None:
    """Put a table at the head of the list; ConfigError when the folder cannot be written."""
    others = [old for old in recent_tasks(workspace) if not is_same(old, choice)]
    rows = [asdict(each) for each in (choice, *others)][:_MOST]
    try:
        private_folder(workspace)
        write_whole(workspace / _FILE, json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{str(workspace / _FILE)!r} cannot be written ({reason}): this table is not kept.") from None


def known_choice(choices: Sequence[TaskChoice], choice: TaskChoice) -> TaskChoice | None:
    """What was accepted for this table before; None for a new one."""
    return next((old for old in choices if is_same(old, choice)), None)


def is_same(one: TaskChoice, other: TaskChoice) -> bool:
    """Whether both mean the same table."""
    return one.reference == other.reference or _place(one.reference) == _place(other.reference)


def _place(reference: str) -> str:
    try:
        return str(Path(reference).expanduser().resolve())
    except (OSError, RuntimeError, ValueError):
        return reference
