"""The manifest of a bundle, read with suspicion: names, links, sizes, keys and types are checked before any use."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptlab.errors import BundleError, ConfigError
from promptlab.text import counted, listed, shorten
from promptlab.toml import read_toml, refuse_unknown
from promptlab.verbalizer import from_table

_NAMES = ("bundle.toml", "weights.safetensors", "README.md")
_MANIFEST_LIMIT = 16_000_000
_CLASSIFIER = {"template": dict, "verbalizer": dict, "demonstration": list}
_TOP = {
    "version": int,
    "created": str,
    "about": str,
    "versions": dict,
    "model": dict,
    "weights": dict,
    "member": list,
    "data": dict,
    "metrics": dict,
    "method": dict,
    "seeds": list,
    **_CLASSIFIER,
}
_MODEL = {"name": str, "revision": str, "fingerprint": str, "family": str, "dtype": str, "max_length": int}
_TEMPLATE = {"text": str, "truncate": str}
_DEMONSTRATION = {"id": str, "label": str, "fields": dict}
_WEIGHTS = {"sha256": str, "bytes": int}


def read_manifest(folder: Path) -> dict[str, Any]:
    """The checked tables of ``bundle.toml``; BundleError that names file and key for whatever should not be there."""
    _check_files(folder)
    where = str(folder / "bundle.toml")
    try:
        table = read_toml(folder / "bundle.toml")
    except ConfigError as error:
        raise BundleError(str(error)) from None
    except RecursionError:
        raise BundleError(f"{where} has tables inside tables, too deep to be read. Get the bundle again.") from None
    version = table.get("version")
    if isinstance(version, int) and version > 1:
        raise BundleError(f"{where} has version {version}, which a newer promptlab wrote. Update promptlab to use it.")
    _check(table, _TOP, ("version", "model"), where=where)
    _check(table["model"], {**_MODEL, "quantization": str}, tuple(_MODEL), where=f"{where}, [model]")
    if "weights" in table:
        _check(table["weights"], _WEIGHTS, ("sha256",), where=f"{where}, [weights]")
    _check_metrics(table.get("metrics", {}), where=f"{where}, [metrics]")
    if "member" in table:
        for number, member in enumerate(table["member"], start=1):
            _check_classifier(member, where=f"{where}, member {number}")
    else:
        _check_classifier({key: table[key] for key in _CLASSIFIER if key in table}, where=where)
    return table


def _check_files(folder: Path) -> None:
    if folder.is_symlink() or not folder.is_dir():
        what = "is a link" if folder.is_symlink() else "is a file" if folder.is_file() else "is not there"
        raise BundleError(f"{str(folder)!r} {what}; a bundle is a folder with bundle.toml in it.")
    for path in folder.iterdir():
        name = shorten(path.name, 60)
        if path.name not in _NAMES:
            raise BundleError(
                f"{folder}: {name!r} does not belong into a bundle, which holds {listed(_NAMES)} and nothing else."
            )
        if path.is_symlink() or not path.is_file():
            raise BundleError(f"{folder}: {name!r} is a link or not a plain file, which a bundle never holds.")
    manifest = folder / "bundle.toml"
    if not manifest.is_file():
        raise BundleError(f"{str(folder)!r} is not a bundle: it has no bundle.toml.")
    if manifest.stat().st_size > _MANIFEST_LIMIT:
        raise BundleError(
            f"{manifest} has {manifest.stat().st_size:,} bytes, too many for the description of a bundle."
        )


def _check_classifier(table: object, *, where: str) -> None:
    if not isinstance(table, dict):
        raise BundleError(f"{where}: must be a table.")
    _check(table, {**_CLASSIFIER, "weight": float}, ("template", "verbalizer"), where=where)
    weight = table.get("weight", 1.0)
    if not math.isfinite(weight) or weight < 0:
        raise BundleError(f"{where}: weight must be 0 or more, not {weight}.")
    _check(table["template"], _TEMPLATE, ("text", "truncate"), where=f"{where}, [template]")
    if table["template"]["truncate"] not in ("tail", "head", "balanced"):
        raise BundleError(f"{where}, [template]: truncate must be tail, head or balanced.")
    if table["verbalizer"].get("kind", "words") == "words":
        _check_words(table["verbalizer"], where=f"{where}, [verbalizer]")
    for number, shown in enumerate(table.get("demonstration", ()), start=1):
        place = f"{where}, demonstration {number}"
        _check(shown, _DEMONSTRATION, tuple(_DEMONSTRATION), where=place)
        if not all(isinstance(text, str) for text in shown["fields"].values()):
            raise BundleError(f"{place}: fields must be texts.")


def _check_words(table: Mapping[str, Any], *, where: str) -> None:
    try:
        from_table({key: value for key, value in table.items() if key != "kind"}, where=where)
    except ConfigError as error:
        raise BundleError(str(error)) from None


def _check_metrics(table: Mapping[str, Any], *, where: str) -> None:
    """The figures that are shown: accuracy, its interval and the number of rows."""
    shown = {"accuracy": float, "interval": list, "n": int}
    _check({key: table[key] for key in shown if key in table}, shown, (), where=where)
    interval = table.get("interval", [0.0, 0.0])
    if len(interval) != 2 or not all(isinstance(end, int | float) for end in interval):
        raise BundleError(f"{where}: interval must be two numbers.")


def _check(table: object, known: Mapping[str, type], needed: tuple[str, ...], *, where: str) -> None:
    if not isinstance(table, dict):
        raise BundleError(f"{where}: must be a table.")
    try:
        refuse_unknown(table, known, where=where)
    except ConfigError as error:
        raise BundleError(str(error)) from None
    missing = [key for key in needed if key not in table]
    if missing:
        raise BundleError(f"{where}: lacks {counted(len(missing), 'key')} ({listed(missing)}). Get the bundle again.")
    for key, value in table.items():
        right = known[key]
        fits = isinstance(value, int | float) if right is float else isinstance(value, right)
        if not fits or isinstance(value, bool):
            raise BundleError(f"{where}: {key} must be a {right.__name__}, not {shorten(str(value), 40)!r}.")
