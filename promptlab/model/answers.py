"""Answers: what a model says at the slots of some rows, before anything knows which words are asked for."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor


class Answers(NamedTuple):
    """What the output layer saw, and the slots' vectors after the layers that were asked for.

    ``hidden`` (B, M, H) in the model's precision, ``log_norm`` (B, M) float32, ``layers`` (B, M, D) by depth. Where the
    pass stopped below the output layer, ``hidden`` is (B, M, 0) and ``log_norm`` not a number.
    """

    hidden: Tensor
    log_norm: Tensor
    layers: Mapping[int, Tensor]

    @classmethod
    def below_top(cls, layers: Mapping[int, Tensor]) -> "Answers":
        """Answers of a pass that stopped at the deepest of these layers, of which there is one at least."""
        states = next(iter(layers.values()))
        return cls(states[..., :0], torch.full(states.shape[:2], torch.nan, device=states.device), layers)

    def cpu(self) -> "Answers":
        """The same on the CPU."""
        layers = {depth: vectors.cpu() for depth, vectors in self.layers.items()}
        return Answers(self.hidden.cpu(), self.log_norm.float().cpu(), layers)

    def has_top(self) -> bool:
        """Whether the pass reached the output layer."""
        return self.hidden.shape[-1] > 0

    def is_finite(self) -> bool:
        """Whether every number that was read is one."""
        read = (self.log_norm, *self.layers.values()) if self.has_top() else tuple(self.layers.values())
        return all(bool(torch.isfinite(values).all()) for values in read)
