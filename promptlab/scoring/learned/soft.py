"""Soft verbalizer: a learnt vector for each label in place of words, the language model left as it is (WARP)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from promptlab.errors import ConfigError
from promptlab.model import Depth, LanguageModel, Readout
from promptlab.scoring.learned.folds import check_shots
from promptlab.scoring.learned.slot_vectors import slot_vectors
from promptlab.scoring.threads import one_thread
from promptlab.template import Template
from promptlab.text import counted
from promptlab.verbalizer import LabelWords, Word

STEPS, RATE = 100, 0.05


@dataclass(frozen=True, eq=False)
class SoftVerbalizer:
    """Class vectors (C, F), and their product with the slots' vectors as scores; softmax over the labels.

    Hambardzumyan et al. 2021, "WARP: Word-level Adversarial ReProgramming". ``bias`` (C,) comes from the label words
    that the vectors began as, and is not learnt; it is 0 where they began at random.
    """

    labels: tuple[str, ...]
    depth: Depth
    vectors: Tensor
    bias: Tensor

    @property
    def kind(self) -> str:
        """The name of this verbalizer."""
        return "soft"

    @property
    def depths(self) -> tuple[Depth, ...]:
        """The one depth that it reads."""
        return (self.depth,)

    @property
    def parameters(self) -> int:
        """How many numbers are learnt: C x F (Hambardzumyan et al. add those of the template's soft vectors)."""
        return self.vectors.numel()

    def __call__(self, readout: Readout) -> Tensor:
        """Log-probabilities (N, C) over the labels, differentiable in the class vectors too."""
        vectors = slot_vectors(readout, self.depth, width=self.vectors.shape[1])
        return (vectors @ self.vectors.T + self.bias).log_softmax(-1)

    def raw(self, readout: Readout) -> Tensor:
        """The same: there is no calibration."""
        return self(readout)

    def whole_words(self, lm: LanguageModel, template: Template) -> tuple[Word, ...]:
        """None: it has no words."""
        return ()


def soft_from_words(words: LabelWords, readout: Readout, *, depth: Depth = "top") -> SoftVerbalizer:
    """Class vectors that begin as the label words' rows of the output layer, their weighted mean over a label's words.

    Words of one piece combined by mean get the scores that they have as words, where the layer has no soft cap. Raises
    ConfigError for a word of several pieces, and at a depth whose vectors are not as wide as the output layer's rows.
    """
    output, slots = readout.output, readout.at(depth).shape[1]
    if readout.at(depth).shape[2] != output.width:
        raise ConfigError(
            f"After layer {depth} the vectors have {readout.at(depth).shape[2]:,} numbers, and label words "
            f"{output.width:,}: begin at random there."
        )
    vectors, biases = [], []
    for label in words.labels:
        active = words.active(label)
        pieces = torch.tensor([_single(readout, word) for word in active], device=output.weight.device)  # (W, M)
        shares = torch.tensor([word.weight for word in active])
        shares = shares / shares.sum()
        rows = output.weight[pieces].detach().float().cpu().view(len(active), slots, -1)  # (W, M, H)
        vectors.append((shares @ rows.flatten(1)) * output.scale)
        bias = torch.zeros(len(active)) if output.bias is None else output.bias[pieces].detach().float().cpu().sum(1)
        biases.append((shares @ bias) * output.scale)
    return SoftVerbalizer(words.labels, depth, torch.stack(vectors), torch.stack(biases))


def soft_at_random(readout: Readout, labels: Sequence[str], *, depth: Depth = "top", seed: int = 13) -> SoftVerbalizer:
    """Class vectors that begin small and at random."""
    width = slot_vectors(readout, depth).shape[1]
    vectors = torch.randn(len(labels), width, generator=torch.Generator().manual_seed(seed)) * 0.02 / math.sqrt(width)
    return SoftVerbalizer(tuple(labels), depth, vectors, torch.zeros(len(labels)))


@one_thread()
def fit_soft(
    start: SoftVerbalizer, readout: Readout, targets: Tensor, *, steps: int = STEPS, rate: float = RATE
) -> SoftVerbalizer:
    """Learn the class vectors on rows with labels (N,): cross-entropy, all rows in each step of Adam.

    ``rate`` is how far a step may move a score: what Adam adds to each number is the rate over the mean sum of the
    vectors' absolute numbers, because models differ a thousandfold in these. Raises DataError for a label without rows.
    """
    check_shots(targets, start.labels, least=1)
    rows = slot_vectors(readout, start.depth, width=start.vectors.shape[1])
    vectors = start.vectors.clone().requires_grad_()
    optimizer = torch.optim.Adam([vectors], lr=rate / float(rows.abs().sum(1).mean()))
    for _ in range(steps):
        loss = functional.cross_entropy(rows @ vectors.T + start.bias, targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return replace(start, vectors=vectors.detach())


def _single(readout: Readout, word: Word) -> list[int]:
    """The one piece of a word at each slot."""
    pieces = readout.spelling.word(word)
    if any(len(slot) != 1 for slot in pieces):
        raise ConfigError(
            f"Class vectors begin as rows of label words of one piece, and {str(word)!r} has "
            f"{counted(sum(map(len, pieces)), 'piece')} here. Give another word, or begin at random."
        )
    return [slot[0] for slot in pieces]
