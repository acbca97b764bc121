"""How many rows come out right with each candidate word when the prior over the labels is fitted anew for every one.

Batch calibration (Zhou et al. 2023): the log of the labels' mean probability over the rows is divided out. Every
label's prior depends on the word, so that there is no one bar a row; but two labels are compared by a difference of
scores, which depends on the row, against a difference of priors, which depends on the word.
"""

import torch
from torch import Tensor

from promptlab.scoring.what_if.scores import Standing


def refitted_right(standing: Standing, label: int, changed: Tensor, groups: Tensor) -> Tensor:
    """(G, W): rows of each group that come out right with one label's score as ``changed`` (N, W), uncalibrated.

    ``groups`` (G, N) are ones and zeros. The prior is fitted on all N rows, labelled or not.
    """
    plain = (standing.scores + standing.prior).to(changed)  # (N, C)
    priors = refitted_priors(plain, label, changed)
    counts = groups.new_zeros(len(groups), changed.shape[1])
    for target in range(plain.shape[1]):
        rows = torch.nonzero(standing.targets == target)[:, 0]
        if len(rows):
            counts += groups[:, rows] @ _wins(plain[rows], label, changed[rows], priors, target).float()
    return counts


def refitted_priors(plain: Tensor, label: int, changed: Tensor) -> Tensor:
    """The labels' log mean probabilities (C, W): ``plain`` (N, C) with ``changed`` (N, W) for one of them."""
    others = plain.clone()
    others[:, label] = -torch.inf
    ahead = changed - others.logsumexp(1, keepdim=True)  # (N, W)
    priors = others.softmax(1).T @ torch.sigmoid(-ahead) / len(changed)
    priors[label] = ahead.sigmoid_().mean(0)
    return priors.clamp_min_(torch.finfo(changed.dtype).tiny).log_()


def _wins(plain: Tensor, label: int, changed: Tensor, priors: Tensor, target: int) -> Tensor:
    """(n, W): whether a label beats every other, ties to the first."""
    won = torch.ones_like(changed, dtype=torch.bool)
    for other in range(plain.shape[1]):
        if other == target:
            continue
        ahead = (plain[:, target] - plain[:, other])[:, None]  # (n, 1)
        if target == label:
            ahead = changed - plain[:, other, None]
        elif other == label:
            ahead = plain[:, target, None] - changed
        needed = priors[target] - priors[other]  # (W,)
        won &= ahead >= needed if target < other else ahead > needed
    return won
