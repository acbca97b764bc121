"""How frequent words are in what a model says at a slot (KPT, second step): their ranks in the whole vocabulary."""

import math
from collections.abc import Sequence
from itertools import chain, islice

import torch
from torch import Tensor

from promptlab.model import Readout
from promptlab.scoring.priors import vocabulary_mean_logits
from promptlab.verbalizer import Pieces, Word


def ranks(vocabulary: Tensor, scores: Tensor) -> tuple[int, ...]:
    """Where each score (W,) stands among those of the vocabulary (V,), 1 for the largest."""
    ordered = vocabulary.double().sort().values
    return tuple((len(ordered) - torch.searchsorted(ordered, scores.double(), right=True) + 1).tolist())


def word_ranks(
    readout: Readout, words: Sequence[Word], priors: Sequence[float], vocabulary: Tensor, *, pieces: Pieces
) -> tuple[int, ...]:
    """The ranks of words' priors among those of the vocabulary's pieces (V,).

    A word that one piece stands for has that piece's, which summing in another order would move by one or two.
    """
    scores = torch.tensor(priors, dtype=vocabulary.dtype)
    for place, word in enumerate(words):
        spelt = readout.spelling.word(word)[0]
        if not readout.is_whole(word, pieces) and (pieces == "first" or len(spelt) == 1):
            scores[place] = vocabulary[spelt[0]]
    return ranks(vocabulary, scores)


def rare_words(priors: Sequence[float], ranked: Sequence[int], *, size: int, keep: float) -> list[str]:
    """Why each word is dropped, empty for one that stays: its prior is not in the likeliest share of the vocabulary."""
    return [
        f"rare: prior {probability(prior)}, rank {rank:,} of {size:,}" if rank > keep * size else ""
        for prior, rank in zip(priors, ranked, strict=True)
    ]


def rare_pieces(readout: Readout, words: Sequence[Word], *, keep: float) -> list[str]:
    """The same by KPT's released code: one of the word's pieces is not in the likeliest share, by mean logit."""
    logits = vocabulary_mean_logits(readout)  # (V,)
    spelt = [readout.spelling.word(word)[0] for word in words]
    each = iter(ranks(logits, logits[list(chain.from_iterable(spelt))]))
    reasons = []
    for pieces in spelt:
        worst = max(islice(each, len(pieces)))
        what = "rank" if len(pieces) == 1 else "a piece of rank"
        reason = f"rare: {what} {worst:,} of {len(logits):,} by mean logit"
        reasons.append(reason if worst > keep * len(logits) else "")
    return reasons


def probability(logprob: float) -> str:
    """A small probability as ``2e-09``."""
    return f"{math.exp(logprob):.0e}"
