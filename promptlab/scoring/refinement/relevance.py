"""Relevance of words to their label (KPT, third step): how alike word and labels' names are over the support texts."""

from collections.abc import Sequence
from itertools import chain

from torch import Tensor
from torch.nn.functional import normalize, one_hot

# A sum or a maximum of cosines below this counts as this: keeps the quotient finite.
_LEAST = 1e-6
# What a word that is turned away from its label's name counts as in the code's choice of a cut.
_OUT = -100.0


def cosines(words: Tensor, names: Tensor) -> Tensor:
    """(W, C): the cosine of each word's numbers over texts (N, W) with those of each label's name (N, C)."""
    return normalize(words.double(), dim=0).T @ normalize(names.double(), dim=0)


def paper_relevance(words: Tensor, names: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
    """R (W,) and the cosines (W, C) behind it, out of log-probabilities (N, W) and (N, C).

    ``owners`` (W,) is each word's label. Hu et al. 2022: over vectors of probabilities, the cosine with the own label's
    name times (C - 1), by the sum of the cosines with the other names. A name's own R is 1 or more.
    """
    alike = cosines(_peaked(words), _peaked(names))
    own, others = _own_and_others(alike, owners)
    return own * others.shape[1] / others.sum(1).clamp_min(_LEAST), alike


def code_relevance(words: Tensor, names: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
    """The score (W,) of KPT's released code and the cosines (W, C) behind it, out of logits (N, W) and (N, C).

    Over logits centred on each word's mean: the cosine with the own label's name, by the power mean of the absolute
    cosines with the others, of power 10 / (C - 2 + 0.01) + 1 (their "idf").
    """
    alike = cosines(words - words.mean(0), names - names.mean(0))
    own, others = _own_and_others(alike, owners)
    power = 10 / (others.shape[1] - 1 + 0.01) + 1
    largest = others.abs().amax(1, keepdim=True).clamp_min(_LEAST)
    shares = (others.abs() / largest) ** power  # of the largest: a high power of a cosine itself would be 0
    return own / (largest[:, 0] * shares.mean(1) ** (1 / power)), alike


def nearer_elsewhere(relevance: Tensor, alike: Tensor, owners: Tensor, labels: Sequence[str]) -> list[str]:
    """Why each word is dropped by the paper, empty for one that stays: R is below 1."""
    others = alike.masked_fill(one_hot(owners, alike.shape[1]).bool(), -2.0).argmax(1).tolist()
    return [
        f"nearer to {labels[other]!r} than to {labels[owner]!r}: R {score:.2f} < 1" if score < 1 - 1e-9 else ""
        for score, other, owner in zip(relevance.tolist(), others, owners.tolist(), strict=True)
    ]


def below_the_cut(relevance: Tensor, alike: Tensor, owners: Tensor, labels: Sequence[str]) -> list[str]:
    """Why each word is dropped by the code, empty for one that stays: it is turned away from its label's name, or
    behind the one share of its label's words that stays of every label."""
    own = alike.gather(1, owners[:, None])[:, 0].tolist()  # (W,)
    scores = [_OUT if cosine < 0 else score for cosine, score in zip(own, relevance.tolist(), strict=True)]
    by_label: dict[int, list[int]] = {}
    for place in sorted(range(len(scores)), key=lambda place: -scores[place]):
        by_label.setdefault(int(owners[place]), []).append(place)
    share = kept_share([[scores[place] for place in places] for places in by_label.values()])
    reasons = [""] * len(scores)
    for owner, places in by_label.items():
        for place in places[kept(share, len(places)) :]:
            reasons[place] = f"less relevant to {labels[owner]!r}: score {scores[place]:.2f}, {share:.0%} of words stay"
        for place in places:
            if own[place] < 0:
                reasons[place] = f"turned away from {labels[owner]!r}: cosine {own[place]:.2f}"
    return reasons


def kept_share(scores: Sequence[Sequence[float]]) -> float:
    """The one share of every label's words, best first, whose last kept words have scores nearest to 1 (KPT's code).

    ``scores`` holds each label's. Of the shares at which something changes, the one with the least sum over labels of
    (last kept score - 1) squared; of equals the largest.
    """
    ranked = [sorted(row, reverse=True) for row in scores]
    shares = set(chain.from_iterable([number / len(row) for number in range(1, len(row) + 1)] for row in ranked))

    def off(share: float) -> float:
        return sum((row[kept(share, len(row)) - 1] - 1) ** 2 for row in ranked)

    return min(sorted(shares, reverse=True), key=off)


def kept(share: float, count: int) -> int:
    """How many of a label's ``count`` words a share keeps: one at least."""
    return max(1, min(count, int(share * count + 0.5)))


def _peaked(logprobs: Tensor) -> Tensor:
    """Probabilities (N, K), each column by its largest: a cosine does not see the scale, and none vanishes."""
    return (logprobs - logprobs.amax(0)).double().exp()


def _own_and_others(alike: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
    """From cosines (W, C): with the own label's name (W,), and with the others' (W, C - 1)."""
    is_own = one_hot(owners, alike.shape[1]).bool()
    return alike[is_own], alike[~is_own].view(len(alike), -1)
