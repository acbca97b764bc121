"""Readout: what a language model says at the slots of N examples, and every score that follows from it."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from promptlab.errors import ModelError
from promptlab.model.output import OutputLayer
from promptlab.model.spelling import Spelling
from promptlab.text import listed
from promptlab.verbalizer import Pieces, Word

# Which vector of a slot: the one after a layer (from 1), or "top", what the output layer saw.
Depth = int | Literal["top"]


def layers_of(depths: Iterable[Depth]) -> tuple[int, ...]:
    """The depths that are layers."""
    return tuple(depth for depth in depths if depth != "top")


def height(depth: Depth) -> float:
    """A number by which depths are sorted, the lowest first."""
    return math.inf if depth == "top" else depth


class NeedsReading(Exception):
    """Words that must be read by the model before they have a score (``LanguageModel.read_words`` does it)."""

    def __init__(self, words: Sequence[Word | str]) -> None:
        super().__init__(", ".join(map(str, words)))
        self.words = tuple(words)


@dataclass(frozen=True, eq=False)
class Readout:
    """What the output layer saw at each slot, and what is needed to score words from it.

    ``hidden`` (N, M, H) in the model's precision, ``log_norm`` (N, M) float32 log-normaliser over the vocabulary,
    ``rows`` (N,) positions in the sequence that was read, ``cut`` (N,) pieces that truncation removed, ``dropped`` (N,)
    demonstrations that did not fit, ``columns``
    (N,) log-probabilities of words that were read whole. ``whole_only`` is True where text follows the slot of a
    causal model: then no word has a score before it was read. ``layers`` holds the slots' vectors (N, M, D) after the
    layers that were asked for; where the pass stopped at the deepest of them, ``hidden`` is (N, M, 0).
    """

    hidden: Tensor
    log_norm: Tensor
    rows: Tensor
    cut: Tensor
    dropped: Tensor
    output: OutputLayer
    spelling: Spelling
    whole_only: bool = False
    columns: Mapping[str, Tensor] = field(default_factory=dict)
    layers: Mapping[int, Tensor] = field(default_factory=dict)
    memo: dict[object, Tensor] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return self.hidden.shape[0]

    def tokens(self, ids: Tensor | Sequence[int]) -> Tensor:
        """Log-probabilities (N, M, K), float32, of the pieces ``ids`` (K,)."""
        wanted = torch.as_tensor(ids, device=self.output.weight.device)
        return self.output.logits(self.vectors, wanted) - self.log_norm[..., None]

    @property
    def vectors(self) -> Tensor:
        """The slots' vectors (N, M, H) in float32, in which words are scored.

        Raises ModelError, as everything that scores words does, where the pass stopped below the output layer.
        """
        self._check_top()
        if self.hidden.dtype == torch.float32:
            return self.hidden
        if "vectors" not in self.memo:
            self.memo["vectors"] = self.hidden.float()
        return self.memo["vectors"]

    def at(self, depth: Depth) -> Tensor:
        """The slots' vectors (N, M, D), float32, after a layer or, at "top", as the output layer saw them.

        Raises ModelError for a depth that was not read.
        """
        if depth == "top":
            return self.vectors
        if depth not in self.layers:
            held = listed(str(depth) for depth in self.depths)
            raise ModelError(f"Depth {depth} was not read; this reading has {held}. Read again with depths=({depth},).")
        return self.layers[depth].float()

    def _check_top(self) -> None:
        if not self.has("top"):
            raise ModelError(
                f"This reading stopped after layer {max(self.layers)} of the model, where no word has a score: read "
                "the top too (top=True)."
            )

    @property
    def depths(self) -> tuple[Depth, ...]:
        """The depths that were read, the lowest first."""
        return (*sorted(self.layers), *(("top",) if self.hidden.shape[-1] else ()))

    def has(self, depth: Depth) -> bool:
        """Whether a depth was read."""
        return depth in self.depths

    def words(self, words: Sequence[Word | str], *, pieces: Pieces = "first") -> Tensor:
        """Log-probabilities (N, M, W), float32, of words.

        ``pieces`` says how several pieces of a word become one number: the first, their mean or maximum at the one
        slot, or the word read *whole* (mean log-probability a piece). Raises NeedsReading for words read whole that
        have no column yet.
        """
        self._check_top()
        spelt = [self.spelling.word(word) for word in words]  # W × M × pieces
        whole = [self.is_whole(word, pieces) for word in words]
        missing = [
            word for word, is_whole in zip(words, whole, strict=True) if is_whole and str(word) not in self.columns
        ]
        if missing:
            raise NeedsReading(missing)
        table = self._at_one_slot(spelt, pieces)  # (N, M, W)
        for place, word in enumerate(words):
            if whole[place]:
                table[:, 0, place] = self.columns[str(word)].to(table)
        return table

    def is_whole(self, word: Word | str, pieces: Pieces) -> bool:
        """Whether the word's score comes from a column: several pieces read whole, or text after a causal slot."""
        return self.whole_only or (pieces == "whole" and self.spelling.is_split(word))

    def top(self, k: int) -> tuple[Tensor, Tensor]:
        """The ``k`` likeliest pieces at each slot: ids (N, M, k) and their log-probabilities (N, M, k)."""
        found = [part.topk(min(k, part.shape[-1]), dim=-1) for part in self._everything()]
        return torch.cat([part.indices for part in found]), torch.cat([part.values for part in found])

    def ranks(self, ids: Tensor | Sequence[int]) -> Tensor:
        """The rank (N, M, K) of each piece of ``ids`` (K,) in the vocabulary; the likeliest has rank 1."""
        wanted = torch.as_tensor(ids)
        counts = [
            torch.stack([(part > part[..., piece, None]).sum(-1) for piece in wanted], dim=-1)
            for part in self._everything()
        ]
        return torch.cat(counts) + 1

    def _everything(self) -> Iterator[Tensor]:
        """Log-probabilities (n, M, V) of the whole vocabulary, a few rows at a time."""
        if len(self) == 1 and "everything" in self.memo:
            yield self.memo["everything"]
            return
        for start in range(0, len(self), 64):
            rows = slice(start, start + 64)
            found = self.output.every_logit(self.vectors[rows]) - self.log_norm[rows, :, None]
            if len(self) == 1 and not found.requires_grad:
                self.memo["everything"] = found
            yield found

    def with_depths(self, other: "Readout") -> "Readout":
        """The same with the depths that another reading of the same rows has."""
        top = other if other.has("top") else self
        layers = {**self.layers, **other.layers}
        return replace(self, hidden=top.hidden, log_norm=top.log_norm, layers=layers, memo={})

    def with_columns(self, columns: Mapping[str, Tensor]) -> "Readout":
        """The same with more words read whole."""
        return replace(self, columns={**self.columns, **columns}, memo={})

    def select(self, rows: Tensor) -> "Readout":
        """The readout of some of its rows, given by their place here."""
        columns = {word: column[rows] for word, column in self.columns.items()}
        return replace(
            self,
            hidden=self.hidden[rows],
            log_norm=self.log_norm[rows],
            rows=self.rows[rows],
            cut=self.cut[rows],
            dropped=self.dropped[rows],
            columns=columns,
            layers={depth: vectors[rows] for depth, vectors in self.layers.items()},
            memo={},
        )

    @staticmethod
    def join(shards: Iterable["Readout"]) -> "Readout":
        """Shards of one reading as one readout, in the order of the rows that were read."""
        parts = list(shards)
        columns = {word: torch.cat([part.columns[word] for part in parts]) for word in parts[0].columns}
        joined = replace(
            parts[0],
            hidden=torch.cat([part.hidden for part in parts]),
            log_norm=torch.cat([part.log_norm for part in parts]),
            rows=torch.cat([part.rows for part in parts]),
            cut=torch.cat([part.cut for part in parts]),
            dropped=torch.cat([part.dropped for part in parts]),
            columns=columns,
            layers={depth: torch.cat([part.layers[depth] for part in parts]) for depth in parts[0].layers},
            memo={},
        )
        return joined.select(joined.rows.argsort())

    def _at_one_slot(self, spelt: Sequence[tuple[tuple[int, ...], ...]], pieces: Pieces) -> Tensor:
        """(N, M, W) from the pieces at one slot; a word read whole is overwritten afterwards, so its first will do."""
        if pieces in ("first", "whole"):
            slots = [[word[slot][:1] for word in spelt] for slot in range(self.hidden.shape[1])]
        else:
            slots = [[word[slot] for word in spelt] for slot in range(self.hidden.shape[1])]
        return torch.stack([self._slot_words(slot, groups, pieces) for slot, groups in enumerate(slots)], dim=1)

    def _slot_words(self, slot: int, groups: Sequence[Sequence[int]], pieces: Pieces) -> Tensor:
        """(N, W): one number a word from its pieces at one slot."""
        flat = torch.tensor([piece for group in groups for piece in group], device=self.output.weight.device)
        scores = self.output.logits(self.vectors[:, slot], flat) - self.log_norm[:, slot, None]  # (N, ΣK)
        lengths = [len(group) for group in groups]
        if max(lengths, default=1) == 1:
            return scores
        columns = torch.split(scores, lengths, dim=-1)
        return torch.stack([part.amax(-1) if pieces == "max" else part.mean(-1) for part in columns], dim=-1)
