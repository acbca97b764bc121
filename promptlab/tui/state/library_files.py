"""The library's files: templates and label words of the working folder and the shipped ones, read for the tree."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from promptlab.errors import PromptlabError
from promptlab.template import Template
from promptlab.template.files import TemplateFile, read_templates
from promptlab.template.library import label_key, library_file, library_tasks
from promptlab.text import fold, listed, shorten
from promptlab.verbalizer import LabelWords
from promptlab.verbalizer.files import read_words
from promptlab.verbalizer.library import library_verbalizers, library_words

Kind = Literal["template", "words"]
FOLDERS: Mapping[Kind, str] = {"template": "templates", "words": "verbalizers"}
_MOST = 2000  # files of one folder that are read


@dataclass(frozen=True)
class Entry:
    """A template or a set of label words; ``value`` is None for one with a ``problem``. ``about`` is a line of it."""

    name: str
    reference: str
    value: Template | LabelWords | None
    about: str = ""
    problem: str = ""


@dataclass(frozen=True)
class LibraryFile:
    """A file: what kind of things are in it, its task, whether it is the user's; ``problem`` when it cannot be read."""

    kind: Kind
    task: str
    path: Path
    is_own: bool
    entries: tuple[Entry, ...] = ()
    problem: str = ""


def read_library(folder: Path) -> tuple[LibraryFile, ...]:
    """Every file, those of ``folder`` first. Shipped entries that one of the user's replaces are left out."""
    own = [*_own(folder, "template"), *_own(folder, "words")]
    taken = {(file.kind, entry.reference) for file in own for entry in file.entries}
    shipped = [_templates(library_file(task), is_own=False) for task in library_tasks()]
    shipped += [_shipped_words(task) for task in library_verbalizers()]
    left = [
        LibraryFile(file.kind, file.task, file.path, False, tuple(kept))
        for file in shipped
        if (kept := [entry for entry in file.entries if (file.kind, entry.reference) not in taken])
    ]
    return (*own, *left)


def unfit(file: LibraryFile, entry: Entry, fields: Sequence[str], labels: Sequence[str]) -> str:
    """Why an entry does not go with the open table; empty where it does, and while no table is open."""
    if entry.problem or not labels:
        return entry.problem
    if isinstance(entry.value, Template):
        missing = [name for name in entry.value.fields() if name not in fields]
        return f"It needs {listed(map(repr, missing))}, which the table does not have." if missing else ""
    if isinstance(entry.value, LabelWords) and not _labels_fit(file.task, entry.value.labels, labels):
        return f"These words are for the labels {listed(shorten(name, 24) for name in entry.value.labels)}."
    return ""


def reference_to(kind: Kind, task: str, name: str) -> str:
    """How the options name an entry: ``task#name``, or with the file's path where that would be read as a text."""
    is_plain = re.fullmatch(r"[^#={}\n]+", task) and not re.search(r"[={}\n]", name) and ".toml" not in task + name
    return f"{task}#{name}" if is_plain else f"{FOLDERS[kind]}/{task}.toml#{name}"


def _own(folder: Path, kind: Kind) -> list[LibraryFile]:
    """The user's files of a kind; one that cannot be read is there with its problem."""
    found = []
    for path in sorted((folder / FOLDERS[kind]).glob("*.toml"))[:_MOST]:
        try:
            if kind == "template":
                found.append(_templates(read_templates(path), is_own=True))
            else:
                found.append(_words(path, read_words(path), is_own=True))
        except PromptlabError as error:
            found.append(LibraryFile(kind, path.stem, path, True, problem=str(error)))
    return found


def _shipped_words(task: str) -> LibraryFile:
    return _words(Path(f"{task}.toml"), library_words(task), is_own=False)


def _words(path: Path, entries: Mapping[str, LabelWords], *, is_own: bool) -> LibraryFile:
    made = (
        Entry(name, reference_to("words", path.stem, name), words, _words_line(words))
        for name, words in entries.items()
    )
    return LibraryFile("words", path.stem, path, is_own, tuple(made))


def _templates(file: TemplateFile, *, is_own: bool) -> LibraryFile:
    task = file.path.stem
    return LibraryFile("template", task, file.path, is_own, tuple(_template(file, name) for name in file.entries))


def _template(file: TemplateFile, name: str) -> Entry:
    reference, entry = reference_to("template", file.path.stem, name), file.entries[name]
    remarks = " ".join(part for part in (entry.note, f"({entry.source})" if entry.source else "") if part)
    about = f"{entry.text}\n{remarks}" if remarks else entry.text
    try:
        return Entry(name, reference, file.template(name, called=reference), about)
    except PromptlabError as error:
        return Entry(name, reference, None, about, str(error))


def _words_line(words: LabelWords) -> str:
    """The words a label a line, the first of each."""
    lines = [f"{label}: {listed(map(str, words.active(label)), most=6)}" for label in words.labels[:20]]
    return "\n".join(lines)


def _labels_fit(task: str, names: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether label words under these names can be those of the labels, by themselves or by what the library knows."""
    if _keys(names, fold) == _keys(labels, fold):
        return True
    if task not in library_tasks():
        return False
    spellings = library_file(task).labels
    known = {label_key(name) for spelled in spellings for name in spelled}
    return _keys(names) <= known and any(_keys(spelled) == _keys(labels) for spelled in spellings)


def _keys(names: Iterable[str], key: Callable[[str], str] = label_key) -> set[str]:
    return {key(name) for name in names}
