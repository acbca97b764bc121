"""Label words by reference: written out, from a file, from the user's verbalizers/ folder or the shipped library."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from promptlab.errors import ConfigError
from promptlab.paths import library_folder
from promptlab.template.library import label_key, library_file, library_tasks, split_reference
from promptlab.text import fold, listed, nearest, shorten
from promptlab.verbalizer.check import check_labels, check_words
from promptlab.verbalizer.files import read_words
from promptlab.verbalizer.parse import label_names_as_words, parse_words
from promptlab.verbalizer.words import LabelWords


def resolve_words(
    reference: str, labels: Sequence[str], *, folder: Path | None = None, shared: bool = False
) -> tuple[LabelWords, ...]:
    """The label words that a reference names, in the order of the task's labels.

    With ``=`` and no ``.toml``: the words themselves. With ``.toml``: a file's entries, or one as ``file.toml#name``.
    Else ``task`` or ``task#name``, looked up in ``verbalizers/`` of ``folder`` (the working folder unless given), then
    in the library. Raises ConfigError for an unknown reference and for words that ``check_words`` refuses;
    with ``shared``, words of two labels in a file or the library are none of these.
    """
    if "=" in reference and ".toml" not in reference:
        return (parse_words(reference, labels),)
    path, entries = _chosen(reference, folder or Path())
    known_as = {} if ".toml" in reference else _library_names(path, labels)
    fitted = [
        replace(fit_labels(words, labels, known_as=known_as), name=f"{path}#{entry}")
        for entry, words in entries.items()
    ]
    for words in fitted:
        check_words(words, labels, shared=shared)
    return tuple(fitted)


def own_words(reference: str, *, folder: Path | None = None) -> tuple[LabelWords, ...]:
    """The label words that a reference names under their own labels, where there is no task to take labels from.

    Written out, the labels are what stands before each ``=``, up to a space or comma.
    """
    if "=" in reference and ".toml" not in reference:
        labels = re.findall(r"(?<![^\s,])([^\s,=]+)\s*=", reference)
        return (parse_words(reference, list(dict.fromkeys(labels))),)
    path, entries = _chosen(reference, folder or Path())
    return tuple(replace(words, name=f"{path}#{entry}") for entry, words in entries.items())


def library_verbalizers() -> tuple[str, ...]:
    """The names of the tasks that the shipped library has label words for."""
    return tuple(sorted(path.stem for path in library_folder("verbalizers").glob("*.toml")))


@lru_cache(maxsize=64)
def library_words(task: str) -> Mapping[str, LabelWords]:
    """The shipped label words of one of ``library_verbalizers()``, by name."""
    return read_words(library_folder("verbalizers") / f"{task}.toml")


def default_words(labels: Sequence[str], kind: str | None) -> tuple[LabelWords, str]:
    """The words for a task when none are given (the names of its labels), and the sentence that says so.

    ``kind`` is the library task that it looks like, whose words the sentence then points to. Raises ConfigError with
    the remedy when the labels are bare numbers.
    """
    words = label_names_as_words(labels)
    sentence = "No words given: the names of the labels are the words."
    if kind in library_verbalizers():
        references = [f"{kind}#{name}" for name in library_words(str(kind))]
        sentence += f" The library has others for such a task: --words {' or '.join(references[:2])}."
    return words, sentence


def fit_labels(words: LabelWords, labels: Sequence[str], *, known_as: Mapping[str, str] | None = None) -> LabelWords:
    """The same words under the task's own names of its labels, in its order.

    Names are compared case-folded; ``known_as`` says which label further names stand for. ConfigError for labels that
    are missing or unknown.
    """
    own = {fold(label): label for label in labels}
    exact = set(labels)
    names = {
        name: name if name in exact else own.get(fold(name), (known_as or {}).get(name, name)) for name in words.labels
    }
    check_labels(list(names.values()), labels)
    given = {label: name for name, label in names.items()}
    if len(given) != len(names):
        raise ConfigError(
            f"Two entries of the words stand for one label: {listed(map(repr, names))}; keep one for each."
        )
    renamed = {label: words.words[given[label]] for label in labels}
    calibration = words.calibration
    if calibration and calibration.label_prior is not None:
        prior = dict(zip(words.labels, calibration.label_prior, strict=True))
        calibration = replace(calibration, label_prior=tuple(prior[given[label]] for label in labels))
    return replace(words, words=renamed, calibration=calibration)


def _chosen(reference: str, here: Path) -> tuple[str, dict[str, LabelWords]]:
    """The file or task that a reference names, and its entries: one where the reference says which, else all."""
    path, name = split_reference(reference)
    entries = read_words(here / Path(path).expanduser()) if ".toml" in reference else _entries_of(path, here)
    if name and name not in entries:
        raise ConfigError(f"{path} has no label words {name!r}.{nearest(name, entries)} It has {listed(entries)}.")
    return path, {name: entries[name]} if name else entries


def _entries_of(task: str, here: Path) -> dict[str, LabelWords]:
    """What a bare name stands for: the user's entries, and the shipped ones that they do not replace."""
    own = sorted(path.stem for path in (here / "verbalizers").glob("*.toml"))
    shipped = library_verbalizers()
    entries = read_words(here / "verbalizers" / f"{task}.toml") if task in own else {}
    if task in shipped:
        entries = {**entries, **{name: words for name, words in library_words(task).items() if name not in entries}}
    if not entries:
        known = list(dict.fromkeys((*own, *shipped)))
        raise ConfigError(
            f"There are no label words {shorten(task, 40)!r}.{nearest(task, known)} Known: {listed(known, most=30)}. "
            "Words written out look like 'positive=great negative=bad'; a file's name ends in .toml."
        )
    return entries


def _library_names(task: str, labels: Sequence[str]) -> dict[str, str]:
    """Names that the library uses for the task's labels: ``positive`` for a label that the data calls ``pos``."""
    wanted = {label_key(label): label for label in labels}
    names: dict[str, str] = {}
    for spelled in library_file(task).labels if task in library_tasks() else ():
        if {label_key(name) for name in spelled} == wanted.keys():
            for other in library_file(task).labels:
                names |= {name: wanted[label_key(mine)] for name, mine in zip(other, spelled, strict=True)}
    return names
