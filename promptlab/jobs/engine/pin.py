"""``pin`` and ``unpin``: which evaluation every other one is compared with."""

from typing import Any

from promptlab.errors import ConfigError
from promptlab.jobs.engine.figures import figures
from promptlab.jobs.engine.held import Baseline, Held, Say, Unread
from promptlab.jobs.engine.kept import judged_of
from promptlab.jobs.wire import Request
from promptlab.results import RunStore
from promptlab.text import counted


def pin(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Make the held evaluation, or the stored run of that number, the baseline.

    Raises Unread while not all rows are read, StoreError and ConfigError for a run that cannot be had.
    """
    number = request.fields.get("run")
    held.baseline = _of_reading(held, request) if number is None else _of_run(held, int(number))
    return {"name": held.baseline.name, "figures": held.baseline.figures}


def unpin(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Compare with nothing any more."""
    held.baseline = None
    return {}


def _of_reading(held: Held, request: Request) -> Baseline:
    reading = held.current(request)
    if not reading.complete:
        raise Unread(f"Only {reading.read:,} of {counted(len(reading.rows), 'row')} are read: pin when all are.")
    _, _, score_rev = reading.newest()
    judged = judged_of(reading, request)
    found = figures(reading, judged, held, score_rev=score_rev)
    return Baseline(str(request.fields.get("name", "")), judged.scores, found, reading.task.fingerprint)


def _of_run(held: Held, number: int) -> Baseline:
    with RunStore.open_to_read(held.workspace) as store:
        run = store.get(str(number))
    if run.scores is None:
        raise ConfigError(f"Run {run.id} kept no scores of single rows, so nothing can be compared with it.")
    calibration = run.result.get("calibration")
    found = {**run.scores.figures(), "total": run.scores.n, "complete": True, "calibration": calibration, "delta": None}
    return Baseline(run.name, run.scores, found, run.fingerprint)
