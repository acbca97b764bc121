"""The engine's process: ``python -m promptlab.jobs.engine --workspace PATH``, requests in, replies out.

Its own descriptor is taken for the protocol before anything else is imported; whatever is printed lands in standard
error, which the application keeps as a log.
"""

import argparse
import faulthandler
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn

from promptlab import __version__
from promptlab.jobs.wire import Reply, Request, error_of, from_line, to_line

# Seconds after which a thread that computes lets another one in: edits are answered while a reading runs.
_SWITCH = 0.001


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Answer requests until standard input ends, which means that the application is gone."""
    lines, out = _claim_descriptors()
    send = _Sender(out)
    send(Reply(0, event={"kind": "ready", "pid": os.getpid(), "version": __version__}))
    parser = argparse.ArgumentParser(prog="promptlab.jobs.engine")
    parser.add_argument("--workspace", type=Path, required=True)
    workspace = parser.parse_args(arguments).workspace
    sys.setswitchinterval(_SWITCH)

    from promptlab.jobs.engine.dispatch import Dispatcher
    from promptlab.jobs.engine.held import Held

    dispatcher = Dispatcher(Held(workspace), send)
    dispatcher.start()
    for request in _requests(lines, send):
        dispatcher.take(request)
    os._exit(0)  # at once, whatever the other threads are doing


class _Sender:
    """Writes replies, one line at a time."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._lock = out, threading.Lock()

    def __call__(self, reply: Reply) -> None:
        line = to_line(reply.to_table())
        with self._lock:
            try:
                self._out.write(line)
                self._out.flush()
            except BrokenPipeError:
                os._exit(0)


def _claim_descriptors() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for the protocol alone; what is printed goes to standard error from now on."""
    lines, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    faulthandler.enable()
    return lines, out


def _requests(lines: BinaryIO, send: _Sender) -> Iterator[Request]:
    """The requests as they come; a line that is none is answered with an error."""
    for line in lines:
        number = 0
        try:
            table = from_line(line)
            number = table["id"] if isinstance(table.get("id"), int) else 0
            request = Request.from_table(table)
        except ValueError as error:
            send(Reply(number, error=error_of(error)))
        else:
            yield request


if __name__ == "__main__":
    main()
