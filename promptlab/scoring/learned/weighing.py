"""How much each member of a mixture counts: weights learnt from log-probabilities of rows that were left out."""

from collections.abc import Sequence

import torch
from torch import Tensor

from promptlab.scoring.learned.folds import log_losses

# What uneven weights cost, and the share of an equal weight below which a member is left out. Chosen on train rows of
# three tasks (ten prompts, eight draws of 16 shots, two models); 0.01 to 0.03 and 0 to 0.6 differ by 0.001.
UNEVENNESS, LEAST_SHARE = 0.02, 0.3
_STEPS, _RATE = 150, 0.1


def fit_shares(held_out: Sequence[Tensor], targets: Tensor) -> Tensor:
    """Weights (P,) of P members, each with log-probabilities (R, N, C) of rows left out; they add up to 1.

    The weighted mean of log-probabilities times a factor is normalised over the labels; weights and factor have the
    lowest log-loss on the labels (N,) plus ``UNEVENNESS`` times the weights' divergence from equal ones, because few
    rows say little. Members below ``LEAST_SHARE`` of an equal weight get 0.
    """
    members = torch.stack(list(held_out))  # (P, R, N, C)
    count = len(members)
    free, factor = torch.zeros(count, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([free, factor], lr=_RATE)
    for _ in range(_STEPS):
        shares = free.log_softmax(0)
        mixed = torch.tensordot(shares.exp(), members, 1) * factor.exp()
        unevenness = (shares.exp() * (shares + torch.tensor(float(count)).log())).sum()
        # The factor has the prior of a temperature: see ``fit_temperature``.
        held = (factor**2).sum() / 2 / len(targets)
        loss = log_losses(mixed.log_softmax(-1), targets).mean() + UNEVENNESS * unevenness + held
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    found = free.detach().softmax(0)
    found = torch.where(found < LEAST_SHARE / count, torch.zeros_like(found), found)
    return found / found.sum()
