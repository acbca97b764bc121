"""The command without a command: ``promptlab [PATH] [--workspace FOLDER]`` starts the application."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from promptlab.cli.edge import USER_FAULT

# The names of the commands, so that typer need not be imported to tell a path from them; a test compares them to it.
COMMANDS = (
    "eval",
    "compare",
    "why",
    "predict",
    "runs",
    "bundle",
    "data",
    "templates",
    "words",
    "model",
    "cache",
    "doctor",
    "serve",
)
WORKSPACE = ".promptlab"


@dataclass(frozen=True, slots=True)
class Start:
    """What the application is started with."""

    path: str | None = None
    workspace: str = WORKSPACE


def read_start(arguments: Sequence[str]) -> Start | None:
    """What is asked of the application; None when the arguments are a command's, or nobody's.

    A path is a file or folder that is there and has no command's name; ``./eval`` is one.
    """
    path, workspace = None, WORKSPACE
    rest = list(arguments)
    while rest:
        one = rest.pop(0)
        if one == "--workspace" and rest:
            workspace = rest.pop(0)
        elif one.startswith("--workspace="):
            workspace = one.partition("=")[2]
        elif one.startswith("-") or one in COMMANDS or path is not None or not os.path.exists(one):
            return None
        else:
            path = one
    return Start(path, workspace) if workspace else None


def missing_path(arguments: Sequence[str]) -> str:
    """A sentence for what looks like the path of a table that is not there; empty for anything else."""
    words = [one for one in arguments if not one.startswith("-")]
    if len(words) != 1 or words[0] in COMMANDS or not ({".", os.sep} & set(words[0])) or os.path.exists(words[0]):
        return ""
    from promptlab.text import nearest, shorten

    path = Path(words[0])
    with suppress(OSError):
        return f"There is no file {shorten(words[0], 80)!r}.{nearest(path.name, os.listdir(path.parent))}"
    return f"There is no file {shorten(words[0], 80)!r}."


def start(asked: Start) -> int:
    """Run the application; in what is no terminal, say so and return 2."""
    from promptlab.cli.console import say

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        say("The application needs a terminal, and standard input or output is none. promptlab --help lists commands.")
        return USER_FAULT
    if os.environ.get("TERM") == "dumb":
        say("The application cannot be shown in this terminal (TERM is dumb). promptlab --help lists commands.")
        return USER_FAULT
    from promptlab.tui import run

    return run(Path(asked.workspace), asked.path)
