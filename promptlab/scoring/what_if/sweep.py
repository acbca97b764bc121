"""The sweep behind a what-if: every candidate under every label, a bounded block of candidates at a time."""

from collections.abc import Sequence

import torch
from torch import Tensor

from promptlab.scoring.what_if.bars import Bars
from promptlab.scoring.what_if.refit import refitted_right
from promptlab.scoring.what_if.scores import Candidates, Change, Standing, WordScores
from promptlab.scoring.what_if.table import Table

CHANGES: tuple[Change, ...] = ("add", "replace")


def sweep(
    source: WordScores,
    standing: Standing,
    candidates: Candidates,
    groups: Tensor,
    *,
    labels: Sequence[int] | None = None,
    refit: bool = False,
) -> Table:
    """How many rows of each group come out right with each candidate, a block of candidates at a time.

    ``groups`` (G, N) are ones and zeros. ``labels`` are those that candidates are tried under, by default all (C').
    """
    tried = range(len(standing.tables)) if labels is None else labels
    bars = {} if refit else {(change, c): Bars.of(standing, c, change, groups) for change in CHANGES for c in tried}
    counts = {change: torch.empty(len(groups), len(tried), len(candidates)) for change in CHANGES}
    contrast, pull = torch.empty(len(tried), len(candidates)), _pull(standing.targets, tried, groups[0])
    for part, scores in source.blocks(candidates):
        contrast[:, part] = pull @ scores
        out = torch.empty_like(scores)
        for change in CHANGES:
            for place, label in enumerate(tried):
                if refit:
                    changed = standing.tables[label].added(scores) if change == "add" else scores
                    counts[change][:, place, part] = refitted_right(standing, label, changed, groups)
                else:
                    counts[change][:, place, part] = bars[change, label].right(scores, out)
    return Table(counts, contrast)


def _pull(targets: Tensor, labels: Sequence[int], group: Tensor) -> Tensor:
    """(C', N): a label's rows less the other rows, each as a mean over those of the group."""
    own = torch.stack([(targets == label).float() * group for label in labels])
    others = (targets >= 0).float() * group - own
    return own / own.sum(1, keepdim=True).clamp_min(1) - others / others.sum(1, keepdim=True).clamp_min(1)
