"""Priors: how likely words and pieces are over texts before any one text speaks for them."""

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from promptlab.model import Readout
from promptlab.scoring.calibrate import fit_prior
from promptlab.scoring.words import combined
from promptlab.verbalizer import LabelWords, Pieces, Word

# How many times likelier one label's words may be than another's before that is said.
LOPSIDED = 5
_CELLS = 1 << 21  # log-probabilities of the vocabulary that are held at a time


def word_priors(readout: Readout, words: Sequence[Word], *, pieces: Pieces) -> tuple[float, ...]:
    """KPT's contextualised prior of each word (Hu et al. 2022, eq. 3): the log of its mean probability over texts.

    Raises ConfigError without texts, NeedsReading for words that the reading lacks.
    """
    return fit_prior(readout.words(words, pieces=pieces).sum(1))


def mean_logprobs(readout: Readout, words: Sequence[Word], *, pieces: Pieces) -> tuple[float, ...]:
    """The prior of KPT's released code: each word's mean logit over texts, here its mean log-probability.

    The two differ by one number for all words, which label scores do not see.
    """
    return tuple(readout.words(words, pieces=pieces).sum(1).double().mean(0).tolist())


def vocabulary_priors(readout: Readout) -> Tensor:
    """The log of the mean probability over texts of every piece of the vocabulary (V,) at the one slot."""
    # Ten times faster than logsumexp down the columns; a piece below 1e-38 comes out as log 0.
    return torch.cat([part.exp().mean(0) for part in _vocabulary(readout)]).log()


def vocabulary_mean_logits(readout: Readout) -> Tensor:
    """The mean logit over texts of every piece of the vocabulary (V,) at the one slot."""
    if readout.output.is_linear:  # the mean of a linear function is the function of the mean
        return readout.output.logits(readout.vectors[:, 0].mean(0))
    log_norm = readout.log_norm[:, 0].mean()
    return torch.cat([part.mean(0) for part in _vocabulary(readout)]) + log_norm


def lopsided_words(words: LabelWords, priors: Mapping[str, float]) -> str:
    """A warning when one label's words are far likelier than another's before any text; else empty.

    ``priors`` are log-probabilities by word. Labels are compared as their words are combined.
    """
    ranked = sorted((_label_prior(words, label, priors), place, label) for place, label in enumerate(words.labels))
    (low, _, last), (high, _, first) = ranked[0], ranked[-1]
    times = math.exp(min(high - low, 50.0))
    if times < LOPSIDED:
        return ""
    ratio = f"{times:,.0f}" if times < 1e6 else "over a million"
    one, other = words.active(first), words.active(last)
    if len(one) == len(other) == 1:
        who, than = f"{str(one[0])!r} is", repr(str(other[0]))
    else:
        who, than = f"the words of {first!r} are", f"those of {last!r}"
    return f"{who[0].upper()}{who[1:]} {ratio}x likelier than {than} before any text. A calibration divides that out."


def _label_prior(words: LabelWords, label: str, priors: Mapping[str, float]) -> float:
    active = words.active(label)
    return float(combined(torch.tensor([[priors[str(word)] for word in active]]), active, words.combine))


def _vocabulary(readout: Readout) -> Iterator[Tensor]:
    """Log-probabilities (N, v) of stretches of the vocabulary at the one slot, scored as the normaliser was summed."""
    vectors, log_norm = readout.hidden[:, 0], readout.log_norm[:, 0, None]
    step = max(_CELLS // len(readout), 1)
    for start in range(0, readout.output.weight.shape[0], step):
        yield readout.output.logits(vectors, slice(start, start + step)).float() - log_norm
