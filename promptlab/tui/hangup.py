"""Hang-up: the application ends in order when it is told to, or when its terminal is gone."""

import asyncio
import os
import signal
import sys
from contextlib import suppress

from textual.app import App

# Seconds between two looks at whether the terminal is still there.
_EVERY = 2.0


def end_in_order(app: App[str]) -> None:
    """Let a request to end, a window that is closed and a line that breaks be as ``ctrl+q``: the draft is written.

    A terminal that goes without a word (``nohup``, a container) would leave the application waiting for ever.
    """
    if app.is_headless or app.is_web or not _is_terminal():
        return
    loop = asyncio.get_running_loop()
    for name in ("SIGHUP", "SIGTERM"):
        if (number := getattr(signal, name, None)) is not None:
            with suppress(NotImplementedError, RuntimeError, ValueError):  # not this system, not the main thread
                loop.add_signal_handler(number, app.exit)
    app.set_interval(_EVERY, lambda: None if _is_terminal() else app.exit())


def _is_terminal() -> bool:
    with suppress(OSError, ValueError, AttributeError):
        return os.isatty(sys.__stdin__.fileno())  # type: ignore[union-attr]
    return False
