"""A model's own embeddings as vectors of words, centred."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor

from promptlab.model.language_model import LanguageModel

_BLOCK = 8192  # rows held in float32 at once


@dataclass(frozen=True)
class EmbeddingTable:
    """The embeddings that a model reads its pieces with, or with ``at_output`` those that it scores them with.

    The two are one matrix where a model ties them. ``centre`` (E,) is the mean over the vocabulary, which is taken
    away from every vector: without it all words look alike to a cosine. A word of several pieces has their mean, which
    says little; ``knows`` tells such words from those of one piece.
    """

    lm: LanguageModel
    centre: Tensor
    at_output: bool = False

    @classmethod
    def of(cls, lm: LanguageModel, *, at_output: bool = False) -> "EmbeddingTable":
        """The table with its centre worked out, block by block."""
        uncentred = cls(lm, torch.zeros(()), at_output)
        count = len(lm.tokens)
        blocks = (torch.arange(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK))
        total = torch.stack([uncentred._rows(block).sum(0) for block in blocks]).sum(0)  # (E,)
        return cls(lm, total / count, at_output)

    @property
    def name(self) -> str:
        """What the vectors are, for people."""
        return f"{'output' if self.at_output else 'input'} embeddings of {self.lm.name}"

    @property
    def fingerprint(self) -> str:
        """Identifies the numbers."""
        return f"{self.lm.state_key()} {self.lm.dtype} {'output' if self.at_output else 'input'}"

    def knows(self, words: Sequence[str]) -> Tensor:
        """Whether each word is one piece after a space: (W,), boolean."""
        unknown = self.lm.tokens.tokenizer.unk_token_id
        return torch.tensor([len(ids) == 1 and ids[0] != unknown for ids in self._pieces(words)])

    def encode(self, words: Sequence[str]) -> Tensor:
        """The mean vector of each word's pieces, centred: (W, E), float32, on the CPU."""
        parts = [words[start : start + _BLOCK] for start in range(0, len(words), _BLOCK)]
        return torch.cat([self._means(self._pieces(part)) for part in parts])

    def _means(self, pieces: Sequence[Sequence[int]]) -> Tensor:
        counts = torch.tensor([len(ids) for ids in pieces])
        rows = self._rows(torch.tensor(list(chain(*pieces))))  # (K, E)
        owners = torch.repeat_interleave(torch.arange(len(pieces)), counts)  # (K,)
        sums = torch.zeros(len(pieces), rows.shape[1]).index_add_(0, owners, rows)  # (W, E)
        return sums / counts.clamp(min=1)[:, None] - self.centre  # a word of invisible characters has no piece

    def _pieces(self, words: Sequence[str]) -> list[list[int]]:
        return [ids for ids, _ in self.lm.tokens.encode_runs([f" {word}" for word in words], first=False)]

    @torch.no_grad()
    def _rows(self, pieces: Tensor) -> Tensor:
        """The embeddings of pieces (K,) as the model uses them: (K, E), float32, on the CPU."""
        pieces = pieces.to(self.lm.device)
        table = self.lm.output.weight[pieces] if self.at_output else self.lm.model.get_input_embeddings()(pieces)
        rows: Tensor = table.float().cpu()
        return rows
