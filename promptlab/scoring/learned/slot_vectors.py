"""Slot vectors as rows of numbers to learn from, and the standard form in which they are learnt from."""

from dataclasses import dataclass

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model import Depth, Readout

# A number whose spread over the rows is below this share of its size is taken as constant.
_CONSTANT = 1e-6


def slot_vectors(readout: Readout, depth: Depth, *, width: int | None = None) -> Tensor:
    """A row's vectors at a depth, slot after slot: (N, F) float32, F the number of slots times a vector's numbers.

    Raises ConfigError when F is not the ``width`` that something was learnt on, ModelError for a depth not read.
    """
    vectors = readout.at(depth).flatten(1)  # (N, F)
    if width is not None and vectors.shape[1] != width:
        where = "at the top" if depth == "top" else f"after layer {depth}"
        raise ConfigError(
            f"This verbalizer was learnt on {width:,} numbers a row {where}, and the model gives {vectors.shape[1]:,}: "
            "it belongs to another model or template."
        )
    return vectors


@dataclass(frozen=True, eq=False)
class Standard:
    """Mean (F,) and scale (F,) of each number over the rows learnt from; calling it takes them out of (N, F)."""

    mean: Tensor
    scale: Tensor

    @classmethod
    def of(cls, vectors: Tensor) -> "Standard":
        """The mean and standard deviation of each number of (N, F); a constant one has the scale 1."""
        mean, deviation = vectors.mean(0), vectors.std(0, correction=0)
        is_constant = deviation <= _CONSTANT * vectors.abs().amax(0)
        return cls(mean, torch.where(is_constant, torch.ones_like(deviation), deviation))

    @property
    def width(self) -> int:
        """F."""
        return len(self.mean)

    def __call__(self, vectors: Tensor) -> Tensor:
        """(N, F) -> (N, F)."""
        return (vectors - self.mean) / self.scale


def rotated(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Fewer coordinates (N, R) of few rows (N, F), and the directions (R, F) that they belong to.

    Distances, angles and so every rule with a rotation-invariant penalty are the same in both. With as many rows as
    numbers nothing is gained, and the directions are the plain ones.
    """
    if vectors.shape[0] >= vectors.shape[1]:
        return vectors, torch.eye(vectors.shape[1])
    left, sizes, directions = torch.linalg.svd(vectors, full_matrices=False)
    return left * sizes, directions
