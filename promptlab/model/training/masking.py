"""Whole-word masking: which pieces of a row are hidden from a masked model, and what stands in their place."""

import numpy as np
from numpy.typing import NDArray

from promptlab.model.training.packing import Window

# Pieces above which a word (in writing without blanks, a whole clause) is hidden in parts.
_LONGEST = 6
# Of the chosen pieces, the shares that become the mask and that become another piece; the rest stays as it is.
_MASKED, _REPLACED = 0.8, 0.1


def choose_words(window: Window, rng: np.random.Generator, *, share: float) -> NDArray[np.bool_]:
    """Which pieces (T,) are to be predicted: whole words in random order while they are within ``share`` of the text.

    At least one word is chosen; separators never are.
    """
    words = _word_numbers(window)  # (T,)
    sizes = np.bincount(words[window.is_text], minlength=words.max(initial=0) + 1)
    order = rng.permutation(np.flatnonzero(sizes))
    budget = share * window.is_text.sum()
    # A last word that would go over the budget is taken half of the time, so that the share is met on average.
    within = np.cumsum(sizes[order]) - sizes[order] * 0.5 <= budget
    count = max(int(within.sum()), min(1, len(order)))
    return np.isin(words, order[:count]) & window.is_text


def hide(
    window: Window,
    chosen: NDArray[np.bool_],
    rng: np.random.Generator,
    *,
    mask: int,
    plain: NDArray[np.int64],
) -> NDArray[np.int64]:
    """The row (T,) with the chosen pieces hidden as BERT does: 80 % the mask, 10 % one of ``plain``, 10 % unchanged.

    Source: Devlin et al. 2019, section 3.1; a draw for each piece, as in their whole-word models.
    """
    draw = rng.random(len(window.ids))
    other = plain[rng.integers(len(plain), size=len(window.ids))]
    hidden = np.where(chosen & (draw < _MASKED), mask, window.ids)
    return np.where(chosen & (draw >= _MASKED) & (draw < _MASKED + _REPLACED), other, hidden)


def _word_numbers(window: Window) -> NDArray[np.int64]:
    """The word that each piece belongs to, counted from 0; long words fall into several."""
    begins = window.begins.copy()
    begins[:1] = True
    starts = np.flatnonzero(begins)
    within = np.arange(len(begins)) - starts[np.cumsum(begins) - 1]  # a piece's place in its word
    parts = begins | (within % _LONGEST == 0)
    return np.cumsum(parts) - 1
