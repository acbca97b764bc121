"""What becomes of every row when one label's score changes, its calibration fitted anew where that is asked for."""

from dataclasses import dataclass

import torch
from torch import Tensor

from promptlab.scoring.what_if.refit import refitted_priors
from promptlab.scoring.what_if.scores import Standing


@dataclass(frozen=True)
class Outcomes:
    """Whether each row comes out right (N, W), and the log-probability (N, W) of its own label (0 without one)."""

    right: Tensor
    logprobs: Tensor


def outcomes(standing: Standing, label: int, changed: Tensor, *, refit: bool = False) -> Outcomes:
    """One label's score as it would be for each of W changes, (N, W) before calibration; the other labels as they are.

    The frozen label prior stays; with ``refit`` it is fitted anew for each change, the log of the labels' mean
    probability over these N rows (batch calibration). In the precision of ``changed``.
    """
    scores, shifts = standing.scores.to(changed), standing.prior[label].to(changed).expand(1, changed.shape[1])
    if refit:
        scores = (standing.scores + standing.prior).to(changed)  # (N, C)
        shifts = refitted_priors(scores, label, changed)
    targets = standing.targets[:, None]
    best = total = changed - shifts[label if refit else 0]
    winner = torch.full_like(best, label, dtype=torch.long)
    of_target = torch.where(targets == label, best, 0)
    for other in range(scores.shape[1]):
        if other == label:
            continue
        score = scores[:, other, None] - shifts[other] if refit else scores[:, other, None].expand_as(best)
        is_ahead = (score > best) | ((score == best) & (winner > other))
        best, winner = torch.where(is_ahead, score, best), winner.masked_fill(is_ahead, other)
        total = torch.logaddexp(total, score)
        of_target = torch.where(targets == other, score, of_target)
    return Outcomes(winner == targets, torch.where(targets >= 0, of_target - total, 0))
