"""Saving: the template or the label words written into a file of the working folder, under a name that options take."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptlab.errors import ConfigError, PromptlabError
from promptlab.template import Template
from promptlab.template.files import FILE_KEYS
from promptlab.text import safe_text, shorten
from promptlab.toml import edit_toml, read_toml
from promptlab.tui.state.library_files import FOLDERS, Kind
from promptlab.tui.state.session import Session
from promptlab.tui.state.trash import keep_copy
from promptlab.verbalizer import check_words, save_words

_LONGEST = 60  # characters of a name
OPTIONS = {"template": "--template", "words": "--words"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where something is saved: the file of a task, and a name in it; ``reference`` is how the options name it."""

    kind: Kind
    task: str
    name: str

    @property
    def path(self) -> Path:
        """The file."""
        return Path(FOLDERS[self.kind]) / f"{self.task}.toml"

    @property
    def reference(self) -> str:
        """``task#name``."""
        return f"{self.task}#{self.name}"

    def named(self, name: str) -> "Target":
        """Another name in the same file."""
        return Target(self.kind, self.task, name)


def target_of(kind: Kind, typed: str, *, task: str) -> Target:
    """What a typed ``name`` or ``task#name`` means; ConfigError for one that could not be asked for again."""
    before, mark, behind = typed.strip().partition("#")
    target = Target(kind, before.strip() if mark else task, (behind if mark else before).strip())
    for what, part in (("name", target.name), ("task", target.task)):
        if not part:
            raise ConfigError(f"Type a {what}: reviews#mine is the name mine in the file of the task reviews.")
        if len(part) > _LONGEST or not re.fullmatch(r"\w[\w.-]*", part) or safe_text(part) != part:
            raise ConfigError(
                f"{shorten(part, 40)!r} cannot be a {what}: letters, digits, dots, dashes and underscores can stand in "
                f"it, at most {_LONGEST}, with a letter or digit first."
            )
        if part.casefold().endswith(".toml"):
            raise ConfigError(f"Leave the .toml out: a {what} is enough.")
    if target.name in FILE_KEYS:
        raise ConfigError(f"{target.name!r} means something else in such a file. Choose another name.")
    return target


def is_taken(target: Target) -> bool:
    """Whether the user's file has this name already; ConfigError for a file that cannot be read or parsed."""
    return target.path.exists() and target.name in read_toml(target.path)


def free_version(target: Target) -> Target:
    """The target, or the next version of it (``name-2``) that is not taken."""
    taken = read_toml(target.path) if target.path.exists() else {}
    stem = re.sub(r"-\d+$", "", target.name)
    number, free = 2, target
    while free.name in taken:
        free, number = target.named(f"{stem}-{number}"), number + 1
    return free


def proposed(kind: Kind, session: Session, task_name: str) -> Target:
    """The name that stands there at first: that of the own entry it comes from, or words of the text."""
    task = _as_name(Path(task_name).name.split(".")[0]) or "mine"
    known = session.template_name if kind == "template" else session.words.name if session.words else ""
    name = _as_name(known.rpartition("#")[2]) if "#" in known else ""
    target = Target(kind, task, name or _as_name(_told(kind, session)) or "mine")
    try:
        return free_version(target if target.name not in FILE_KEYS else target.named("mine"))
    except (ConfigError, OSError):
        return target  # what is wrong with the file is said where it is saved


def save(target: Target, session: Session, workspace: Path) -> Path | None:
    """Write it; the place of the file as it was, in the trash, where an entry of the name was replaced.

    Raises ConfigError with a sentence for what cannot be read again or a place that cannot be written, StoreError when
    the trash cannot be written; the file is as it was then.
    """
    problem = unsavable(target.kind, session)
    if problem:
        raise ConfigError(problem)
    try:
        older = keep_copy(workspace, target.path) if is_taken(target) else None
        if target.kind == "words":
            assert session.words is not None
            save_words(session.words, target.path, target.name)
        else:
            edit_toml(target.path, {target.name: _template_table(target, session)})
    except OSError as error:
        raise ConfigError(
            f"{target.path} cannot be written: {error.strerror or error}. It is kept as a draft."
        ) from error
    except ValueError as error:  # half of a character, which no file can hold
        raise ConfigError(f"{target.path} was not written: {shorten(str(error), 80)}.") from error
    return older


def unsavable(kind: Kind, session: Session) -> str:
    """Why it could not be read again from a file; empty when it could."""
    try:
        if kind == "words":
            if session.words is None:
                return "There are no label words yet. Open a table first (ctrl+o)."
            check_words(session.words, session.words.labels, shared=True)
        else:
            if not session.template.strip():
                return "The template is empty."
            Template.parse(session.template, truncate=session.truncate)
    except PromptlabError as error:
        return f"Not saved, as it could not be read again: {error}"
    return ""


def _template_table(target: Target, session: Session) -> dict[str, Any]:
    """The entry; the note and the source of the one that it replaces stay."""
    old = read_toml(target.path).get(target.name, {}) if target.path.exists() else {}
    kept = {key: old[key] for key in ("source", "note") if isinstance(old, dict) and key in old}
    cut = {} if session.truncate == "tail" else {"truncate": session.truncate}
    return {"text": session.template, **kept, **cut}


def _told(kind: Kind, session: Session) -> str:
    """A few words of what is saved: of the template without its fields, or the first word of each label."""
    if kind == "template":
        return " ".join(re.findall(r"[^\W_]+", re.sub(r"\{[^{}]*\}", " ", session.template))[:4])
    rows = session.words.words.values() if session.words else ()
    return " ".join(str(row[0]) for row in rows if row)


def _as_name(text: str) -> str:
    """Letters and digits in lower case with dashes between."""
    return "-".join(re.findall(r"\w+", text.lower()))[:40].strip("-")
