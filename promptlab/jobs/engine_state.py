"""What the application knows of its engine: whether it runs, what it refuses, and why it is gone."""

import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class EngineState:
    """Whether the engine runs; ``sentence`` says why it stopped, ``pid`` is that of a running one."""

    name: Literal["off", "starting", "ready", "stopped"]
    sentence: str = ""
    pid: int | None = None


class EngineError(Exception):
    """What the engine answers instead of a result; ``what`` is the whole sentence, ``kind`` one of the protocol's."""

    def __init__(self, kind: str, what: str, where: str = "", remedy: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(what)
        self.kind, self.what, self.where, self.remedy = kind, what, where, remedy
        self.line, self.column = line, column


class EngineGone(Exception):
    """The engine ended, or was never started; a sentence."""


def error_from(table: Mapping[str, Any]) -> EngineError:
    """The exception of a reply's error."""
    words = {key: str(table.get(key, "")) for key in ("kind", "what", "where", "remedy")}
    return EngineError(**words, line=int(table.get("line", 0)), column=int(table.get("column", 0)))


def why_it_ended(code: int, last: str) -> str:
    """One sentence for a process that ended by itself, from its exit code and the last line of its log."""
    if code == -signal.SIGKILL:
        return "The engine was killed (signal 9), probably because memory ran out."
    if code < 0:
        with suppress(ValueError):
            return f"The engine was ended by signal {-code} ({signal.Signals(-code).name})."
        return f"The engine was ended by signal {-code}."
    return f"The engine stopped (exit code {code})" + (f": {last}" if last else ".")
