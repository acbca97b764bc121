"""``abandon``: the reading in progress ends between two batches."""

from typing import Any

from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.wire import Request


def abandon(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Nothing more to do: the reader thread has noted the request when it came."""
    return {}
