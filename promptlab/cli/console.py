"""What goes where: results to standard output, conversation to standard error, both safe for a terminal."""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from promptlab.errors import ConfigError
from promptlab.text import safe_text

# Columns of a table when standard output is no terminal and COLUMNS is not set.
_WIDE = 120


def say(sentence: str) -> None:
    """Tell the user something about the work; not part of the result."""
    _write(_wrapped(safe_text(sentence, newlines=True), sys.stderr), sys.stderr)


def warn(sentence: str) -> None:
    """Tell the user something that makes the result doubtful."""
    say(f"Warning: {sentence}")


def show(text: str = "") -> None:
    """Print a paragraph of the result, broken at words on a terminal."""
    _write(_wrapped(safe_text(text, newlines=True), sys.stdout), sys.stdout)


def show_lines(lines: Iterable[str]) -> None:
    """Print lines of the result as they are, such as those of a table."""
    for line in lines:
        _write(safe_text(line), sys.stdout)


def refuse_both(json: bool, events: bool) -> None:
    """ConfigError for two forms of output at once."""
    if json and events:
        raise ConfigError("--json and --events both print to standard output: choose one.")


def show_document(command: str, results: Sequence[Mapping[str, Any]]) -> None:
    """Print the one JSON object of a command under ``--json``."""
    _write(json.dumps(document(command, results), ensure_ascii=True, allow_nan=False), sys.stdout)


def document(command: str, results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The JSON that every command prints: its version, the command and a list of results."""
    return {"version": 1, "command": command, "results": [dict(result) for result in results]}


def show_event(line: str) -> None:
    """Print one event as a line of JSON."""
    _write(line, sys.stdout)


def width() -> int:
    """How many columns a table may take."""
    return shutil.get_terminal_size((_WIDE, 24)).columns


def is_watched() -> bool:
    """Whether a person sees standard error as it is written."""
    return sys.stderr.isatty()


def confirm(question: str) -> bool:
    """Whether the user says yes; ConfigError without a terminal to ask on."""
    if not sys.stdin.isatty():
        raise ConfigError("There is no terminal to ask on. Add --yes to go on without a question.")
    print(f"{safe_text(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _write(text: str, stream: TextIO) -> None:
    print(text, file=stream, flush=True)


def _wrapped(text: str, stream: TextIO) -> str:
    """The text broken at words where a terminal would break it anywhere; continued lines are set in by two spaces."""
    if not stream.isatty():
        return text
    columns = max(shutil.get_terminal_size().columns, 20)
    return "\n".join(
        textwrap.fill(
            line,
            columns - 1,
            subsequent_indent="  ",
            replace_whitespace=False,
            break_on_hyphens=False,
            break_long_words=False,
        )
        for line in text.split("\n")
    )
