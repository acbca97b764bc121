"""Samples through a model: padded batches, the output layer at the targets only, the summed loss."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from promptlab.model.language_model import Batch, LanguageModel
from promptlab.model.training.objectives import NOTHING, Sample

# Scores (targets times vocabulary) that one pass may hold: a quarter of a GB in float32, and its gradient as much.
MOST_SCORES = 1 << 26


def collate(samples: Sequence[Sample], *, pad: int, device: torch.device) -> tuple[Batch, Tensor]:
    """Padded ids and mask (B, T), decoder ids (B, D), slots (B, M): where there are targets; and the targets (B, M)."""
    ids = _padded([sample.ids for sample in samples], pad)
    mask = _padded([np.ones_like(sample.ids) for sample in samples], 0)
    places = [np.flatnonzero(sample.labels != NOTHING) for sample in samples]
    targets = [sample.labels[place] for sample, place in zip(samples, places, strict=True)]
    decoders = [sample.decoder for sample in samples if sample.decoder is not None]
    decoder = torch.from_numpy(_padded(decoders, pad)).to(device) if decoders else None
    slots = torch.from_numpy(_padded(places, 0)).to(device)
    batch = Batch(torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device), slots, decoder)
    return batch, torch.from_numpy(_padded(targets, NOTHING)).to(device)


def count_targets(samples: Sequence[Sample]) -> int:
    """How many pieces are to be predicted."""
    return sum(int((sample.labels != NOTHING).sum()) for sample in samples)


def summed_loss(lm: LanguageModel, samples: Sequence[Sample]) -> Tensor:
    """The negative log-probability of all targets (nats), a scalar that gradients flow through.

    Where one long row has more than ``MOST_SCORES`` scores, they are worked out in chunks, and again for the gradient.
    """
    pad = lm.tokens.tokenizer.pad_token_id or 0
    batch, targets = collate(samples, pad=pad, device=lm.device)
    with lm.output.catching(batch.slots) as seen:
        lm.run(batch)
    hidden, pieces = seen[0][targets != NOTHING], targets[targets != NOTHING]  # (K, H), (K,)
    most = max(MOST_SCORES // lm.pieces, 1)
    if len(pieces) <= most:
        return _loss(lm, hidden, pieces)
    chunks = zip(torch.split(hidden, most), torch.split(pieces, most), strict=True)
    return torch.stack(
        [checkpoint(_loss, lm, *chunk, use_reentrant=False, preserve_rng_state=False) for chunk in chunks]
    ).sum()


def _loss(lm: LanguageModel, hidden: Tensor, pieces: Tensor) -> Tensor:
    """The summed loss of ``pieces`` (K,) from vectors (K, H)."""
    return functional.cross_entropy(lm.output.logits(hidden).float(), pieces, reduction="sum")


def parts(samples: Sequence[Sample], *, pieces: int, vocabulary: int) -> list[Sequence[Sample]]:
    """The samples in passes of at most ``pieces`` pieces with padding, and of ``MOST_SCORES`` scores."""
    cut: list[Sequence[Sample]] = []
    start = 0
    while start < len(samples):
        end = start + 1
        while end < len(samples) and _fits(samples[start : end + 1], pieces, vocabulary):
            end += 1
        cut.append(samples[start:end])
        start = end
    return cut


def _fits(samples: Sequence[Sample], pieces: int, vocabulary: int) -> bool:
    longest = max(len(sample.ids) + (0 if sample.decoder is None else len(sample.decoder)) for sample in samples)
    most_targets = max(int((sample.labels != NOTHING).sum()) for sample in samples)
    return longest * len(samples) <= pieces and most_targets * len(samples) * vocabulary <= MOST_SCORES


def _padded(rows: Sequence[NDArray[np.int64]], value: int) -> NDArray[np.int64]:
    table = np.full((len(rows), max(map(len, rows))), value, np.int64)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table
