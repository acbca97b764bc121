"""What choosing a verbalizer tries: kinds at each depth, averages over depths, these with the words, all weighed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import torch
from torch import Tensor

from promptlab.model import Depth, Readout
from promptlab.model.readout import height
from promptlab.results import wording
from promptlab.scoring.learned.folds import Folds, Learnt, fit_temperature, log_losses
from promptlab.scoring.learned.linear import learn_linear
from promptlab.scoring.learned.prototypes import learn_means
from promptlab.scoring.learned.protoverb import learn_protoverb
from promptlab.scoring.learned.weighing import fit_shares
from promptlab.scoring.mixture import MixedVerbalizer
from promptlab.scoring.protocol import Verbalizer
from promptlab.scoring.weights import learn_weights
from promptlab.scoring.words import WordVerbalizer
from promptlab.text import counted
from promptlab.verbalizer import LabelWords

Kind = Literal["linear", "prototype", "protoverb"]
# How many of a kind's best depths are averaged, besides all of them.
BEST = (2, 3, 4)


class Learner(Protocol):
    """What learns one kind at one depth."""

    def __call__(
        self, readout: Readout, targets: Tensor, labels: Sequence[str], *, depth: Depth, folds: Folds
    ) -> Learnt[Verbalizer]: ...


LEARNERS: dict[Kind, Learner] = {"linear": learn_linear, "prototype": learn_means, "protoverb": learn_protoverb}


@dataclass(frozen=True, eq=False)
class Candidate:
    """Something to choose; ``weighed`` is the mixture of everything, whose weights are learnt."""

    name: str
    depths: tuple[Depth, ...]
    learnt: Learnt[Verbalizer]
    weighed: bool = False

    def losses(self, targets: Tensor) -> Tensor:
        """The log-loss of each row left out (N,)."""
        return log_losses(self.learnt.held_out, targets)


def list_candidates(
    readout: Readout,
    targets: Tensor,
    labels: Sequence[str],
    *,
    words: LabelWords | None,
    depths: Sequence[Depth],
    kinds: Sequence[Kind],
    folds: Folds,
    average: bool = False,
) -> list[Candidate]:
    """Every candidate on labelled rows (N,); to ``average`` leaves only those over all the depths."""
    found: list[Candidate] = []
    every: list[Candidate] = []
    for kind in kinds:
        single = [
            Candidate(
                f"{kind} {wording.depths([depth])}",
                (depth,),
                LEARNERS[kind](readout, targets, labels, depth=depth, folds=folds),
            )
            for depth in depths
        ]
        every += single
        over = list(_averages(kind, single, targets))
        found += over[-1:] if average else [*single, *over]
    if words is not None:
        alone, *weighted = _of_words(words, readout, targets, folds)
        found += [] if average else weighted
        mixed = [_mixed(f"words + {one.name}", [alone, one], targets=targets) for one in found]
        found = [*([] if average else [alone]), *found, *mixed]
        every = [alone, *weighted, *every]
    if average or len(every) < 2:
        return found
    return [*found, _weighed(every, targets)]


def _averages(kind: Kind, single: Sequence[Candidate], targets: Tensor) -> Iterator[Candidate]:
    """Over all depths of a kind, and over those that are best alone."""
    ranked = sorted(single, key=lambda one: float(one.losses(targets).mean()))
    for count in (*(count for count in BEST if count < len(single)), len(single)):
        if count > 1:
            name = f"{kind} over {counted(count, 'depth')}"
            yield _mixed(name, ranked[:count], targets=targets)


def _of_words(words: LabelWords, readout: Readout, targets: Tensor, folds: Folds) -> Iterator[Candidate]:
    """The words as they are, for which every row counts as left out; and where a label has several, with weights."""
    verbalizer = WordVerbalizer(words)
    held_out = verbalizer(readout).detach().expand(len(folds.repeats), -1, -1)  # (R, N, C)
    yield Candidate("words", ("top",), Learnt(held_out, lambda readout, targets: verbalizer))
    if len(words.every_word()) > len(words.labels):
        yield Candidate("weights of words", ("top",), learn_weights(words, readout, targets, folds=folds))


def _weighed(parts: Sequence[Candidate], targets: Tensor) -> Candidate:
    """All of them, each by what it is worth on rows left out; those worth next to nothing are not in it."""
    shares = fit_shares([one.learnt.held_out for one in parts], targets).tolist()
    kept = [(one, share) for one, share in zip(parts, shares, strict=True) if share > 0]
    mixture = _mixed(
        f"everything, weighed: {counted(len(kept), 'part')} of {len(parts)}", *zip(*kept, strict=True), targets=targets
    )
    return replace(mixture, weighed=True)


def _mixed(
    name: str, parts: Sequence[Candidate], shares: Sequence[float] | None = None, *, targets: Tensor
) -> Candidate:
    """The parts' log-probabilities averaged, with a temperature for what that gives."""
    weights = (1.0 / len(parts),) * len(parts) if shares is None else tuple(shares)
    mean = torch.tensordot(torch.tensor(weights), torch.stack([one.learnt.held_out for one in parts]), 1)  # (R, N, C)
    temperature = fit_temperature(mean, targets, usual=1.0)

    def build(readout: Readout, targets: Tensor) -> MixedVerbalizer:
        members = tuple(one.learnt.build(readout, targets) for one in parts)
        return MixedVerbalizer(members, weights, temperature=temperature)

    depths = tuple(sorted({depth for one in parts for depth in one.depths}, key=height))
    return Candidate(name, depths, Learnt((mean / temperature).log_softmax(-1), build))
