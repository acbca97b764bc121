"""Learnable weights of label words (KPT): how much each word of a label counts, learnt on labelled rows."""

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from promptlab.model import Readout
from promptlab.scoring.learned.folds import Folds, Learnt, check_shots
from promptlab.scoring.threads import one_thread
from promptlab.scoring.words import WordVerbalizer
from promptlab.verbalizer import LabelWords

STEPS, RATE = 200, 0.06


@one_thread()
def fit_weights(
    words: LabelWords, readout: Readout, targets: Tensor, *, steps: int = STEPS, learning_rate: float = RATE
) -> LabelWords:
    """The words with weights that add up to 1 in each label, learnt on rows with labels (N,).

    Hu et al. 2022, "Knowledgeable Prompt-tuning", section 3.3: a label's score is the sum over its words of alpha times
    log p(word), alpha the softmax of numbers that begin at 0, with cross-entropy over the labels and Adam; only these
    are learnt, the language model stays. Where the words have priors of their own, these are divided out as they will
    be; a prior over labels, which belongs to the old weights, is dropped. Raises NeedsReading for words not yet read
    whole, DataError for a label without rows.
    """
    check_shots(targets, words.labels, least=1)
    scores, owner = _word_scores(words, readout)
    shares = _learnt_shares(scores, targets, owner, len(words.labels), steps=steps, learning_rate=learning_rate)
    return _weighted(words, shares.sum(1).tolist())


def learn_weights(words: LabelWords, readout: Readout, targets: Tensor, *, folds: Folds) -> Learnt[WordVerbalizer]:
    """``fit_weights`` without rows left out, and its log-probabilities of these."""
    scores, owner = _word_scores(words, readout)

    def logprobs(near: Tensor, of: Tensor, far: Tensor) -> Tensor:
        return (far @ _learnt_shares(near, of, owner, len(words.labels))).log_softmax(-1)

    return Learnt(
        folds.held_out(scores, targets, logprobs),
        lambda readout, targets: WordVerbalizer(fit_weights(words, readout, targets)),
    )


def _learnt_shares(
    scores: Tensor,
    targets: Tensor,
    owner: Tensor,
    labels: int,
    *,
    steps: int = STEPS,
    learning_rate: float = RATE,
) -> Tensor:
    """What each word counts for each label (W, C), from scores of words (N, W) and labels (N,)."""
    free = torch.zeros(len(owner), requires_grad=True)
    optimizer = torch.optim.Adam([free], lr=learning_rate)
    for _ in range(steps):
        loss = functional.cross_entropy(scores @ _shares(free, owner, labels), targets)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return _shares(free.detach(), owner, labels)


def _word_scores(words: LabelWords, readout: Readout) -> tuple[Tensor, Tensor]:
    """Log-probabilities (N, W) of the words that count, less their priors, and the place of each one's label (W,)."""
    every = words.every_word()
    scores = readout.words(every, pieces=words.pieces).sum(1).detach()
    if words.calibration is not None and words.calibration.word_prior is not None:
        scores = scores - torch.tensor([words.calibration.word_prior[str(word)] for word in every])
    owner = [place for place, label in enumerate(words.labels) for _ in words.active(label)]
    return scores, torch.tensor(owner)


def _shares(free: Tensor, owner: Tensor, count: int) -> Tensor:
    """(W, C): each word's share of its label, 0 elsewhere."""
    is_own = functional.one_hot(owner, count).bool()
    return free[:, None].masked_fill(~is_own, -torch.inf).softmax(0)


def _weighted(words: LabelWords, shares: list[float]) -> LabelWords:
    """The words that count with these weights, in order; words that do not count stay as they are."""
    weights = iter(shares)
    table = {}
    for label in words.labels:
        active = set(words.active(label))
        table[label] = tuple(
            replace(word, weight=next(weights)) if word in active else word for word in words.words[label]
        )
    fitted = words.calibration
    kept = replace(fitted, label_prior=None) if fitted is not None and fitted.word_prior is not None else None
    return replace(words, words=table, combine="mean", calibration=kept)
