"""Choosing a verbalizer on a few labelled rows: kinds, depths and mixtures by the log-loss of rows left out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model import Depth, Readout
from promptlab.scoring.learned.candidates import LEARNERS, Candidate, Kind, list_candidates
from promptlab.scoring.learned.folds import Folds, make_folds
from promptlab.scoring.protocol import Verbalizer
from promptlab.scoring.threads import one_thread_everywhere
from promptlab.text import counted
from promptlab.verbalizer import LabelWords

KINDS: tuple[Kind, ...] = ("linear", "prototype")
# Rows that the choosing looks at; what was chosen is learnt from all.
MOST_ROWS = 1000


@dataclass(frozen=True)
class Tried:
    """A candidate: its mean log-loss and accuracy on rows left out, and how far behind the lowest log-loss it is, row
    by row: the standard error of that."""

    name: str
    depths: tuple[Depth, ...]
    log_loss: float
    error: float
    accuracy: float
    chosen: bool = False

    def to_json(self) -> dict[str, Any]:
        """The same in JSON's types."""
        figures = {"log_loss": self.log_loss, "error": self.error, "accuracy": self.accuracy}
        return {"name": self.name, "depths": list(self.depths), **figures, "chosen": self.chosen}


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen, learnt from all rows; every candidate, the lowest log-loss first; and why, in a sentence."""

    verbalizer: Verbalizer
    tried: tuple[Tried, ...]
    reason: str

    @property
    def chosen(self) -> Tried:
        """The candidate that was chosen."""
        return next(one for one in self.tried if one.chosen)


@one_thread_everywhere()
def choose(
    readout: Readout,
    targets: Tensor,
    labels: Sequence[str],
    *,
    words: LabelWords | None = None,
    depths: Sequence[Depth] = ("top",),
    kinds: Sequence[Kind] = KINDS,
    average: bool = False,
    seed: int = 13,
) -> Choice:
    """The best of the kinds at each depth, averaged over depths, each of these with the words, or the words alone; or
    a mixture of everything with a weight for each (see ``fit_shares``).

    Compared is the log-loss on labelled rows (N,) left out (see ``make_folds``), never on others. The mixture of
    everything is taken where it is within one standard error of the lowest, and else the lowest. ``words`` count as
    they are, with their calibration; None leaves them out. To ``average`` leaves the averages over all depths.
    Raises ConfigError for a label with one row, and without anything to choose from.
    """
    if not (kinds and depths) and words is None:
        raise ConfigError(f"There is nothing to choose from: give label words, or kinds ({', '.join(LEARNERS)}).")
    if average and len(depths) < 2:
        raise ConfigError("There is nothing to average over one depth: name two or more.")
    rows = _sample(targets, seed=seed)
    folds = make_folds(targets[rows], labels, seed=seed)
    few = readout if len(rows) == len(targets) else readout.select(rows)
    candidates = list_candidates(
        few, targets[rows], labels, words=words, depths=depths, kinds=kinds, folds=folds, average=average
    )
    best, tried = _compared(candidates, targets[rows])
    return Choice(best.learnt.build(readout, targets), tried, _reason(tried, len(rows), folds))


def _sample(targets: Tensor, *, seed: int) -> Tensor:
    """Places of the rows to choose on, each label's share kept where there are too many: (n,)."""
    if len(targets) <= MOST_ROWS:
        return torch.arange(len(targets))
    order = torch.randperm(len(targets), generator=torch.Generator().manual_seed(seed))
    kept = []
    for label in range(int(targets.max()) + 1):
        places = order[targets[order] == label]
        kept.append(places[: max(2, round(len(places) * MOST_ROWS / len(targets)))])
    return torch.cat(kept).sort().values


def _compared(candidates: Sequence[Candidate], targets: Tensor) -> tuple[Candidate, tuple[Tried, ...]]:
    """The one to take, and what to say of each, the lowest log-loss first."""
    losses = [one.losses(targets) for one in candidates]
    means = [float(one.mean()) for one in losses]
    lowest = means.index(min(means))
    behind = [one - losses[lowest] for one in losses]  # (N,) each
    errors = [float(one.std() / math.sqrt(len(one))) for one in behind]
    near = [place for place, mean in enumerate(means) if mean - means[lowest] <= errors[place]]
    best = next((place for place in near if candidates[place].weighed), lowest)
    tried = [
        Tried(one.name, one.depths, mean, error, _accuracy(one, targets), one is candidates[best])
        for one, mean, error in zip(candidates, means, errors, strict=True)
    ]
    return candidates[best], tuple(sorted(tried, key=lambda one: one.log_loss))


def _accuracy(candidate: Candidate, targets: Tensor) -> float:
    return float((candidate.learnt.held_out.argmax(-1) == targets).float().mean())


def _reason(tried: Sequence[Tried], rows: int, folds: Folds) -> str:
    lowest, chosen = tried[0], next(one for one in tried if one.chosen)
    on = f"on rows left out ({counted(rows, 'row')}, {counted(folds.fits, 'fit')} each)"
    told = f"{chosen.name}: log-loss {chosen.log_loss:.3f} {on}, of {counted(len(tried), 'candidate')}"
    if chosen is lowest:
        return f"{told} the lowest."
    return (
        f"{told}. The lowest, {lowest.name}, has {lowest.log_loss:.3f}, which is within one standard error "
        f"({chosen.error:.3f}): a mixture of everything is the safer choice."
    )
