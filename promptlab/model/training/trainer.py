"""One training step: gradients of a batch, gathered in as many passes as memory asks for, and AdamW's update."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from promptlab.errors import ModelError
from promptlab.model.batches import is_memory_error
from promptlab.model.language_model import LanguageModel
from promptlab.model.training.loss import count_targets, parts, summed_loss
from promptlab.model.training.objectives import Objective, Sample
from promptlab.model.training.packing import Window

_LARGEST_GRADIENT = 1.0
_WEIGHT_DECAY = 0.01


@dataclass
class Trainer:
    """A model, its optimiser, and how many pieces one pass may hold (``pass_pieces``, halved when memory runs out).

    Weights and AdamW's moments are float32; ``dtype`` bfloat16 computes the passes under autocast. ``dropout`` switches
    the model's own dropout on.
    """

    lm: LanguageModel
    objective: Objective
    dtype: torch.dtype
    pass_pieces: int
    dropout: bool = False
    optimizer: torch.optim.AdamW = field(init=False)

    def __post_init__(self) -> None:
        is_fused = self.lm.device.type in ("cpu", "cuda")
        self.optimizer = torch.optim.AdamW(_groups(self.lm.model), betas=(0.9, 0.98), eps=1e-6, fused=is_fused)

    def step(self, windows: Sequence[Window], *, rate: float, draw: tuple[int, ...]) -> float:
        """Train on a batch at learning rate ``rate`` and return its loss (nats a target) before the update.

        ``draw`` seeds what is hidden and what dropout drops. A loss or a gradient that is not finite changes nothing,
        and is returned as nan.
        """
        rng = np.random.default_rng(draw)
        samples = [self.objective.sample(window, rng) for window in windows]
        loss = self._within_memory(lambda: self._gradients(samples, draw), samples)
        norm = nn.utils.clip_grad_norm_(self._trained(), _LARGEST_GRADIENT)
        if not np.isfinite(loss) or not torch.isfinite(norm):
            return float("nan")
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        return loss

    @torch.no_grad()
    def losses(self, samples: Sequence[Sample]) -> tuple[float, int]:
        """The summed loss of samples (nats) and their number of targets."""
        self.lm.model.eval()
        return self._within_memory(lambda: self._summed(samples), samples), count_targets(samples)

    def _gradients(self, samples: Sequence[Sample], draw: tuple[int, ...]) -> float:
        """Leave the gradient of the mean loss in the weights; the mean does not depend on how the batch is cut."""
        self.optimizer.zero_grad()
        self.lm.model.train(self.dropout)
        targets = max(count_targets(samples), 1)
        total = 0.0
        with _drawing(draw, self.lm.device):
            for part in self._parts(samples):
                with self._precision():
                    loss = summed_loss(self.lm, part) / targets
                loss.backward()  # type: ignore[no-untyped-call]
                total += float(loss.detach())
        return total

    def _summed(self, samples: Sequence[Sample]) -> float:
        with self._precision():
            return sum(float(summed_loss(self.lm, part)) for part in self._parts(samples))

    def _within_memory(self, compute: Callable[[], float], samples: Sequence[Sample]) -> float:
        while True:
            try:
                return compute()
            except RuntimeError as error:
                if not is_memory_error(error):
                    raise
            self.optimizer.zero_grad()
            if self.lm.device.type == "cuda":
                torch.cuda.empty_cache()
            longest = max(len(sample.ids) for sample in samples)
            if self.pass_pieces <= longest:
                raise ModelError(
                    f"Training on one row of {longest} pieces does not fit into the memory of {self.lm.device}. Use "
                    "--method lora, a lower --sequence or a smaller model."
                )
            self.pass_pieces = max(self.pass_pieces // 2, longest)

    def _parts(self, samples: Sequence[Sample]) -> list[Sequence[Sample]]:
        return parts(samples, pieces=self.pass_pieces, vocabulary=self.lm.pieces)

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.lm.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16)

    def _trained(self) -> list[nn.Parameter]:
        return [value for value in self.lm.model.parameters() if value.requires_grad]


def _groups(model: nn.Module) -> list[dict[str, object]]:
    """Weight decay on matrices; none on biases and norms, which are vectors."""
    trained = [value for value in model.parameters() if value.requires_grad]
    return [
        {"params": [value for value in trained if value.dim() > 1], "weight_decay": _WEIGHT_DECAY},
        {"params": [value for value in trained if value.dim() <= 1], "weight_decay": 0.0},
    ]


@contextmanager
def _drawing(draw: tuple[int, ...], device: torch.device) -> Iterator[None]:
    """torch's own random numbers, which dropout takes, drawn from a seed; the process's stay as they were."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(int(np.random.SeedSequence(draw).generate_state(1)[0]))
        yield
