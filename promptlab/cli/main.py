"""The command ``promptlab``: what needs no typer is answered first, then the commands run."""

import os
import sys
from collections.abc import Sequence

from promptlab.errors import ConfigError

_NAME = "promptlab"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command on its arguments (the process's own by default) and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):
        from promptlab import __version__

        print(f"{_NAME} {__version__}")
        return 0
    given, debug = _without_debug(given)
    _write_any_character()
    from promptlab.cli.edge import guarded

    return guarded(lambda: _run(given), debug=debug)


def _run(arguments: list[str]) -> int:
    from promptlab.cli.start import missing_path, read_start, start

    if (asked := read_start(arguments)) is not None:
        code = start(asked)
        if arguments or not code:
            return code
        _run(["--help"])
        return code
    if sentence := missing_path(arguments):
        raise ConfigError(sentence)
    from promptlab.cli.app import app

    # A command returns None, or its exit code where that is not 0.
    return app(args=arguments, prog_name=_NAME, standalone_mode=False) or 0


def _without_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """The arguments without ``--debug``, which may stand anywhere before ``--``."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--debug" not in options:
        return arguments, bool(os.environ.get("PROMPTLAB_DEBUG"))
    return [one for one in options if one != "--debug"] + arguments[len(options) :], True


def _write_any_character() -> None:
    """Let a terminal that lacks a character show its number, so that printing never fails."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
