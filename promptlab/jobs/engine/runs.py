"""``runs``: the evaluations that the workspace keeps: list, pin, delete, compare two, open one again."""

from collections.abc import Callable, Mapping
from typing import Any

from promptlab.errors import ConfigError, StoreError
from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.wire import Request
from promptlab.results import Run, RunStore, compare_runs
from promptlab.text import counted, listed

_COMPARED = ("sentence", "difference", "interval", "p", "n", "only_first", "only_second", "notes", "verdict")
_OF_RESULT = ("task", "split", "n", "accuracy", "interval", "macro_f1", "model", "dtype")


def runs(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Do what ``op`` names; raises ConfigError, DataError and StoreError, as the store and the comparison do."""
    op = str(request.fields.get("op", ""))
    if op not in _OPS:
        raise ConfigError(f"Unknown thing to do with runs {op!r}. Known: {listed(_OPS)}.")
    if not _has_store(held):
        if op == "list":
            return {"runs": []}
        raise ConfigError("No run is kept here yet.")
    open_store = RunStore.open if op in ("pin", "delete") else RunStore.open_to_read
    with open_store(held.workspace) as store:
        for note in store.notes:
            say({"kind": "note", "level": "warning", "text": note})
        return _OPS[op](store, request.fields)


def _has_store(held: Held) -> bool:
    try:
        return (held.workspace / "runs.db").exists()
    except OSError as error:
        raise StoreError(f"The workspace {str(held.workspace)!r} cannot be read ({error.strerror}).") from error


def _list(store: RunStore, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"runs": [_entry(run) for run in store.runs()]}


def _pin(store: RunStore, fields: Mapping[str, Any]) -> dict[str, Any]:
    number, pinned = int(fields["run"]), bool(fields.get("pinned", True))
    store.pin(number, pinned=pinned)
    return {"run": number, "pinned": pinned}


def _delete(store: RunStore, fields: Mapping[str, Any]) -> dict[str, Any]:
    numbers = sorted(set(map(int, fields["ids"])))
    store.delete(numbers)
    return {"ids": numbers}


def _compare(store: RunStore, fields: Mapping[str, Any]) -> dict[str, Any]:
    (found,) = compare_runs([store.get(str(int(number))) for number in fields["ids"][:2]])
    told = found.to_json()
    return {key: told[key] for key in _COMPARED}


def _open(store: RunStore, fields: Mapping[str, Any]) -> dict[str, Any]:
    return _prompt(store.get(str(int(fields["run"]))))


_OPS: Mapping[str, Callable[[RunStore, Mapping[str, Any]], dict[str, Any]]] = {
    "list": _list,
    "pin": _pin,
    "delete": _delete,
    "compare": _compare,
    "open": _open,
}


def _entry(run: Run) -> dict[str, Any]:
    """A run in one line of a table; what it does not say is null or empty."""
    result = run.result
    template, calibration = result.get("template", ""), result.get("calibration")
    return {
        "id": run.id,
        "created": run.created,
        "name": run.name,
        **{key: result.get(key) for key in _OF_RESULT},
        "calibration": calibration["kind"] if calibration else None,
        "template": counted(len(template), "template") if isinstance(template, list) else template,
        "template_name": result.get("template_name", ""),
        "words_name": result.get("words_name", ""),
        "pinned": run.pinned,
        "command": run.command,
    }


def _prompt(run: Run) -> dict[str, Any]:
    """What the workbench needs to show the run's prompt again; ConfigError that says why it cannot.

    A calibration that the run fitted is named, to be fitted again; one that its words came with stays in the words.
    """
    spec = run.spec
    if "bundle" in spec:
        raise ConfigError(
            f"Run {run.id} evaluated the bundle {spec['bundle']['folder']!r}, which the workbench cannot edit: its "
            "classifier is in that folder alone."
        )
    if isinstance(run.result.get("template"), list):
        raise ConfigError(f"Run {run.id} evaluated an ensemble; the workbench edits one prompt at a time.")
    if not all(isinstance(spec.get(key), dict) for key in ("template", "verbalizer", "options", "model")):
        raise ConfigError(f"Run {run.id} does not hold what it was made with. Evaluate again.")
    options, words = spec["options"], dict(spec["verbalizer"])
    calibration = words.pop("calibration")["kind"] if options.get("calibrate") and "calibration" in words else None
    return {
        "task": {
            "reference": options.get("task", run.task),
            **{key: options[key] for key in ("text", "label", "labels") if options.get(key)},
            **({"encoding": spec["encoding"]} if spec.get("encoding") else {}),
        },
        "template": spec["template"]["text"],
        "truncate": spec["template"]["truncate"],
        "template_name": spec["template"]["name"],
        "words": words,
        "words_name": run.result.get("words_name", ""),
        "calibration": calibration,
        "model": {key: spec["model"][key] for key in ("name", "revision", "dtype") if spec["model"].get(key)},
        "notes": _notes(run),
    }


def _notes(run: Run) -> list[str]:
    """What the workbench does not take over from the run, a sentence each."""
    notes, shown = [], run.spec.get("demonstrations") or ()
    if shown:
        notes.append(f"Run {run.id} showed {counted(len(shown), 'solved example')} in its prompts; the workbench none.")
    return notes
