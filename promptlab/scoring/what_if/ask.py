"""What if: the accuracy with each candidate word added to a label or in place of its words, and without each word.

Exact, from readouts alone: what a ``WordVerbalizer`` of the changed words would reach. A candidate counts with the
weight 1. What is calibrated stays so: a frozen prior over the labels is left as it is (``refit`` fits it anew for every
change instead, as batch calibration does), and with priors of words each candidate has its own divided out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from promptlab.errors import DataError
from promptlab.model import Readout
from promptlab.scoring.threads import one_thread
from promptlab.scoring.what_if.outcomes import outcomes
from promptlab.scoring.what_if.scores import Candidates, Standing, WordScores, block_width
from promptlab.scoring.what_if.sweep import sweep
from promptlab.scoring.what_if.table import Confused, WhatIf, Worth
from promptlab.verbalizer import LabelWords, Word


def effects(
    readout: Readout, words: LabelWords, targets: Tensor, candidates: Mapping[str, Sequence[Word | str]]
) -> dict[str, list[float]]:
    """By how much the accuracy over the labelled rows changes if each candidate were added to its label.

    ``targets`` (N,) are places of labels, -1 for a row without one. Raises NeedsReading for words that must be read
    whole, DataError when no row has a label.
    """
    with one_thread():
        source = WordScores((readout,), words)
        standing, everyone = Standing.of(source, targets), (targets >= 0).float()[None]
        rows, now = float(_counted(everyone)[0]), float((standing.predictions() == targets).sum())
        found = {}
        for label, texts in candidates.items():
            table = sweep(source, standing, Candidates.of(texts), everyone, labels=(words.labels.index(label),))
            found[label] = [(count - now) / rows for count in table.counts["add"][0, 0].tolist()]
        return found


def removals(readout: Readout, words: LabelWords, targets: Tensor) -> dict[str, list[float | None]]:
    """By how much the accuracy over the labelled rows changes without each word that counts; None for an only word.

    ``targets`` and errors are as in ``effects``.
    """
    with one_thread():
        standing = Standing.of(WordScores((readout,), words), targets)
        rows = float(_counted((targets >= 0).float()[None])[0])
        now = float((standing.predictions() == targets).sum())
        found: dict[str, list[float | None]] = {}
        for place, (label, table) in enumerate(zip(words.labels, standing.tables, strict=True)):
            parts = torch.split(table.without(), block_width(len(readout)), dim=1)  # (N, k) in blocks of words
            right = torch.cat([outcomes(standing, place, part).right.sum(0) for part in parts])  # (k,)
            changes = [(count - now) / rows for count in right.tolist()]
            found[label] = [None] if len(changes) == 1 else list(changes)
        return found


def what_if(
    readouts: Sequence[Readout],
    words: LabelWords,
    targets: Tensor,
    candidates: Candidates,
    *,
    seed: int = 13,
    refit: bool = False,
    pairs: int = 3,
    support: Sequence[Readout] = (),
) -> WhatIf:
    """The table of every candidate under every label, on a half of the rows to choose with and on the other half.

    ``readouts`` hold the same N rows read with one template or several, ``targets`` (N,) places of labels, -1 without
    one. The halves are seeded and hold each label's rows evenly. The ``pairs`` of labels most confused on the first
    half come with the words that would tell them apart. With priors of words, candidates have theirs from ``support``,
    by default from the rows. Raises NeedsReading for words that must be read whole, DataError for fewer than two rows.
    """
    with one_thread():
        source = WordScores(tuple(readouts), words, tuple(support))
        standing, halves = Standing.of(source, targets), split_halves(targets, seed=seed)
        right = _right_now(standing, refit=refit)
        confused = _most_confused(_predicted(standing, refit=refit)[halves[0] > 0], targets[halves[0] > 0], pairs)
        members = [halves * ((targets == a) | (targets == b)) for (a, b), _ in confused]
        groups = torch.cat([halves, *members])  # (2 + 2 P, N)
        rows = _counted(groups[:2])
        table = sweep(source, standing, candidates, groups, refit=refit)
        return WhatIf(
            words=words,
            candidates=candidates,
            rows=(int(rows[0]), int(rows[1])),
            now=tuple((halves @ right / rows).tolist()),
            table=table,
            worth=_worth(standing, words, halves, right, refit=refit),
            confused=tuple(
                Confused((a, b), count, 2 + 2 * place, member.sum(1), member @ right)
                for place, (((a, b), count), member) in enumerate(zip(confused, members, strict=True))
            ),
        )


def split_halves(targets: Tensor, *, seed: int) -> Tensor:
    """(2, N), ones and zeros: each label's rows in a seeded order, every other one to the second half.

    Rows without a label are in neither. A label's odd row goes to the half that has fewer. Raises DataError for fewer
    than two labelled rows.
    """
    halves, generator, ahead = torch.zeros(2, len(targets)), torch.Generator().manual_seed(seed), 0
    for label in range(int(targets.max()) + 1 if len(targets) else 0):
        rows = torch.nonzero(targets == label)[:, 0]
        order = rows[torch.randperm(len(rows), generator=generator)]
        halves[ahead, order[::2]], halves[1 - ahead, order[1::2]] = 1, 1
        ahead = (ahead + len(rows)) % 2
    if halves.sum() < 2:
        raise DataError("Two rows with a label are needed, one to choose with and one to report on.")
    return halves


def _counted(groups: Tensor) -> Tensor:
    rows = groups.sum(1)
    if not rows.all():
        raise DataError("No row has a label, so nothing can be said about accuracy.")
    return rows


def _predicted(standing: Standing, *, refit: bool) -> Tensor:
    """(N,): the labels as they are given now; with ``refit`` after a prior that is fitted on these rows."""
    if not refit:
        return standing.predictions()
    plain = standing.scores + standing.prior
    prior = plain.log_softmax(1).logsumexp(0)
    return (plain - prior).argmax(1)


def _right_now(standing: Standing, *, refit: bool) -> Tensor:
    return (_predicted(standing, refit=refit) == standing.targets).float()


def _worth(
    standing: Standing, words: LabelWords, halves: Tensor, right: Tensor, *, refit: bool
) -> dict[str, tuple[Worth, ...]]:
    """By how much the accuracy on each half would fall without each word; none where it is the label's only one."""
    found, rows = {}, halves.sum(1, keepdim=True)
    for place, (label, table) in enumerate(zip(words.labels, standing.tables, strict=True)):
        without = halves @ outcomes(standing, place, table.without(), refit=refit).right.float() / rows  # (2, k)
        worth = (halves @ right)[:, None] / rows - without
        is_only = len(table.words) == 1
        found[label] = tuple(
            Worth(word, None if is_only else (chosen, other))
            for word, chosen, other in zip(table.words, *worth.tolist(), strict=True)
        )
    return found


def _most_confused(predicted: Tensor, targets: Tensor, most: int) -> list[tuple[tuple[int, int], int]]:
    """Pairs of labels given for each other, and on how many rows, the most frequent first."""
    given = zip(predicted.tolist(), targets.tolist(), strict=True)
    counts = Counter((min(pair), max(pair)) for pair in given if pair[0] != pair[1] and pair[1] >= 0)
    return counts.most_common(most)
