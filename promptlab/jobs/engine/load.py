"""``load``: load a model that is on this machine before anything is read with it."""

from typing import Any

from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.engine.loading import load_torch
from promptlab.jobs.engine.sizes import size_of
from promptlab.jobs.wire import Request


def load(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Hold the model of the request's table; nothing happens where it would have to be downloaded or unpacked first,
    and while rows are being read with another one. Raises ModelError for a model that cannot be loaded.
    """
    load_torch(held, say)
    table = request.fields["model"]
    is_reading = held.reading is not None and not held.reading.complete
    if not is_reading and size_of(str(table["name"]), revision=str(table.get("revision") or ""), offline=True).is_here:
        held.load(table, say)
    return {}
