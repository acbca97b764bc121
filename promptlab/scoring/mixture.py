"""Mixed verbalizer: the scores of several verbalizers added: words and prototypes, say, or one kind at many depths."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model import Depth, LanguageModel, Readout
from promptlab.model.readout import height
from promptlab.scoring.protocol import Verbalizer
from promptlab.template import Template
from promptlab.text import listed
from promptlab.verbalizer import Word

By = Literal["log-probabilities", "z-scores"]
# A row whose scores differ by less than this share of their size has no opinion.
_CONSTANT = 1e-6


@dataclass(frozen=True, eq=False)
class MixedVerbalizer:
    """Members over the same labels, each with its calibration, and a weight for each.

    ``by`` says what is added: log-probabilities (a geometric mean of probabilities) or, as ProtoVerb mixes with words,
    each row's z-scores over the labels. These forget how sure a member was; of two labels they keep the sign alone. The
    weighted mean over ``temperature`` is normalised over the labels.
    """

    members: tuple[Verbalizer, ...]
    weights: tuple[float, ...]
    by: By = "log-probabilities"
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not self.members or len(self.members) != len(self.weights):
            raise ConfigError("A mixture needs one member or more, and a weight for each.")
        if not (min(self.weights) >= 0 and 0 < sum(self.weights) < math.inf):
            raise ConfigError(f"The weights of a mixture must be 0 or more and not all 0: {list(self.weights)}.")
        if self.by not in get_args(By):
            raise ConfigError(f"A mixture can be by {listed(get_args(By))}, not {self.by!r}.")
        if not 0 < self.temperature < math.inf:
            raise ConfigError(f"The temperature of a mixture must be a number above 0, not {self.temperature}.")
        for member in self.members:
            if member.labels != self.labels:
                raise ConfigError(f"The members of a mixture need the same labels: {self.labels} and {member.labels}.")

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order."""
        return self.members[0].labels

    @property
    def kind(self) -> str:
        """The name of this verbalizer."""
        return "mixed"

    @property
    def depths(self) -> tuple[Depth, ...]:
        """The depths of all members, each once, the lowest first."""
        return tuple(sorted({depth for member in self.members for depth in member.depths}, key=height))

    def __call__(self, readout: Readout) -> Tensor:
        """Log-probabilities (N, C) over the labels."""
        mixed = mix([member(readout) for member in self.members], self.weights, by=self.by)
        return (mixed / self.temperature).log_softmax(-1)

    def raw(self, readout: Readout) -> Tensor:
        """The same: the members' calibrations are a part of the mixture."""
        return self(readout)

    def whole_words(self, lm: LanguageModel, template: Template) -> tuple[Word, ...]:
        """The words that the model must read whole, each once."""
        found = {str(word): word for member in self.members for word in member.whole_words(lm, template)}
        return tuple(found.values())


def mix(scores: Sequence[Tensor], weights: Sequence[float], *, by: By) -> Tensor:
    """The weighted mean of scores (..., C), or of their z-scores over the labels."""
    parts = [z_scores(one) for one in scores] if by == "z-scores" else scores
    total = sum(weights)
    return torch.stack([part * (weight / total) for part, weight in zip(parts, weights, strict=True)]).sum(0)


def z_scores(scores: Tensor) -> Tensor:
    """Each row of (..., C) less its mean, over its standard deviation (with C - 1); 0 where all labels are alike."""
    centred = scores - scores.mean(-1, keepdim=True)
    deviation = scores.std(-1, keepdim=True)
    is_constant = deviation <= _CONSTANT * scores.abs().amax(-1, keepdim=True)
    # The inner choice keeps the gradient of a constant row finite.
    return torch.where(is_constant, torch.zeros_like(centred), centred / torch.where(is_constant, 1.0, deviation))
