"""Words of knowledge bases under the labels of a task: which of a file's labels is which, and what is left out."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from promptlab.errors import ConfigError
from promptlab.text import fold, listed, nearest, shorten
from promptlab.verbalizer.list_files import SHAPES, Entry, read_lists


@dataclass(frozen=True)
class WordList:
    """A file's words under the labels' names; ``mapping`` is the file's own name of each label -> ours, "" for none."""

    name: str
    words: Mapping[str, tuple[Entry, ...]]
    mapping: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """How the file's labels were matched."""
        shown = listed((f"{own} -> {label or 'left out'}" for own, label in self.mapping.items()), most=20)
        return f"{self.name}: {shown}."


def read_word_list(
    reference: str, labels: Sequence[str], *, names: Mapping[str, str] | None = None, folder: Path | None = None
) -> WordList:
    """A word list by ``FILE``, ``file.toml#name`` or, for a list without labels, ``LABEL=FILE``.

    A file's label belongs to the one of ``labels`` of the same name, case-folded, or to the one that ``names`` gives;
    others are left out, which ``mapping`` says. Raises ConfigError for a file in an unknown shape, one without labels
    where none is named, and one whose labels are all unknown; DataError for one that cannot be read.
    """
    prefix, _, rest = reference.partition("=")
    label = next((one for one in labels if fold(one) == fold(prefix)), None)
    path = (rest if label is not None else reference).strip()
    if label is None and rest and not Path(path).exists() and Path(rest).expanduser().exists():
        raise ConfigError(f"--list: there is no label {prefix!r}.{nearest(prefix, labels)} Known: {listed(labels)}.")
    found, notes = read_lists((folder or Path()) / Path(path).expanduser())
    shown = Path(path).name
    if label is not None:
        entries = _distinct(entry for listing in found.values() for entry in listing)
        return WordList(shown, {label: entries}, {own or "its words": label for own in found}, notes)
    if "" in found:
        raise ConfigError(
            f"{shown} has words without labels. Name theirs: --list {shorten(labels[0], 30)}={path}, or compare the "
            f"seeds with its words alone: --candidates {path}."
        )
    mapping = {own: _label_of(own, labels, names or {}) for own in found}
    if not any(mapping.values()):
        raise ConfigError(
            f"{shown} has words for {listed(shorten(own, 30) for own in mapping)}, and the labels are "
            f"{listed(shorten(one, 30) for one in labels)}: say which is which with "
            f"--map '{shorten(next(iter(mapping)), 30)}={shorten(labels[0], 30)}'. {SHAPES}"
        )
    words = {one: _distinct(e for own, to in mapping.items() if to == one for e in found[own]) for one in labels}
    return WordList(shown, {one: entries for one, entries in words.items() if entries}, mapping, notes)


def plain_words(reference: str, *, folder: Path | None = None) -> list[str]:
    """All the words of a list, whatever their labels."""
    found, _ = read_lists((folder or Path()) / Path(reference).expanduser())
    return list(dict.fromkeys(entry.text for listing in found.values() for entry in listing))


def parse_map(text: str, labels: Sequence[str]) -> dict[str, str]:
    """``World=world,Sci/Tech=sci`` as a file's name -> the label; ConfigError for another form or an unknown label."""
    by_fold = {fold(label): label for label in labels}
    names: dict[str, str] = {}
    for pair in text.split(","):
        own, _, label = (side.strip() for side in pair.rpartition("="))
        if not own or not label:
            raise ConfigError(f"--map: {pair.strip()!r} is not 'name in the file=label'.")
        if fold(label) not in by_fold:
            raise ConfigError(f"--map: there is no label {label!r}.{nearest(label, labels)} Known: {listed(labels)}.")
        names[fold(own)] = by_fold[fold(label)]
    return names


def check_map(names: Mapping[str, str], lists: Iterable[WordList]) -> None:
    """ConfigError for a name in ``--map`` that no list has."""
    known = [own for one in lists for own in one.mapping]
    for name in names:
        if name not in map(fold, known):
            there = f" They have {listed(known)}." if known else " Name a list with --list FILE."
            raise ConfigError(f"--map: no list has words for {name!r}.{nearest(name, known)}{there}")


def _label_of(own: str, labels: Sequence[str], names: Mapping[str, str]) -> str:
    return names.get(fold(own)) or next((label for label in labels if fold(label) == fold(own)), "")


def _distinct(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Each word once, as it came first; those with scores in the order of these."""
    by_fold: dict[str, Entry] = {}
    for entry in entries:
        by_fold.setdefault(fold(entry.text), entry)
    return tuple(sorted(by_fold.values(), key=lambda entry: math.inf if entry.score is None else -entry.score))
