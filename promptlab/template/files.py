"""Template files: TOML that people edit, one file a task, one table a template."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from promptlab.errors import ConfigError, TemplateError
from promptlab.template.parts import Template, Truncate
from promptlab.text import listed, nearest
from promptlab.toml import read_toml, refuse_unknown

FILE_KEYS = ("task", "kind", "labels", "guess")
ENTRY_KEYS = ("text", "source", "note", "truncate")


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a template file, its text not yet parsed."""

    text: str
    source: str = ""
    note: str = ""
    truncate: Truncate = "tail"


@dataclass(frozen=True)
class TemplateFile:
    """A template file. ``labels`` lists the sets of label names that such a task comes with, each in the same order;
    ``guess`` is False for a file that is only taken by name, as another has the same labels and fields.
    """

    path: Path
    task: str
    kind: str
    labels: tuple[tuple[str, ...], ...]
    guess: bool
    entries: Mapping[str, Entry]

    def template(self, name: str, *, called: str) -> Template:
        """One entry, parsed and named ``called``; ConfigError when it is not there, TemplateError when it is wrong."""
        if name not in self.entries:
            raise ConfigError(
                f"{self.path} has no template {name!r}.{nearest(name, self.entries)} It has {listed(self.entries)}."
            )
        entry = self.entries[name]
        try:
            return Template.parse(entry.text, truncate=entry.truncate, name=called, source=entry.source)
        except TemplateError as error:
            placed = TemplateError(f"{self.path}, template {name!r}: {error}")
            placed.line, placed.column = error.line, error.column
            raise placed from None


def read_templates(path: Path) -> TemplateFile:
    """The file's entries; ConfigError naming file and key for what is not as it should be."""
    document = read_toml(path)
    tables = {key: value for key, value in document.items() if isinstance(value, dict) and key not in FILE_KEYS}
    refuse_unknown([key for key in document if key not in tables], FILE_KEYS, where=str(path))
    if not tables:
        raise ConfigError(f'{path} has no template; write one as [name] with text = "..." under it.')
    return TemplateFile(
        path=path,
        task=_string(document, "task", where=str(path)) or path.stem,
        kind=_string(document, "kind", where=str(path)),
        labels=_label_sets(document.get("labels", []), where=str(path)),
        guess=_boolean(document, "guess", where=str(path)),
        entries={name: _entry(table, where=f"{path}, [{name}]") for name, table in tables.items()},
    )


def _entry(table: Mapping[str, Any], *, where: str) -> Entry:
    refuse_unknown(table, ENTRY_KEYS, where=where)
    text = _string(table, "text", where=where)
    if not text:
        raise ConfigError(f'{where}: needs text = "...", the template itself.')
    truncate = table.get("truncate", "tail")
    if truncate not in get_args(Truncate):
        raise ConfigError(f"{where}: truncate is {truncate!r}; it can be {listed(get_args(Truncate))}.")
    return Entry(text, _string(table, "source", where=where), _string(table, "note", where=where), truncate)


def _string(table: Mapping[str, Any], key: str, *, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"{where}: {key} is {value!r}, and text in quotes is needed.")
    return value


def _boolean(table: Mapping[str, Any], key: str, *, where: str) -> bool:
    value = table.get(key, True)
    if not isinstance(value, bool):
        raise ConfigError(f"{where}: {key} is {value!r}; it can be true or false.")
    return value


def _label_sets(value: object, *, where: str) -> tuple[tuple[str, ...], ...]:
    sets: list[Any] = value if isinstance(value, list) else [value]
    for names in sets:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ConfigError(f'{where}: labels is {value!r}; it holds lists of label names: [["no", "yes"]].')
        if len(names) != len(sets[0]):
            raise ConfigError(
                f"{where}: the lists of labels have {len(sets[0])} and {len(names)} names; give each as many."
            )
    return tuple(map(tuple, sets))
