"""The outermost edge: every error becomes one or two sentences and an exit code."""

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from promptlab.cli.console import say
from promptlab.errors import PromptlabError
from promptlab.text import shorten

DONE, OUR_FAULT, USER_FAULT, DOES_NOT_HOLD, STOPPED = 0, 1, 2, 3, 130
_STOPPED = "Stopped. Nothing was stored."


class Stopped(Exception):
    """Ctrl-C, with a sentence about what was kept."""


@contextmanager
def keeping(kept: Callable[[], str]) -> Iterator[None]:
    """Say, when Ctrl-C ends the work inside, what is kept of it."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(kept()) from None


def guarded(run: Callable[[], int], *, debug: bool) -> int:
    """The exit code of a command; with ``debug`` the traceback of any error is printed too."""
    try:
        code = run()
        sys.stdout.flush()
        if code == STOPPED:
            say(_STOPPED)
        return code
    except BaseException as error:
        if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
            return _reader_left()
        if isinstance(error, SystemExit):
            raise
        if debug:
            traceback.print_exception(error)
        code, sentence = _in_words(error)
        say(sentence)
        return code


def _reader_left() -> int:
    """Whoever read standard output has seen enough; what is flushed at exit goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    return DONE


def _in_words(error: BaseException) -> tuple[int, str]:
    if isinstance(error, Stopped):
        return STOPPED, f"Stopped. {error}"
    if isinstance(error, KeyboardInterrupt | EOFError):
        return STOPPED, _STOPPED
    if isinstance(error, PromptlabError):
        return USER_FAULT, str(error)
    if hasattr(error, "format_message"):  # typer's own errors: an unknown option, a value of the wrong type
        return USER_FAULT, _usage(error)
    if isinstance(error, MemoryError):
        return OUR_FAULT, "There is not enough memory for this. Use fewer rows (--limit) or a smaller model."
    return OUR_FAULT, (
        f"Something went wrong inside promptlab ({type(error).__name__}: {shorten(str(error), 200)}). "
        "Run the same command with --debug for the traceback, and please report it."
    )


def _usage(error: BaseException) -> str:
    message = str(getattr(error, "format_message", lambda: error)()).strip()
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "promptlab"
    return f"{message.rstrip('.')}. See '{command} --help'."
