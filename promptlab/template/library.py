"""Templates by reference: written out, from a file, from the user's templates/ folder or the shipped library."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

from promptlab.errors import ConfigError
from promptlab.paths import library_folder
from promptlab.template.files import TemplateFile, read_templates
from promptlab.template.parts import Field, Template
from promptlab.text import fold, listed, nearest, shorten

FALLBACK = " This is about {mask}."  # behind the field
_SHELL_ESCAPES = {"\\n": "\n", "\\t": "\t"}


def resolve_templates(reference: str, *, folder: Path | None = None) -> tuple[Template, ...]:
    """The templates that a reference names.

    With ``{`` or a newline: the template itself (``\\n`` is a newline, ``\\t`` a tab). With ``.toml``: a file's
    entries, or one as ``file.toml#name``. Else ``task`` or ``task#name``, looked up in ``templates/`` of ``folder``
    (the working folder unless given), then in the library; the user's entry wins over a shipped one of the same name.
    Raises ConfigError for an unknown reference, TemplateError for a template that does not parse.
    """
    if "{" in reference or "\n" in reference:
        return (Template.parse(shell_literal(reference)),)
    here = folder or Path()
    if ".toml" in reference:
        path, name = split_reference(reference)
        return _templates([read_templates(here / Path(path).expanduser())], path, name)
    task, name = split_reference(reference)
    return _templates(_files_of(task, here), task, name)


def shell_literal(text: str) -> str:
    r"""Text as typed in a shell: ``\n`` is a newline, ``\t`` a tab, every other backslash stays as it is."""
    return re.sub(r"\\.", lambda match: _SHELL_ESCAPES.get(match.group(), match.group()), text, flags=re.DOTALL)


def split_reference(reference: str) -> tuple[str, str]:
    """``("sst2", "it-was")`` for ``sst2#it-was``; an empty name stands for all entries. A path may hold ``#``."""
    file = re.fullmatch(r"(.*\.toml)(?:#(.*))?", reference, re.DOTALL)
    if file:
        return file[1], file[2] or ""
    path, _, name = reference.partition("#")
    return path, name


def library_tasks() -> tuple[str, ...]:
    """The names of the tasks that the shipped library has templates for."""
    return tuple(sorted(path.stem for path in library_folder("templates").glob("*.toml")))


@lru_cache(maxsize=64)
def library_file(task: str) -> TemplateFile:
    """The shipped templates of one of ``library_tasks()``."""
    return read_templates(library_folder("templates") / f"{task}.toml")


def label_key(name: str) -> str:
    """The form in which label names of the library and of a task are compared: ``Sci/Tech`` is ``sci_tech``."""
    return fold(re.sub(r"(?<=\w)[\s_/&-]+(?=\w)", " ", name))


def guess_kind(labels: Sequence[str], fields: Collection[str]) -> str | None:
    """The library task that a data set with these labels and fields looks like; None when there is none."""
    wanted = sorted(map(label_key, labels))
    for task in library_tasks():
        file = library_file(task)
        if (
            file.guess
            and any(sorted(map(label_key, names)) == wanted for names in file.labels)
            and _first(file, fields)
        ):
            return task
    return None


def default_template(labels: Sequence[str], fields: Sequence[str]) -> tuple[Template, str]:
    """The template for a task when none is given, and the sentence that says which and why."""
    task = guess_kind(labels, fields)
    template = _first(library_file(task), fields) if task else None
    if template:
        why = f"the library's first for the labels {listed(shorten(label, 30) for label in labels)}"
        return template, f"No template given: {template.name}, {why}: {shorten(str(template), 100)}"
    field = "text" if "text" in fields or not fields else fields[0]
    template = Template((Field(field), *Template.parse(FALLBACK).parts))
    return template, f"No template given, and the library has none for these labels: {shorten(str(template), 100)}"


def _first(file: TemplateFile, fields: Collection[str]) -> Template | None:
    """The file's first template whose fields are all there."""
    templates = (file.template(name, called=f"{file.path.stem}#{name}") for name in file.entries)
    return next((template for template in templates if set(template.fields()) <= set(fields)), None)


def _files_of(task: str, here: Path) -> list[TemplateFile]:
    """The files that a bare name stands for, the user's first."""
    own = sorted(path.stem for path in (here / "templates").glob("*.toml"))
    shipped = library_tasks()
    files = [read_templates(here / "templates" / f"{task}.toml")] if task in own else []
    files += [library_file(task)] if task in shipped else []
    if not files:
        known = list(dict.fromkeys((*own, *shipped)))
        raise ConfigError(
            f"There are no templates {shorten(task, 40)!r}.{nearest(task, known)} Known: {listed(known, most=30)}. "
            "A template written out has {mask} in it; a file's name ends in .toml."
        )
    return files


def _templates(files: Sequence[TemplateFile], path: str, name: str) -> tuple[Template, ...]:
    """One entry of the first file that has it, or all entries of all files, a name once."""
    owners = {entry: file for file in reversed(files) for entry in file.entries}
    if name:
        owner = owners.get(name, files[-1])
        return (owner.template(name, called=f"{path}#{name}"),)
    entries = dict.fromkeys(entry for file in files for entry in file.entries)
    return tuple(owners[entry].template(entry, called=f"{path}#{entry}") for entry in entries)
