"""Label words into label scores: pieces into words, words into labels, calibration divided out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model import Depth, LanguageModel, Readout
from promptlab.model.whole import whole_words
from promptlab.template import Template
from promptlab.text import shorten
from promptlab.verbalizer import Combine, LabelWords, Word


@dataclass(frozen=True)
class WordVerbalizer:
    """The verbalizer that a table of label words describes.

    With several slots, a word's log-probabilities at the slots are added (as PTR does). Several words of a label make
    one number as ``words.combine`` says: the weighted mean of their log-probabilities, the log of their weighted summed
    probability, or their weighted maximum. Scores of labels are normalised over the labels. A calibration's priors of
    words are divided out before words are combined, its prior over labels afterwards.
    """

    words: LabelWords

    def __post_init__(self) -> None:
        for label in self.words.labels:
            if not self.words.active(label):
                raise ConfigError(f"The label {label!r} has no words that count. Give it one, or switch one on.")
        _check_priors(self.words)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order."""
        return self.words.labels

    @property
    def kind(self) -> str:
        """The name of this verbalizer."""
        return "words"

    @property
    def depths(self) -> tuple[Depth, ...]:
        """Words are scored from what the output layer saw."""
        return ("top",)

    def __call__(self, readout: Readout) -> Tensor:
        """Log-probabilities (N, C) over the labels, calibrated; raises NeedsReading for words not yet read whole."""
        calibration = self.words.calibration
        if calibration is None:
            return self.raw(readout)
        evidence = self.evidence(readout, priors=calibration.word_prior)
        return calibrated(_over_labels(evidence), calibration.label_prior)

    def raw(self, readout: Readout) -> Tensor:
        """Log-probabilities (N, C) over the labels without calibration."""
        return _over_labels(self.evidence(readout))

    def evidence(self, readout: Readout, *, priors: Mapping[str, float] | None = None) -> Tensor:
        """The labels' scores (N, C) before they are normalised: combined log-probabilities of their words.

        ``priors`` holds log-probabilities by word, which are divided out of each word's own.
        """
        if priors is not None and self.words.combine == "mean":
            return self.evidence(readout) - self._mean_priors(priors).to(readout.hidden.device)
        keys = {label: self._key(label, priors) for label in self.labels}
        missing = [label for label in self.labels if keys[label] not in readout.memo]
        columns = dict(zip(missing, self._columns(readout, missing, priors), strict=True))
        if not (readout.hidden.requires_grad or readout.output.weight.requires_grad):
            readout.memo.update({keys[label]: column.detach() for label, column in columns.items()})
        return torch.stack(
            [columns[label] if label in columns else readout.memo[keys[label]] for label in self.labels]
        ).T

    def whole_words(self, lm: LanguageModel, template: Template) -> tuple[Word, ...]:
        """The words that the model must read whole."""
        return whole_words(lm, template, self.words.every_word(), pieces=self.words.pieces)

    def _key(self, label: str, priors: Mapping[str, float] | None) -> object:
        words = tuple(
            (word.text, word.weight, None if priors is None else priors[str(word)]) for word in self.words.active(label)
        )
        return ("label", words, self.words.pieces, self.words.combine)

    def _mean_priors(self, priors: Mapping[str, float]) -> Tensor:
        """(C,): the weighted mean of each label's words' priors, which is all that a mean loses to them."""
        rows = [self.words.active(label) for label in self.labels]
        return torch.cat([combined(_priors_of(row, priors)[None], row, "mean") for row in rows])

    def _columns(self, readout: Readout, labels: Sequence[str], priors: Mapping[str, float] | None) -> Sequence[Tensor]:
        """One column (N,) a label."""
        if not labels:
            return ()
        words = [word for label in labels for word in self.words.active(label)]
        is_whole = any(readout.is_whole(word, self.words.pieces) for word in words)
        if self.words.combine == "mean" and self.words.pieces != "max" and readout.output.is_linear and not is_whole:
            return self._folded(readout, labels)
        scores = readout.words(words, pieces=self.words.pieces).sum(1)  # (N, W)
        if priors is not None:
            scores = scores - _priors_of(words, priors).to(scores.device)
        rows = [self.words.active(label) for label in labels]
        parts = torch.split(scores, [len(row) for row in rows], -1)
        return [combined(part, row, self.words.combine) for part, row in zip(parts, rows, strict=True)]

    def _folded(self, readout: Readout, labels: Sequence[str]) -> Sequence[Tensor]:
        """The mean over a label's words as one product: the vectors times the mean of the words' output rows."""
        output, slots = readout.output, readout.hidden.shape[1]
        ids: list[int] = []
        shares: list[float] = []
        owner: list[int] = []
        for row, label in enumerate(labels):
            active = self.words.active(label)
            total = sum(word.weight for word in active)
            for word in active:
                for slot, pieces in enumerate(readout.spelling.word(word)):
                    counted = pieces[:1] if self.words.pieces in ("first", "whole") else pieces
                    ids += counted
                    shares += [word.weight / total / len(counted)] * len(counted)
                    owner += [row * slots + slot] * len(counted)
        device = readout.hidden.device
        pool = torch.zeros(len(labels) * slots, len(ids), device=device)
        pool[owner, torch.arange(len(ids), device=device)] = torch.tensor(shares, device=device)
        pieces_at = torch.tensor(ids, device=output.weight.device)
        rows = (pool @ output.weight[pieces_at].to(device).float()).view(len(labels), slots, -1)  # (C, M, H)
        scores = readout.vectors.flatten(1) @ rows.flatten(1).T  # (N, C)
        if output.bias is not None:
            scores = scores + (pool @ output.bias[pieces_at].to(device).float()).view(len(labels), slots).sum(-1)
        return (scores * output.scale - readout.log_norm.sum(-1, keepdim=True)).unbind(-1)


def combined(scores: Tensor, words: Sequence[Word], combine: Combine) -> Tensor:
    """Scores (N, W) of a label's words as the label's own (N,)."""
    weights = torch.tensor([word.weight for word in words], device=scores.device)  # (W,)
    if combine == "mean":
        return scores @ (weights / weights.sum())
    weighted = scores + weights.log()
    return weighted.logsumexp(-1) if combine == "logsumexp" else weighted.amax(-1)


def calibrated(logprobs: Tensor, label_prior: Sequence[float] | None) -> Tensor:
    """Log-probabilities (N, C) with a prior over the labels divided out and normalised again."""
    if label_prior is None:
        return logprobs
    return (logprobs - torch.tensor(label_prior, device=logprobs.device)).log_softmax(-1)


def _over_labels(evidence: Tensor) -> Tensor:
    """Scores (N, C) as log-probabilities over the labels."""
    # One row a label while it is normalised: ten times faster than across the short side of (N, C).
    return evidence.T.log_softmax(0).T.contiguous()


def _priors_of(words: Sequence[Word], priors: Mapping[str, float]) -> Tensor:
    """(W,)."""
    return torch.tensor([priors[str(word)] for word in words])


def _check_priors(words: LabelWords) -> None:
    """ConfigError for a word that counts and that a calibration by words does not know."""
    priors = words.calibration.word_prior if words.calibration else None
    if priors is None:
        return
    for word in words.every_word():
        if str(word) not in priors:
            raise ConfigError(
                f"The calibration has no prior for the word {shorten(str(word), 40)!r}: it was fitted before the word "
                "was there. Fit it again (promptlab words calibrate), or delete the entry's calibration."
            )
