"""ProtoVerb: a projection and prototypes learnt by contrast, on slot vectors that were read once."""

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from promptlab.model import Depth, Readout
from promptlab.scoring.learned.folds import Folds, Learnt, fit_temperature, make_folds
from promptlab.scoring.learned.prototypes import USUAL_TEMPERATURE, PrototypeVerbalizer, cosines
from promptlab.scoring.learned.slot_vectors import Standard, slot_vectors
from promptlab.scoring.threads import one_thread_everywhere

WIDTH, STEPS, RATE = 64, 30, 0.01


@one_thread_everywhere()
def fit_protoverb(
    readout: Readout,
    targets: Tensor,
    labels: Sequence[str],
    *,
    depth: Depth = "top",
    width: int = WIDTH,
    steps: int = STEPS,
    rate: float = RATE,
    seed: int = 13,
) -> PrototypeVerbalizer:
    """Learn a projection to ``width`` numbers and a prototype a label by the instance and the prototype loss.

    Cui et al. 2022, "Prototypical Verbalizer for Prompt-based Few-shot Tuning", eq. 5-7, with the released settings:
    Adam, all rows in each step. Labels may have different numbers of rows; vectors are standardised first, because
    those of many models all point the same way. Raises ConfigError for a label with one row.
    """
    folds = make_folds(targets, labels, seed=seed)
    learnt = learn_protoverb(
        readout, targets, labels, depth=depth, folds=folds, width=width, steps=steps, rate=rate, seed=seed
    )
    return learnt.build(readout, targets)


def learn_protoverb(
    readout: Readout,
    targets: Tensor,
    labels: Sequence[str],
    *,
    depth: Depth,
    folds: Folds,
    width: int = WIDTH,
    steps: int = STEPS,
    rate: float = RATE,
    seed: int = 13,
) -> Learnt[PrototypeVerbalizer]:
    """ProtoVerb trained without rows left out, its cosines to these, and a temperature for the cosines."""
    train = partial(train_protoverb, count=len(labels), width=width, steps=steps, rate=rate, seed=seed)
    vectors = slot_vectors(readout, depth)

    def scores(near: Tensor, of: Tensor, far: Tensor) -> Tensor:
        projection, prototypes = train(near, of)
        return cosines(far @ projection.T, prototypes)

    left_out = folds.held_out(Standard.of(vectors)(vectors), targets, scores)
    temperature = fit_temperature(left_out, targets, usual=USUAL_TEMPERATURE)

    def build(readout: Readout, targets: Tensor) -> PrototypeVerbalizer:
        vectors = slot_vectors(readout, depth)
        standard = Standard.of(vectors)
        projection, prototypes = train(standard(vectors), targets)
        return PrototypeVerbalizer(tuple(labels), depth, prototypes, standard, projection, temperature)

    return Learnt((left_out / temperature).log_softmax(-1), build)


def train_protoverb(
    vectors: Tensor, targets: Tensor, *, count: int, width: int, steps: int, rate: float, seed: int
) -> tuple[Tensor, Tensor]:
    """The projection (P, F) and prototypes (C, P) after so many steps of Adam over all rows (N, F)."""
    generator = torch.Generator().manual_seed(seed)
    bound = 1 / math.sqrt(vectors.shape[1])  # as torch begins a linear layer
    projection = torch.empty(width, vectors.shape[1]).uniform_(-bound, bound, generator=generator).requires_grad_()
    bound = math.sqrt(6 / (count + width))  # Xavier's uniform, as OpenPrompt begins the prototypes
    prototypes = torch.empty(count, width).uniform_(-bound, bound, generator=generator).requires_grad_()
    optimizer = torch.optim.Adam([projection, prototypes], lr=rate)
    for _ in range(steps):
        projected = vectors @ projection.T  # (N, P)
        loss = instance_loss(projected, targets, count) + prototype_loss(projected, prototypes, targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return projection.detach(), prototypes.detach()


def instance_loss(vectors: Tensor, targets: Tensor, count: int) -> Tensor:
    """How much nearer projected rows (N, P) are to rows of their own label than to all rows of the others (eq. 5).

    A pair of rows of one label (a row with itself too) stands against every row of another label. With different
    numbers of rows, each label weighs the same.
    """
    nearness = cosines(vectors, vectors)  # (N, N)
    is_other = targets[:, None] != targets
    against = nearness.masked_fill(~is_other, -math.inf).logsumexp(1, keepdim=True)  # (N, 1)
    losses = torch.logaddexp(nearness, against.expand_as(nearness)) - nearness  # (N, N)
    sizes = torch.bincount(targets, minlength=count)[targets]  # (N,)
    shares = (~is_other) / sizes[:, None] ** 2  # (N, N), 1 over each label's pairs
    return (losses * shares).sum() / count**2


def prototype_loss(vectors: Tensor, prototypes: Tensor, targets: Tensor) -> Tensor:
    """How much nearer projected rows (N, P) are to their own prototype of (C, P) than to others (eq. 6); labels weigh
    alike."""
    count = len(prototypes)
    losses = functional.cross_entropy(cosines(vectors, prototypes), targets, reduction="none")  # (N,)
    sizes = torch.bincount(targets, minlength=count)[targets]  # (N,)
    return (losses / sizes).sum() / count**2
