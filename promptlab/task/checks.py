"""Checks of a task before it is measured: rows, empty and repeated texts, leakage, labels, lengths."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from promptlab.task.columns import input_fields
from promptlab.task.example import Example, Task
from promptlab.task.label_checks import check_labels
from promptlab.task.repeats import UNLABELLED, Texts, check_repeats
from promptlab.task.report import Finding, Level, Report
from promptlab.task.select import splits_of
from promptlab.task.similar import Signatures, hash_text, words_of
from promptlab.text import counted

MOST_COMPARED = 200_000  # rows up to which near duplicates are looked for
_SHOWN = 20  # ids in a finding
_ROWS = 1024
Lengths = Callable[[Sequence[str]], Sequence[int]]


def check_task(task: Task, *, lengths: Lengths | None = None, limit: int | None = None) -> Report:
    """Look through all rows of a task once.

    Errors: the same text in two splits, the same text under two labels, a split of empty texts. Warnings: the rest that
    makes figures doubtful. ``lengths`` counts a model's pieces for some texts and ``limit`` is the most that it takes;
    without them lengths are in words.
    """
    splits = splits_of(task)
    if len(task.unlabelled):
        splits[UNLABELLED] = task.unlabelled
    compare = sum(map(len, splits.values())) <= MOST_COMPARED
    names = input_fields(task)
    scans = [
        _scan(split, rows, names=names, signatures=Signatures() if compare else None, lengths=lengths)
        for split, rows in splits.items()
    ]
    findings = [*_rows(scans), *_empty(scans)]
    counts = {scan.texts.split: Counter(filter(None, scan.texts.labels)) for scan in scans}
    findings += check_labels(task.labels, {split: count for split, count in counts.items() if split != UNLABELLED})
    findings += check_repeats([scan.texts for scan in scans])
    if not compare:
        sentence = f"Near duplicates were not looked for: there are more than {counted(MOST_COMPARED, 'row')}."
        findings.append(Finding("near_duplicates", "info", sentence))
    findings += [finding for scan in scans for finding in _lengths(scan, limit, "word" if lengths is None else "piece")]
    return Report(task.name, tuple(findings))


@dataclass(frozen=True)
class _Scan:
    """What one pass over a split keeps of each row."""

    texts: Texts
    empty: tuple[int, ...]
    lengths: NDArray[np.int32]


def _scan(
    split: str,
    rows: Sequence[Example],
    *,
    names: Sequence[str],
    signatures: Signatures | None,
    lengths: Lengths | None,
) -> _Scan:
    exact, normal = np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.uint64)
    counts = np.zeros(len(rows), np.int32)
    labels: list[str | None] = []
    empty: list[int] = []
    at = 0
    source = iter(rows)
    while chunk := list(islice(source, _ROWS)):
        texts = [" ".join(row.fields.get(name, "") for name in names) for row in chunk]
        words = [words_of(text) for text in texts]
        for number, (text, each) in enumerate(zip(texts, words, strict=True), start=at):
            exact[number] = hash_text(text)
            normal[number] = hash_text(" ".join(each) or text.strip())
            if not text.strip():
                empty.append(number)
            if signatures:
                signatures.add(each)
        counts[at : at + len(chunk)] = list(lengths(texts)) if lengths else [len(each) for each in words]
        labels += [row.label for row in chunk]
        at += len(chunk)
    signed = signatures.finish() if signatures else None
    return _Scan(Texts(split, rows, tuple(labels), exact, normal, frozenset(empty), signed), tuple(empty), counts)


def _rows(scans: Sequence[_Scan]) -> Iterator[Finding]:
    for scan in scans:
        split, n = scan.texts.split, len(scan.texts.rows)
        if split == UNLABELLED:
            sentence = f"{counted(n, 'row')} without a label: left out of every figure."
            yield Finding("unlabelled", "info", sentence, split, scan.texts.ids(range(min(n, _SHOWN))), {"rows": n})
        else:
            yield Finding("rows", "info", f"{split}: {counted(n, 'row')}.", split, counts={"rows": n})


def _empty(scans: Sequence[_Scan]) -> Iterator[Finding]:
    for scan in scans:
        split, n = scan.texts.split, len(scan.empty)
        if n:
            level: Level = "error" if n == len(scan.texts.rows) else "warning"
            sentence = f"{split}: {counted(n, 'empty text')}."
            yield Finding("empty", level, sentence, split, scan.texts.ids(scan.empty[:_SHOWN]), {"rows": n})


def _lengths(scan: _Scan, limit: int | None, unit: str) -> Iterator[Finding]:
    split, lengths = scan.texts.split, scan.lengths
    longest = int(lengths.max())
    middle, high = (int(value) for value in np.percentile(lengths, [50, 95]))
    counts = {"median": middle, "most_of_95_percent": high, "longest": longest}
    sentence = f"{split}: texts of {counted(middle, unit)} in the middle, 95% up to {high:,}, the longest {longest:,}."
    yield Finding("lengths", "info", sentence, split, counts=counts)
    if limit is None:
        return
    over = np.flatnonzero(lengths > limit)
    if len(over):
        sentence = f"{split}: {counted(len(over), 'text')} longer than {counted(limit, unit)}; they will be cut."
        ids = scan.texts.ids(over[:_SHOWN])
        yield Finding("too_long", "warning", sentence, split, ids, {"rows": len(over), "limit": limit})
