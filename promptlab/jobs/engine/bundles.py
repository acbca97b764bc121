"""``bundle``: list the bundles of a folder, show one, try a text on one; only a trial needs torch."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from promptlab.errors import BundleError, ConfigError
from promptlab.jobs.engine.held import Held, NeedsModel, Say
from promptlab.jobs.wire import Request
from promptlab.pipeline.described import labels_of
from promptlab.pipeline.manifest import read_manifest
from promptlab.text import counted, listed

if TYPE_CHECKING:
    from promptlab.model import LanguageModel
    from promptlab.pipeline import Ensemble, Pipeline

_MANIFEST, _WEIGHTS, _CARD = "bundle.toml", "weights.safetensors", "README.md"
_LONGEST = 100_000  # characters of a card that are sent, and of a text that is tried
# The bundle whose own model was loaded last, under its folder and manifest: the next text finds it there.
_TRIED: "WeakKeyDictionary[Held, tuple[tuple[str, str], Pipeline | Ensemble]]" = WeakKeyDictionary()


def bundle(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Do what ``op`` names: list, show or try; raises BundleError and, for a trial, ModelError and DataError."""
    op, folder = request.fields.get("op"), Path(str(request.fields.get("folder") or "bundles"))
    match op:
        case "list":
            return {"bundles": [entry(each) for each in _folders(folder)]}
        case "show":
            return _shown(folder)
        case "try":
            read_manifest(folder)  # what is damaged need not wait for the model
            raise NeedsModel(try_text)
    raise ConfigError(f"Unknown thing to do with a bundle {op!r}. Known: {listed(('list', 'show', 'try'))}.")


def entry(folder: Path) -> dict[str, Any]:
    """A bundle in one line of a table; of a damaged one ``problem`` says what is wrong, and the rest is empty."""
    found = {"folder": str(folder), "name": folder.name, "bytes": _bytes(folder), "problem": ""}
    try:
        table = read_manifest(folder)
        _check_weights(folder, table)
    except BundleError as error:
        return {**found, **_about({}), "problem": str(error)}
    except OSError as error:
        return {**found, **_about({}), "problem": f"{str(folder)!r} cannot be read: {error.strerror}."}
    return {**found, **_about(table)}


def try_text(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """What a bundle makes of a text: every label's probability, and the seconds it took; on the reading thread.

    The held model is used where it is the bundle's own, else the bundle's is loaded and kept until another is tried.
    """
    from promptlab.jobs.engine.loading import load_torch

    load_torch(held, say)
    classifier = _classifier(held, Path(str(request.fields.get("folder") or "")), say)
    started = time.perf_counter()
    (shares,) = classifier([str(request.fields["text"])[:_LONGEST]], top_k=None)
    return {
        "labels": {one["label"]: one["score"] for one in shares},
        "seconds": round(time.perf_counter() - started, 4),
    }


def _folders(folder: Path) -> list[Path]:
    """What looks like a bundle in the folder, by name; BundleError where that cannot be read."""
    try:
        if not folder.exists():
            return []
        return sorted(each for each in folder.iterdir() if not each.name.startswith(".") and _is_bundle(each))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no name that a folder can have"
        raise BundleError(f"{str(folder)!r} cannot be read: {why}.") from error


def _is_bundle(folder: Path) -> bool:
    """Whether a folder has what a bundle has; a damaged one does too, and one that may not be looked into might."""
    try:
        return folder.is_dir() and any((folder / name).exists() for name in (_MANIFEST, _WEIGHTS, _CARD))
    except OSError:
        return True


def _bytes(folder: Path) -> int:
    try:
        return sum(each.stat().st_size for each in folder.iterdir() if each.is_file() and not each.is_symlink())
    except OSError:
        return 0


def _check_weights(folder: Path, table: Mapping[str, Any]) -> None:
    """BundleError for weights that are missing or of another size; their content is checked when they are used."""
    named, weights = table.get("weights"), folder / _WEIGHTS
    if named is None:
        return
    if not weights.is_file():
        raise BundleError(f"{weights} is missing. Get the bundle again.")
    if "bytes" in named and weights.stat().st_size != named["bytes"]:
        raise BundleError(f"{weights} is damaged: it does not have the {named['bytes']:,} bytes that {_MANIFEST} says.")


def _about(table: Mapping[str, Any]) -> dict[str, Any]:
    members = table.get("member") or [table]
    template, verbalizer = members[0].get("template", {}), members[0].get("verbalizer", {})
    metrics = table.get("metrics", {})
    return {
        "created": table.get("created", ""),
        "about": table.get("about", ""),
        "model": table.get("model", {}).get("name", ""),
        "labels": labels_of(verbalizer),
        "template": counted(len(members), "template") if "member" in table else template.get("text", ""),
        "metrics": {key: value for key, value in metrics.items() if _is_figure(value)},
    }


def _is_figure(value: object) -> bool:
    """Whether it is a finite number, or a list of such: all that is shown of figures."""
    if isinstance(value, list):
        return all(isinstance(one, int | float) and math.isfinite(one) for one in value)
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(folder: Path) -> dict[str, Any]:
    """The entry with the texts of the manifest and the card; a damaged bundle's are not read."""
    found = entry(folder)
    texts = ("", "") if found["problem"] else (_text(folder / _MANIFEST), _text(folder / _CARD)[:_LONGEST])
    return {**found, "manifest": texts[0], "card": texts[1]}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}.") from error


def _classifier(held: Held, folder: Path, say: Say) -> "Pipeline | Ensemble":
    from promptlab.pipeline import load

    table = read_manifest(folder)
    made = (str(folder.resolve()), _text(folder / _MANIFEST))
    kept = _TRIED.get(held)
    if kept is not None and kept[0] == made:
        return kept[1]
    _TRIED.pop(held, None)  # its model is let go before another takes its memory
    lm = held.lm
    classifier = (
        load(folder, lm) if lm is not None and _is_its(lm, table["model"]) else _loaded(held, folder, table, say)
    )
    _TRIED[held] = made, classifier
    return classifier


def _is_its(lm: "LanguageModel", named: Mapping[str, Any]) -> bool:
    own = (lm.state_key(), lm.dtype, lm.max_length)
    return own == (named["fingerprint"], named["dtype"], named["max_length"])


def _loaded(held: Held, folder: Path, table: Mapping[str, Any], say: Say) -> "Pipeline | Ensemble":
    from promptlab.jobs.engine.downloads import watched
    from promptlab.pipeline import load

    say({"kind": "phase", "text": "loading the model"})
    with watched(table["model"]["name"], say) as heard:
        return load(folder, threads=held.threads or None, say=heard)
