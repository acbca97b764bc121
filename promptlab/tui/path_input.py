"""An input for a path: tab completes it as a shell does, and the rest of the only fitting name stands there in grey."""

import os
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import Suggester

from promptlab.task.formats import ending_of
from promptlab.text import safe_text
from promptlab.tui.line_input import LineInput

Accepts = Callable[[Path], bool]
# Entries of one folder that are looked at: a folder with more is completed among these.
_MOST = 5000


def completions(typed: str, accepts: Accepts) -> list[str]:
    """Paths that begin with what is typed, in order: folders (with a slash at the end) and files that are accepted.

    Hidden ones count once their dot is typed; names that a terminal must not be shown are left out.
    """
    head, slash, start = typed.rpartition("/")
    found = []
    with suppress(OSError, RuntimeError, ValueError), os.scandir(Path(head + slash or ".").expanduser()) as entries:
        for entry in islice(entries, _MOST):
            name = entry.name
            if not name.startswith(start) or (name.startswith(".") and not start) or safe_text(name) != name:
                continue
            if entry.is_dir():
                found.append(f"{head}{slash}{name}/")
            elif accepts(Path(entry.path)):
                found.append(f"{head}{slash}{name}")
    return sorted(found)


def is_table(path: Path) -> bool:
    """Whether the name is that of a table."""
    return bool(ending_of(path))


def is_no_file(path: Path) -> bool:
    """For inputs that want a folder: no file is offered."""
    return False


class PathInput(LineInput):
    """Submits a path; ``accepts`` says which files are offered beside folders."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", "Complete", show=False)]

    def __init__(self, name: str, value: str = "", *, accepts: Accepts = is_table, placeholder: str = "") -> None:
        super().__init__(value, placeholder=placeholder, suggester=_Paths(accepts), id=name)
        self.accepts = accepts

    def action_complete(self) -> None:
        """Complete as far as it is clear; where nothing fits, tab goes on to the next widget."""
        found = completions(self.value, self.accepts)
        longest = _common(found)
        if not found:
            self.screen.focus_next()
        elif len(longest) > len(self.value):
            self.value = longest
            self.cursor_position = len(longest)


def _common(names: list[str]) -> str:
    """What all names begin with."""
    first, last = min(names, default=""), max(names, default="")
    return first[
        : next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    ]


class _Paths(Suggester):
    """Offers the first path that fits."""

    def __init__(self, accepts: Accepts) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.accepts = accepts

    async def get_suggestion(self, value: str) -> str | None:
        """The first completion of what is typed, if there is one."""
        return next(iter(completions(value, self.accepts)), None)
