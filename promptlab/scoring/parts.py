"""A verbalizer's table and arrays from a bundle, taken out with suspicion: types, shapes and numbers are checked."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model import Depth
from promptlab.scoring.learned.slot_vectors import Standard
from promptlab.text import shorten

Arrays = Mapping[str, Tensor]
# Scores divided by less are no numbers any more.
_LEAST = 1e-30


class Parts:
    """A table and its arrays, taken out key by key and checked."""

    def __init__(self, table: Mapping[str, Any], arrays: Arrays, where: str) -> None:
        self.table, self.arrays, self.where = table, arrays, where

    def labels(self) -> tuple[str, ...]:
        """Two texts or more, no two alike."""
        found = self.table.get("labels")
        if not isinstance(found, list) or len(found) < 2 or not all(isinstance(one, str) for one in found):
            raise ConfigError(f"{self.where}: labels must be a list of two texts or more.")
        if len(set(found)) < len(found):
            raise ConfigError(f"{self.where}: labels has a label twice.")
        return tuple(found)

    def depth(self) -> Depth:
        """A layer from 1, or the top."""
        found = self.table.get("depth")
        if found == "top":
            return "top"
        if not isinstance(found, int) or isinstance(found, bool) or found < 1:
            raise ConfigError(f'{self.where}: depth must be a layer from 1, or "top", not {shorten(str(found), 40)!r}.')
        return found

    def positive(self, key: str) -> float:
        """A number above 0."""
        return self._number(key, _LEAST, "above 0")

    def weight(self, key: str) -> float:
        """A number, 0 or more."""
        return self._number(key, 0.0, "0 or more")

    def _number(self, key: str, least: float, told: str) -> float:
        found = self.table.get(key)
        if not isinstance(found, int | float) or isinstance(found, bool) or not least <= found <= 1 / _LEAST:
            raise ConfigError(f"{self.where}: {key} must be a number {told}, not {shorten(str(found), 40)!r}.")
        return float(found)

    def array(self, name: str, *shape: int | None) -> Tensor:
        """An array of finite numbers; None in the shape stands for any size."""
        found = self.arrays.get(name)
        if found is None:
            raise ConfigError(f"{self.where}: the weights lack the array {name!r}.")
        wanted = " x ".join("any" if size is None else str(size) for size in shape)
        fits = found.dim() == len(shape) and all(
            size in (None, have) for size, have in zip(shape, found.shape, strict=True)
        )
        if not fits or not found.numel():
            have = " x ".join(map(str, found.shape))
            raise ConfigError(
                f"{self.where}: the array {name!r} has the shape {have or 'of one number'}, not {wanted}."
            )
        if not found.is_floating_point():
            raise ConfigError(f"{self.where}: the array {name!r} holds no decimal numbers ({found.dtype}).")
        values = found.float()
        if not bool(torch.isfinite(values).all()):
            raise ConfigError(f"{self.where}: the array {name!r} has numbers that are none (nan or infinite).")
        return values

    def standard(self, width: int | None) -> Standard:
        """``mean`` and ``scale``, of this width; None for any."""
        mean = self.array("mean", width)
        scale = self.array("scale", len(mean))
        if bool((scale <= 0).any()):
            raise ConfigError(f"{self.where}: the array 'scale' must be above 0.")
        return Standard(mean, scale)
