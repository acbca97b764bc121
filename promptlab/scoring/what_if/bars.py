"""How many rows come out right with each candidate word: one threshold a row, and a comparison for each word.

A word that is added to a label, or takes the place of its words, changes that label's score alone, and the score grows
with the word's. So the label wins a row exactly where the word's score lies above a bar that does not depend on the
word, and only rows of that label, or led by their own label without it, can come out right.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from promptlab.scoring.what_if.scores import Change, LabelTable, Standing


@dataclass(frozen=True)
class Bars:
    """For one label and one change: ``bars`` (N,), float32, above which a word wins the row for the label.

    A group of rows (G) comes out right ``base`` (G,) times where no word wins, and ``signs`` (G, N) says what each win
    adds to that.
    """

    bars: Tensor
    signs: Tensor
    base: Tensor

    @classmethod
    def of(cls, standing: Standing, label: int, change: Change, groups: Tensor) -> "Bars":
        """``groups`` (G, N) are ones and zeros: the rows that are counted together."""
        best, leader = standing.rest(label)
        wins_ties = leader > label
        needed = best + standing.prior[label]  # (N,) what the label's own score must exceed
        exact = _for_word(standing.tables[label], needed, wins_ties) if change == "add" else needed
        is_own, is_led = standing.targets == label, standing.targets == leader
        signs = groups * (is_own.float() - is_led.float())
        return cls(_rounded(exact, wins_ties), signs, (groups * is_led).sum(1))

    def right(self, scores: Tensor, out: Tensor) -> Tensor:
        """(G, W): how many rows of each group come out right, from the words' scores (N, W); ``out`` is overwritten."""
        torch.gt(scores, self.bars[:, None], out=out)
        return self.signs @ out + self.base[:, None]


def _for_word(table: LabelTable, needed: Tensor, wins_ties: Tensor) -> Tensor:
    """(N,), float64: what a word that is added with the weight 1 must exceed so that its label exceeds ``needed``."""
    own = table.score()
    if table.combine == "mean":
        total = table.weights.sum()
        return needed * (total + 1) - table.scores @ table.weights
    has_won = (own > needed) | ((own == needed) & wins_ties)
    if table.combine == "max":
        return needed.masked_fill(has_won, -torch.inf)
    return (needed + torch.log1p(-torch.exp(own - needed))).masked_fill(has_won | (own == needed), -torch.inf)


def _rounded(exact: Tensor, wins_ties: Tensor) -> Tensor:
    """Bars in float32 that a float32 score exceeds just where it exceeds (or, winning ties, reaches) the exact one."""
    near = exact.float()
    is_above = (near > exact) | ((near == exact) & wins_ties & exact.isfinite())
    return torch.where(is_above, torch.nextafter(near, torch.full_like(near, -torch.inf)), near)
