"""The last linear layer of a language model: what it sees at the slots, and the score of any piece from that."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from promptlab.errors import ModelError

# Largest number of scores held at once while the normaliser is summed over the vocabulary.
_CHUNK = 1 << 24
_COPIED = 4096  # pieces whose rows are held in another precision at once


class Reached(Exception):
    """Raised by a hook: the slots' vectors are there and nothing above them is needed."""


def gather_slots(states: Tensor, slots: Tensor) -> Tensor:
    """The vectors (B, M, H) at the slots (B, M) of a sequence (B, T, H)."""
    return states.gather(1, slots[..., None].expand(-1, -1, states.shape[-1]))


class OutputLayer:
    """Catches its input at the slots and scores any piece afterwards.

    Families keep the layer in different places and change its result afterwards: a bias of its own
    (``final_logits_bias``), a scale (Cohere, Granite) or a soft cap (Gemma). DeBERTa's newer head multiplies by the
    input embeddings after a layer norm, which is then the layer caught, at its output.
    """

    def __init__(self, model: Any) -> None:
        self.layer, self.at_output = model.get_output_embeddings(), False
        if self.layer is None:
            raise ModelError(
                f"A model of type {model.config.model_type!r} does not show its output layer, which promptlab scores "
                "words with, so this type cannot be used."
            )
        self.weight: Tensor = self.layer.weight
        self.bias: Tensor | None = getattr(self.layer, "bias", None)
        head = getattr(getattr(model, "lm_predictions", None), "lm_head", None)
        if head is not None:
            self.layer, self.at_output = head.LayerNorm, True
            self.weight, self.bias = model.get_input_embeddings().weight, head.bias
        config = model.config
        self.scale = float(getattr(config, "logit_scale", None) or 1 / (getattr(config, "logits_scaling", None) or 1))
        self.cap: float | None = getattr(config, "final_logit_softcapping", None)
        extra = getattr(model, "final_logits_bias", None)
        if extra is not None:
            self.bias = extra[0] if self.bias is None else self.bias + extra[0]

    @property
    def width(self) -> int:
        """H: what the layer sees, which need not be the model's hidden size."""
        return int(self.weight.shape[1])

    @property
    def is_linear(self) -> bool:
        """Whether a score is a linear function of the vector (no soft cap)."""
        return self.cap is None

    @contextmanager
    def catching(self, slots: Tensor, *, stop: bool = True) -> Iterator[list[Tensor]]:
        """While open, a forward pass leaves the slots' vectors (B, M, H) in the list that is yielded.

        ``slots`` (B, M) are positions in the sequence that reaches the layer. With ``stop`` the pass ends there;
        without it the model goes on with the slots alone, and its logits are (B, M, V).
        """
        seen: list[Tensor] = []

        def gather(states: Tensor) -> Tensor:
            seen.append(gather_slots(states, slots))
            if stop:
                raise Reached
            return seen[-1]

        if self.at_output:
            hook = self.layer.register_forward_hook(lambda _, args, result: gather(result))
        else:
            hook = self.layer.register_forward_pre_hook(lambda _, args: (gather(args[0]), *args[1:]))
        try:
            yield seen
        except Reached:
            pass
        finally:
            hook.remove()

    def logits(self, hidden: Tensor, ids: Tensor | slice = slice(None)) -> Tensor:
        """Scores (..., K) of the pieces ``ids`` (K,) from vectors (..., H), in the vectors' own precision."""
        weight = self.weight[ids].to(hidden.device, hidden.dtype)
        bias = None if self.bias is None else self.bias[ids].to(hidden.device, hidden.dtype)
        return self._finish(functional.linear(hidden, weight, bias))

    def every_logit(self, hidden: Tensor) -> Tensor:
        """Scores (..., V) of all pieces in the vectors' own precision.

        The layer is copied into that a part at a time, in memory that the processor keeps near: a row of gemma-3-270m
        takes 50 milliseconds, and one to nine seconds with a copy of the whole.
        """
        if self.weight.dtype == hidden.dtype:
            return self.logits(hidden)
        scores = hidden.new_empty(*hidden.shape[:-1], self.weight.shape[0])
        copied = hidden.new_empty(_COPIED, self.width)
        for start in range(0, self.weight.shape[0], _COPIED):
            part = self.weight[start : start + _COPIED]
            rows = copied[: len(part)].copy_(part)
            scores[..., start : start + len(part)] = hidden @ rows.T
        if self.bias is not None:
            scores += self.bias.to(hidden.device, hidden.dtype)
        return self._finish(scores)

    def logits_at(self, hidden: Tensor, ids: Tensor) -> Tensor:
        """Score (B, M), float32, of one piece a slot: ``ids`` (B, M) from vectors (B, M, H)."""
        scores = (hidden.float() * self.weight[ids].to(hidden.device).float()).sum(-1)  # (B, M)
        if self.bias is not None:
            scores = scores + self.bias[ids].to(hidden.device).float()
        return self._finish(scores)

    def log_norm(self, hidden: Tensor) -> Tensor:
        """logsumexp over the whole vocabulary, (B, M, H) -> (B, M), summed in float32 chunk by chunk."""
        pieces = self.weight.shape[0]
        step = max(1024, _CHUNK // max(hidden[..., 0].numel(), 1))
        total: Tensor | None = None
        for start in range(0, pieces, step):
            part = self.logits(hidden, slice(start, start + step)).float().logsumexp(-1)  # (B, M)
            total = part if total is None else torch.logaddexp(total, part)
        assert total is not None
        return total

    def _finish(self, scores: Tensor) -> Tensor:
        scaled = scores if self.scale == 1 else scores * self.scale
        return scaled if self.cap is None else self.cap * torch.tanh(scaled / self.cap)
