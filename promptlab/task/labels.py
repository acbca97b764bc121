"""Label names: renamed, ordered, and checked against what the data hold."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from promptlab.errors import ConfigError, DataError
from promptlab.task.example import Task
from promptlab.text import counted, fold, listed, nearest, shorten

MOST_LABELS = 1000  # distinct labels above which a column of nearly as many values is taken for something else


def parse_labels(text: str) -> dict[str, str]:
    """``"1=positive,0=negative"`` as old name -> new name, and ``"negative,positive"`` as names kept in this order.

    Raises ConfigError for anything else, such as a name with a comma: those go into ``task.toml``.
    """
    pieces = [piece.strip() for piece in text.split(",")]
    pairs = [[side.strip() for side in piece.split("=", 1)] for piece in pieces]
    if all(len(pair) == 1 for pair in pairs):
        pairs = [[name, name] for (name,) in pairs]
    names: dict[str, str] = {}
    for pair, piece in zip(pairs, pieces, strict=True):
        if len(pair) != 2 or not all(pair):
            raise ConfigError(f"--labels: {piece!r} is not 'old=new'. Names with a comma go into task.toml, [labels].")
        if pair[0] in names:
            raise ConfigError(f"--labels: {pair[0]!r} is named twice.")
        names[pair[0]] = pair[1]
    return names


@dataclass(frozen=True, slots=True)
class LabelNames:
    """The labels in order, and every label as the files write it -> its name."""

    ordered: tuple[str, ...]
    names: Mapping[str, str]


def settle_labels(
    found: Mapping[str, Sequence[str]],
    *,
    given: Mapping[str, str] | None = None,
    usual: Sequence[str] = (),
    place: Callable[[str, str], str] = lambda split, label: split,
) -> LabelNames:
    """Names and order from what each split holds (split -> distinct labels in file order, train first).

    With ``given`` (old -> new) its order counts and it must cover the data; files that have the new names already are
    fine, and so are labels in other case where one name alone can be meant. Without it: ``usual`` names first, then
    numbers by size when all labels are numbers, else labels as they first appear. Spaces around a label count only
    where both forms occur. Raises DataError for a label that ``given`` lacks, with its ``place`` (of split and label).
    """
    seen = list(dict.fromkeys(label for labels in found.values() for label in labels))
    if given is None:
        if not usual and are_numbers(seen):
            seen.sort(key=float)
        names: dict[str, str] = {label: label for label in usual}
        for label in seen:
            bare = label.strip() if label.strip() not in seen else label
            names[label] = names.get(_twin(bare), bare)
        return LabelNames(tuple(dict.fromkeys(names.values())), names)
    ordered = tuple(dict.fromkeys(given.values()))
    names = {name: name for name in ordered} | dict(given)
    by_fold: dict[str, set[str]] = {}
    for old, new in names.items():
        by_fold.setdefault(fold(old), set()).add(new)
    for label in seen:
        if label not in names and len(meant := by_fold.get(fold(label), set())) == 1:
            names[label] = next(iter(meant))
    names |= {_twin(label): name for label, name in given.items() if _twin(label) and _twin(label) not in names}
    names |= {label: names[label.strip()] for label in seen if label not in names and label.strip() in names}
    renamed = {old for old, new in given.items() if old != new}  # spelt as they were meant
    for split, labels in found.items():
        unknown = next((label for label in labels if label not in names), None)
        if unknown is not None:
            raise DataError(
                f"{place(split, unknown)} has the label {shorten(unknown, 60)!r}, which the given labels lack."
                f"{nearest(unknown, [name for name in names if name not in renamed])} Given: {listed(names)}."
            )
    return LabelNames(ordered, names)


def _twin(label: str) -> str:
    """``1`` for ``1.0`` and the other way round: one label, which a gap in its column made a float in one file only."""
    whole = label.removesuffix(".0")
    if not whole.removeprefix("-").isdecimal():
        return ""
    return whole if whole != label else f"{label}.0"


def refuse_free_values(column: str, distinct: int, rows: int) -> None:
    """DataError when a label column holds nearly as many values as rows: a text, a number or an id."""
    if distinct > MOST_LABELS and distinct > rows / 10:
        raise DataError(
            f"The label column {column!r} holds {counted(distinct, 'different value')} in {counted(rows, 'row')}: "
            "these are no labels. Name another column with --label."
        )


def are_numbers(labels: Iterable[str]) -> bool:
    """Whether every label is a number, as ``float`` reads it; False without labels."""
    names = list(labels)
    try:
        return bool(names) and all(float(name) == float(name) for name in names)
    except ValueError:
        return False


def bare_numbers(task: Task) -> bool:
    """Whether the labels are numbers, which say nothing to a language model: they want names."""
    return are_numbers(task.labels)
