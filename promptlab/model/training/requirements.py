"""What a run will take of memory and disk, said before it begins, and refused when it is not there."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from promptlab.errors import ModelError
from promptlab.model import hardware
from promptlab.model.language_model import LanguageModel
from promptlab.model.training.loss import MOST_SCORES
from promptlab.paths import existing_folder
from promptlab.text import size

_FLOAT = 4  # bytes
# Numbers kept for the backward pass, for each piece, layer and unit of width (measured on BERT, about).
_KEPT = 40
# What a process takes on the CPU before any model, with torch and transformers loaded.
_PROCESS = 450_000_000


@dataclass(frozen=True, slots=True)
class Requirements:
    """Bytes: of the finished model, of the memory all told and what of it is not yet taken, of the disk meanwhile."""

    output: int
    memory: int
    more_memory: int
    disk: int

    def check(self, device: torch.device, out: Path, *, written: int = 0) -> str:
        """The sentence that tells the user; ModelError when memory or disk do not suffice.

        ``written`` are bytes that a stopped run has on the disk already.
        """
        free = hardware.free_memory(device)
        if free is not None and self.more_memory > free:
            raise ModelError(
                f"Training takes about {size(self.memory)} of memory, {size(self.more_memory)} more than now, and "
                f"{device} has {size(free)} free. Use --method lora, a lower --batch-pieces or a smaller model."
            )
        place = existing_folder(out)
        room = shutil.disk_usage(place).free
        if self.disk - written > room:
            raise ModelError(
                f"The run takes {size(self.disk - written)} of disk with its checkpoints, and {str(place)!r} has "
                f"{size(room)} free. Make room, or name another --out."
            )
        there = "" if free is None else f" ({size(free)} free)"
        return (
            f"The model will take {size(self.output)} on disk, {size(self.disk)} with checkpoints; training takes "
            f"about {size(self.memory)} of memory{there}."
        )


def requirements_of(
    lm: LanguageModel, *, pass_pieces: int, targets: float, computed: torch.dtype, stored: torch.dtype
) -> Requirements:
    """Weights, gradients and AdamW's two moments in float32, and what a pass keeps: an estimate, to a third or so.

    ``targets`` is the share of the pieces that the output layer scores.
    """
    everything = sum(value.numel() for name, value in lm.model.named_parameters() if ".lora_" not in name)
    trained = sum(value.numel() for value in lm.model.parameters() if value.requires_grad)
    config = lm.model.config
    layers = getattr(config, "num_hidden_layers", 12) * (2 if lm.family == "seq2seq" else 1)
    kept = pass_pieces * layers * getattr(config, "hidden_size", 768) * _KEPT * computed.itemsize
    scores = 3 * _FLOAT * min(int(pass_pieces * targets) * lm.pieces, MOST_SCORES)
    more = 3 * _FLOAT * trained + kept + scores
    output = everything * stored.itemsize
    taken = everything * _FLOAT + (_PROCESS if lm.device.type == "cpu" else 0)
    return Requirements(output, taken + more, more, output + 2 * 3 * _FLOAT * trained)
