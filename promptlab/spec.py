"""RunSpec: what a run is, under the names of the command's options, from TOML and options alike."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from promptlab.errors import ConfigError
from promptlab.options import bind, convert
from promptlab.toml import read_toml, refuse_unknown
from promptlab.verbalizer.words import CalibrationKind

__all__ = ["RunSpec", "bind"]

_TABLES = ("search", "fit")
_AT_LEAST_ONE = ("limit", "k")


@dataclass(frozen=True)
class RunSpec:
    """The options of a run; ``model``, ``template``, ``words`` and ``seeds`` may list several, which is a sweep.

    Empty ``template`` and ``words`` mean the defaults for the task. ``labels`` renames labels
    (``1=positive,0=negative``), ``text`` and ``label`` name columns. ``search`` and ``fit`` hold options of the method
    that they name, checked by ``bind`` when it is known. ConfigError for a value that no run can have.
    """

    task: str | None = None
    model: tuple[str, ...] = ("embedded",)
    template: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    split: str | None = None
    limit: int | None = None
    k: int | None = None
    seed: int = 13
    seeds: tuple[int, ...] = ()
    minutes: float | None = None
    calibrate: CalibrationKind | None = None
    dtype: str | None = None
    labels: str | None = None
    text: str | None = None
    label: str | None = None
    out: str | None = None
    search: Mapping[str, Any] = field(default_factory=dict)
    fit: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in _AT_LEAST_ONE:
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ConfigError(f"{name} must be 1 or more, not {number}.")
        if self.minutes is not None and self.minutes <= 0:
            raise ConfigError(f"minutes must be above 0, not {self.minutes:g}.")
        if min(self.seed, *self.seeds, 0) < 0:
            raise ConfigError("seed and seeds must be 0 or more.")

    @classmethod
    def from_toml(cls, path: Path) -> "RunSpec":
        """Read a spec's file; ConfigError when it cannot be read or holds an unknown key or a wrong value."""
        return cls.from_table(read_toml(path), where=str(path))

    @classmethod
    def from_table(cls, table: Mapping[str, Any], *, where: str) -> "RunSpec":
        """A spec from names and values as TOML or the command has them; ``where`` stands in the errors."""
        refuse_unknown(table, [one.name for one in fields(cls)], where=where)
        types = get_type_hints(cls)
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key in _TABLES:
                values[key] = _table(value, where=f"{where}: [{key}]")
            else:
                # One template is one text, whatever commas stand in it.
                one = [value] if isinstance(value, str) and types[key] == tuple[str, ...] else value
                values[key] = convert(one, types[key], where=f"{where}: {key}")
        return cls(**values)

    def override(self, **options: Any) -> "RunSpec":
        """The same with other options; None means not given, and tables are joined key by key."""
        given = {key: value for key, value in options.items() if value is not None}
        for key in _TABLES:
            if key in given:
                given[key] = {**getattr(self, key), **given[key]}
        return RunSpec.from_table({**self.to_table(), **given}, where="options")

    def to_table(self) -> dict[str, Any]:
        """What differs from the defaults, in TOML's types; ``from_table`` is its inverse."""
        plain = RunSpec()
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {key: _written(value) for key, value in values.items() if value != getattr(plain, key)}

    def hash(self, *, resolved: Mapping[str, Any] | None = None) -> str:
        """The identity of the run's result: SHA-256 in hex, the same whatever the order of keys.

        ``resolved`` holds, in JSON's types, what references stood for (a template's text, label words, the model's
        commit, the data's fingerprint) and takes their place. ``out`` says where and not what, and stays out.
        """
        table = {**self.to_table(), **(resolved or {})}
        table.pop("out", None)
        text = json.dumps(table, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _written(value: Any) -> Any:
    """A sweep of one is written as the one."""
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _table(value: object, *, where: str) -> dict[str, Any]:
    """The options of a method: any names, the types that TOML and JSON share."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} is a table of options, not {value!r}.")
    try:
        json.dumps(dict(value), allow_nan=False)
    except (TypeError, ValueError):
        raise ConfigError(f"{where} may hold texts, numbers, true, false and lists; dates and nan are none.") from None
    return dict(value)
