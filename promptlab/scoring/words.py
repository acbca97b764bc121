"""Label words into label scores: pieces into words, words into labels, calibration divided out."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model import Depth, LanguageModel, Readout
from promptlab.model.whole import whole_words
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word


@dataclass(frozen=True)
class WordVerbalizer:
    """The verbalizer that a table of label words describes.

    With several slots, a word's log-probabilities at the slots are added (as PTR does). Several words of a label make
    one number as ``words.combine`` says: the weighted mean of their log-probabilities, the log of their weighted summed
    probability, or their weighted maximum. Scores of labels are normalised over the labels.
    """

    words: LabelWords

    def __post_init__(self) -> None:
        for label in self.words.labels:
            if not self.words.active(label):
                raise ConfigError(f"The label {label!r} has no words that count. Give it one, or switch one on.")

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order."""
        return self.words.labels

    @property
    def depths(self) -> tuple[Depth, ...]:
        """Words are scored from what the output layer saw."""
        return ("top",)

    def __call__(self, readout: Readout) -> Tensor:
        """Log-probabilities (N, C) over the labels, calibrated; raises NeedsReading for words not yet read whole."""
        prior = self.words.calibration.label_prior if self.words.calibration else None
        return calibrated(self.raw(readout), prior)

    def raw(self, readout: Readout) -> Tensor:
        """Log-probabilities (N, C) over the labels without calibration."""
        # One row a label while it is normalised: ten times faster than across the short side of (N, C).
        return self.evidence(readout).T.log_softmax(0).T.contiguous()

    def evidence(self, readout: Readout) -> Tensor:
        """The labels' scores (N, C) before they are normalised: combined log-probabilities of their words."""
        keys = {label: self._key(label) for label in self.labels}
        missing = [label for label in self.labels if keys[label] not in readout.memo]
        columns = dict(zip(missing, self._columns(readout, missing), strict=True))
        if not (readout.hidden.requires_grad or readout.output.weight.requires_grad):
            readout.memo.update({keys[label]: column.detach() for label, column in columns.items()})
        return torch.stack(
            [columns[label] if label in columns else readout.memo[keys[label]] for label in self.labels]
        ).T

    def whole_words(self, lm: LanguageModel, template: Template) -> tuple[Word, ...]:
        """The words that the model must read whole."""
        return whole_words(lm, template, self.words.every_word(), pieces=self.words.pieces)

    def _key(self, label: str) -> object:
        words = tuple((word.text, word.weight) for word in self.words.active(label))
        return ("label", words, self.words.pieces, self.words.combine)

    def _columns(self, readout: Readout, labels: Sequence[str]) -> Sequence[Tensor]:
        """One column (N,) a label."""
        if not labels:
            return ()
        words = [word for label in labels for word in self.words.active(label)]
        is_whole = any(readout.is_whole(word, self.words.pieces) for word in words)
        if self.words.combine == "mean" and self.words.pieces != "max" and readout.output.is_linear and not is_whole:
            return self._folded(readout, labels)
        scores = readout.words(words, pieces=self.words.pieces).sum(1)  # (N, W)
        counts = [len(self.words.active(label)) for label in labels]
        return [self._combine(part, label) for part, label in zip(torch.split(scores, counts, -1), labels, strict=True)]

    def _combine(self, scores: Tensor, label: str) -> Tensor:
        """(N, W) -> (N,)."""
        weights = torch.tensor([word.weight for word in self.words.active(label)], device=scores.device)  # (W,)
        if self.words.combine == "mean":
            return scores @ (weights / weights.sum())
        weighted = scores + weights.log()
        return weighted.logsumexp(-1) if self.words.combine == "logsumexp" else weighted.amax(-1)

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


def calibrated(logprobs: Tensor, label_prior: Sequence[float] | None) -> Tensor:
    """Log-probabilities (N, C) with a prior over the labels divided out and normalised again."""
    if label_prior is None:
        return logprobs
    return (logprobs - torch.tensor(label_prior, device=logprobs.device)).log_softmax(-1)
