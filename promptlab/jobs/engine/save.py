"""``save``: the held evaluation as a run of the store or as a bundle, and an ensemble as a bundle."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab.errors import BundleError, ConfigError
from promptlab.jobs.engine.held import Held, NeedsModel, Say
from promptlab.jobs.engine.kept import complete, judged_of, run_of
from promptlab.jobs.engine.member_reading import read_lacking
from promptlab.jobs.engine.members import lacking, team_of
from promptlab.jobs.engine.together import Together, together
from promptlab.jobs.record import METRICS, about
from promptlab.jobs.wire import Request
from promptlab.pipeline import save as save_bundle
from promptlab.pipeline.using import predict_command
from promptlab.results import Run, RunStore
from promptlab.text import listed

if TYPE_CHECKING:
    from promptlab.pipeline import Ensemble, Pipeline

_LONGEST = 10_000  # characters of what is said about a bundle


def save(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Keep what is held as ``what``: run, bundle or ensemble.

    Raises Unread while not all rows are read, StoreError, BundleError, ConfigError.
    """
    keep = {"run": _run, "bundle": _bundle, "ensemble": _ensemble}
    what = request.fields.get("what")
    if what not in keep:
        raise ConfigError(f"Unknown thing to save {what!r}. Known: {listed(keep)}.")
    return keep[what](held, request, say)


def _run(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """The number under which the store keeps the evaluation: the old one where it has it already."""
    reading = complete(held, request)
    run = run_of(reading, judged_of(reading, request), request.fields)
    with RunStore.open(held.workspace) as store:
        for note in store.notes:
            say({"kind": "note", "level": "warning", "text": note})
        number = _kept_before(store, run) or store.add(run)
        if request.fields.get("pinned"):
            store.pin(number)
    return {"run": number}


def _kept_before(store: RunStore, run: Run) -> int:
    """The number of the run that was made of the same, 0 where there is none."""
    try:
        found = store.get(run.spec_hash)
    except ConfigError:
        return 0
    return found.id if found.scores is not None and found.result["n"] == run.result["n"] else 0


def _bundle(held: Held, request: Request, say: Say) -> dict[str, Any]:
    folder = _folder(request)
    reading = complete(held, request)
    judged = judged_of(reading, request)
    return _write(judged.pipeline, folder, about(run_of(reading, judged, request.fields)), request)


def _ensemble(held: Held, request: Request, say: Say) -> dict[str, Any]:
    _folder(request)
    if lacking(team_of(held, request)):
        raise NeedsModel(_ensemble_read_first)
    return _write_ensemble(held, request, say)


def _ensemble_read_first(held: Held, request: Request, say: Say) -> dict[str, Any]:
    read_lacking(held, request, team_of(held, request), say)
    return _write_ensemble(held, request, say)


def _write_ensemble(held: Held, request: Request, say: Say) -> dict[str, Any]:
    found = together(team_of(held, request))
    for warning in found.warnings:
        say({"kind": "note", "level": "warning", "text": warning})
    return _write(found.ensemble, _folder(request), _about(found), request)


def _about(found: "Together") -> dict[str, Any]:
    """What the bundle of an ensemble says, as ``record.about`` does of a run."""
    reading = found.team.reading
    data = {"task": reading.task.name, "split": reading.split, "fingerprint": reading.task.fingerprint}
    figures = found.scores.figures() if found.scores.n else {}
    metrics = {key: figures[key] for key in METRICS if key in figures}
    return {"data": data, "metrics": metrics, "seeds": [reading.seed]}


def _folder(request: Request) -> str:
    """The request's folder, before anything is read for it."""
    folder = str(request.fields.get("folder") or "").strip()
    if not folder:
        raise BundleError("A bundle needs a folder, such as bundles/mine.")
    return folder


def _write(classifier: "Pipeline | Ensemble", folder: str, said: dict[str, Any], request: Request) -> dict[str, Any]:
    words = str(request.fields.get("about") or "").strip()[:_LONGEST]
    written = save_bundle(classifier, Path(folder), about=said | ({"about": words} if words else {}))
    return {"folder": os.fspath(written), "command": predict_command(os.fspath(written))}
