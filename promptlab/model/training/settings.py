"""How a model is trained: the options that adapt and pretrain share."""

from dataclasses import dataclass
from typing import Any

from promptlab.errors import ConfigError
from promptlab.model.training.schedule import Budget, Decay

DEFAULT_MINUTES = 30.0
# Highest learning rates by the number of trained parameters below which they hold (AdamW, about 4,000 pieces a step).
_RATES = ((50_000_000, 3e-4), (300_000_000, 1e-4), (1_000_000_000, 5e-5))
_LARGE_RATE = 2e-5


@dataclass(frozen=True, slots=True)
class Settings:
    """``minutes`` of training or a number of ``steps`` (30 minutes when neither is given).

    ``batch_pieces`` are trained on in a step, in rows of ``sequence`` pieces (None: 128, and 256 from nothing), which
    hold whole documents one after the other if ``packed``, else each the beginning of one. ``learning_rate`` is the
    highest (None: by the size of the model), reached after the share ``warmup`` of the budget. ``mask_share`` of the
    pieces are hidden from masked and encoder-decoder models, ``held_out`` of the documents are kept for validation.
    ``checkpoint_minutes`` lie between checkpoints.
    """

    minutes: float | None = None
    steps: int | None = None
    batch_pieces: int = 4096
    sequence: int | None = None
    packed: bool = True
    learning_rate: float | None = None
    decay: Decay = "linear"
    warmup: float = 0.06
    mask_share: float = 0.15
    dropout: bool = False
    held_out: float = 0.02
    seed: int = 13
    checkpoint_minutes: float = 5.0

    def check(self) -> None:
        """ConfigError for a value out of range, or a budget of both kinds."""
        if self.minutes is not None and self.steps is not None:
            raise ConfigError("--minutes and --steps are two budgets: choose one.")
        for option, value, lowest, highest in (
            ("--minutes", self.minutes, 0.001, 1e6),
            ("--steps", self.steps, 1, 1e9),
            ("--batch-pieces", self.batch_pieces, 8, 1e8),
            ("--sequence", self.sequence, 8, 1e6),
            ("--learning-rate", self.learning_rate, 1e-9, 10),
            ("--warmup", self.warmup, 0, 0.9),
            ("--mask-share", self.mask_share, 0.01, 0.9),
            ("--held-out", self.held_out, 0, 0.5),
            ("--seed", self.seed, 0, 2**31),
            ("--checkpoint-minutes", self.checkpoint_minutes, 0, 1e6),
        ):
            if value is not None and not lowest <= value <= highest:
                raise ConfigError(f"{option} {value:g}: it is a number from {lowest:g} to {highest:g}.")

    def budget(self) -> Budget:
        """When the run ends."""
        if self.steps is not None:
            return Budget(steps=self.steps)
        return Budget(seconds=60 * (self.minutes if self.minutes is not None else DEFAULT_MINUTES))

    def identity(self) -> dict[str, Any]:
        """What decides the outcome and must be the same in a resumed run, but for the learning rate and the length."""
        names = ("steps", "batch_pieces", "packed", "decay", "warmup", "mask_share", "dropout", "held_out", "seed")
        minutes = self.minutes if self.minutes is not None or self.steps is not None else DEFAULT_MINUTES
        return {"minutes": minutes, **{name: getattr(self, name) for name in names}}


def rate_for(parameters: int) -> float:
    """The highest learning rate for a model with so many trained parameters."""
    return next((rate for below, rate in _RATES if parameters < below), _LARGE_RATE)
