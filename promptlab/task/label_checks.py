"""Checks of labels: how many rows each has, likely typing errors, imbalance, labels that a split lacks."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from promptlab.task.labels import are_numbers
from promptlab.task.report import Finding
from promptlab.task.spelling import is_misspelt, spaced, squeezed
from promptlab.text import counted, listed, shorten

_IMBALANCE = 3  # rows of the most frequent label for one of the rarest: above it batch calibration misleads
_TYPING_ERROR = 5  # a label this many times rarer than one spelled alike is likely a typing error of it
_FEW = 20  # times fewer rows than the average label has
_RARE = 3  # rows


def check_labels(labels: Sequence[str], counts: Mapping[str, Counter[str]]) -> Iterator[Finding]:
    """Findings about a task's labels, given in order, and the rows that each has (split -> label -> n)."""
    for split, count in counts.items():
        shares = ", ".join(f"{shorten(label, 40)} {count[label]:,}" for label in labels[:20])
        more = f" and {len(labels) - 20} more" if len(labels) > 20 else ""
        yield Finding("labels", "info", f"{split}: {shares}{more}.", split, counts=dict(count))
        yield from _missing(labels, split, count)
        yield from _imbalance(split, count)
    total: Counter[str] = sum(counts.values(), Counter())
    if len(total) == 1:
        (label,) = total
        sentence = f"There is only one label: every row has {shorten(label, 40)!r}, so there is nothing to tell apart."
        yield Finding("one_label", "error", sentence, counts=dict(total))
    yield from _spelled_alike(total)
    yield from _rare(total)


def _missing(labels: Sequence[str], split: str, count: Counter[str]) -> Iterator[Finding]:
    missing = [label for label in labels if not count[label]]
    if missing and count:
        names = listed(repr(shorten(label, 40)) for label in missing)
        yield Finding("missing_label", "warning", f"{split} has no row with the label {names}.", split)


def _imbalance(split: str, count: Counter[str]) -> Iterator[Finding]:
    (most, high), *_, (least, low) = count.most_common() if len(count) > 1 else [("", 1), ("", 1)]
    if high > _IMBALANCE * low:
        yield Finding(
            "imbalance",
            "warning",
            f"{split}: {counted(high, 'row')} of {shorten(most, 40)!r} and {low:,} of {shorten(least, 40)!r}, more "
            f"than {_IMBALANCE}:1. Read balanced accuracy and macro-F1 too.",
            split,
            counts={most: high, least: low},
        )


def _spelled_alike(total: Counter[str]) -> Iterator[Finding]:
    """Labels that differ in case, spaces and punctuation only; and rare labels close to a frequent one."""
    by_form: dict[str, list[str]] = {}
    keys: dict[str, str] = {}
    for label in total:
        by_form.setdefault(keys.setdefault(squeezed(label), spaced(label)), []).append(label)
    for same in by_form.values():
        if len(same) > 1:
            yield _typo(same, total, "differ only in case, spaces or punctuation")
    if are_numbers(total):
        return
    forms = {label: spaced(label) for label, _ in total.most_common()}
    for label in total:
        close = _meant(label, forms, total)
        if close is not None and squeezed(label) != squeezed(close):
            yield _typo([close, label], total, "are spelled nearly alike, and one is rare")


def _meant(label: str, forms: Mapping[str, str], total: Counter[str]) -> str | None:
    """The most frequent of the labels (label -> its form, most rows first) that this one may be mistyped of."""
    frequent = takewhile(lambda other: total[other] >= _TYPING_ERROR * total[label], forms)
    return next((other for other in frequent if is_misspelt(forms[label], forms[other])), None)


def _typo(labels: Sequence[str], total: Counter[str], reason: str) -> Finding:
    names = listed(f"{shorten(label, 40)!r} ({counted(total[label], 'row')})" for label in labels)
    sentence = f"The labels {names} {reason}: a typing error? task.toml, [labels], can join them."
    return Finding("label_typo", "warning", sentence, counts={label: total[label] for label in labels})


def _rare(total: Counter[str]) -> Iterator[Finding]:
    average = total.total() / max(len(total), 1)
    for label, rows in total.items():
        if rows <= _RARE and average >= _FEW * rows:
            sentence = f"The label {shorten(label, 40)!r} has only {counted(rows, 'row')}: its figures say little."
            yield Finding("rare_label", "warning", sentence, counts={label: rows})
