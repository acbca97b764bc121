"""What an encoder-decoder model is trained to restore: spans behind sentinels (T5), spans behind one mask (BART)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MEAN_SPAN = 3.0

Span = tuple[int, int]


def choose_spans(
    length: int, rng: np.random.Generator, *, share: float, mean: float = MEAN_SPAN, most: int | None = None
) -> list[Span]:
    """Spans (start, end) of a row of ``length`` pieces that make up ``share`` of it, apart from each other.

    Their lengths and the gaps between them are random partitions; text comes first. ``most`` limits the number of
    spans. Source: Raffel et al. 2020, section 3.1.4 and appendix of the released code (random_spans_noise_mask).
    """
    if length < 2:
        return [(0, length)] if length else []
    noise = min(max(round(length * share), 1), length - 1)
    count = min(max(round(noise / mean), 1), noise, length - noise, most or noise)
    hidden, kept = _partition(noise, count, rng), _partition(length - noise, count, rng)
    spans, at = [], 0
    for gap, size in zip(kept, hidden, strict=True):
        spans.append((at + gap, at + gap + size))
        at += gap + size
    return spans


def with_sentinels(
    ids: NDArray[np.int64], spans: Sequence[Span], sentinels: Sequence[int]
) -> tuple[list[int], list[int]]:
    """The row with a sentinel for each span, and the target: each sentinel and its span, then one sentinel more.

    ``Thank you <0> me to your party <1> week`` and ``<0> for inviting <1> last <2>``.
    """
    given: list[int] = []
    target: list[int] = []
    at = 0
    for (start, end), sentinel in zip(spans, sentinels, strict=False):
        given += [*map(int, ids[at:start]), sentinel]
        target += [sentinel, *map(int, ids[start:end])]
        at = end
    return [*given, *map(int, ids[at:])], [*target, sentinels[len(spans)]]


def with_masks(ids: NDArray[np.int64], spans: Sequence[Span], mask: int) -> list[int]:
    """The row with one mask for each span (Lewis et al. 2020, text infilling)."""
    given: list[int] = []
    at = 0
    for start, end in spans:
        given += [*map(int, ids[at:start]), mask]
        at = end
    return [*given, *map(int, ids[at:])]


def _partition(total: int, parts: int, rng: np.random.Generator) -> list[int]:
    """``total`` as a sum of ``parts`` whole numbers of at least 1, each way equally likely."""
    cuts = np.sort(rng.choice(total - 1, parts - 1, replace=False) + 1)
    return [int(size) for size in np.diff([0, *cuts, total])]
