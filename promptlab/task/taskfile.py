"""``task.toml``: what a folder says about its columns, labels, derived fields and files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptlab.errors import ConfigError
from promptlab.task.formats import SPLITS
from promptlab.toml import read_toml, refuse_unknown

NAME = "task.toml"
_KEYS = ("name", "text", "label", "labels", "fields", "files")


@dataclass(frozen=True)
class TaskFile:
    """The file's keys, None or empty where it is silent; ``labels`` is old name -> new name, in order."""

    name: str | None = None
    text: str | None = None
    label: str | None = None
    labels: Mapping[str, str] | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None


def read_task_file(path: Path) -> TaskFile:
    """Read ``task.toml``; ConfigError for an unknown key or a value of the wrong kind."""
    table = read_toml(path)
    refuse_unknown(table, _KEYS, where=str(path))
    name, text, label = (_text(table, key, path) for key in ("name", "text", "label"))
    labels = _labels(table["labels"], path) if "labels" in table else None
    fields, files = (_texts(table, key, path) for key in ("fields", "files"))
    refuse_unknown(files, SPLITS, where=f"{path}, [files]")
    if text and "text" in fields:
        raise ConfigError(f"{path}: text and [fields] both say what text is. Keep one of them.")
    return TaskFile(name, text, label, labels, fields, files, path)


def _text(table: Mapping[str, Any], key: str, path: Path) -> str | None:
    value = table.get(key)
    if value is not None and not (isinstance(value, str) and value):
        raise ConfigError(f"{path}: {key} = {value!r} must be a text.")
    return value


def _texts(table: Mapping[str, Any], key: str, path: Path) -> dict[str, str]:
    values = table.get(key, {})
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: {key} must be a table, [{key}].")
    for name, value in values.items():
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{path}, [{key}]: {name} = {value!r} must be a text.")
    return values


def _labels(value: object, path: Path) -> dict[str, str]:
    if isinstance(value, list):
        names = [_label(each, path) for each in value]
        if len(set(names)) != len(names):
            raise ConfigError(f"{path}: labels names one label twice.")
        pairs = {name: name for name in names}
    elif isinstance(value, dict):
        pairs = {old: _label(new, path) for old, new in value.items()}
    else:
        raise ConfigError(f"{path}: labels must be a list of names, or a table of old = new.")
    if not pairs:
        raise ConfigError(f"{path}: labels is empty. List the labels, or leave the key out.")
    return pairs


def _label(value: object, path: Path) -> str:
    """A label as it stands in the data: TOML's ``1`` and ``true`` are the texts 1 and true."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)) or (isinstance(value, str) and value.strip()):
        return str(value)
    raise ConfigError(f"{path}: labels holds {value!r}, which is no name.")
