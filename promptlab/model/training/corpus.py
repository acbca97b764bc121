"""Documents as pieces in flat arrays: 30 million pieces take 90 MB, with the beginnings of words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptlab.errors import DataError
from promptlab.model.tokens import Tokens
from promptlab.text import counted

# Characters that are given to the tokenizer at once.
_CHUNK = 1_000_000
# Below these nothing could be learnt and held out.
LEAST_DOCUMENTS = 10
LEAST_ROWS = 8
MOST_HELD_OUT = 1_000


@dataclass(frozen=True, slots=True)
class Corpus:
    """D documents of P pieces in all.

    ``ids`` (P,) are uint16 where the vocabulary allows it, else int32; document d is ``ids[bounds[d]:bounds[d + 1]]``,
    ``bounds`` (D + 1,). ``begins`` (P,) says where a word begins, ``repeats`` (D,) which documents occur
    more often, in the same pieces.
    """

    ids: NDArray[Any]
    begins: NDArray[np.bool_]
    bounds: NDArray[np.int64]
    repeats: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.bounds) - 1


def read_corpus(documents: Iterable[str], tokens: Tokens, *, words: bool = True) -> Corpus:
    """The documents in pieces, empty ones left out; special pieces that a text spells out are read as plain text.

    Without ``words`` every piece is the beginning of a word (only whole-word masking asks for them).
    """
    kind = np.uint16 if len(tokens) <= 1 << 16 else np.int32
    special = np.array(sorted(tokens.special), dtype=np.int64)
    marks_words = words and _marks_words(tokens)
    ids, begins, lengths, keys = [], [], [], []
    for texts in _chunks(documents):
        for text, encoding in zip(texts, _encoded(tokens, texts), strict=True):
            pieces = np.array(encoding.ids, dtype=np.int64)
            first = _word_begins(text, encoding, marks_words=marks_words) if words else np.ones(len(pieces), bool)
            kept = ~np.isin(pieces, special)  # Unigram models know their special pieces by name
            if kept.any():
                ids.append(pieces[kept].astype(kind))
                begins.append(first[kept])
                lengths.append(int(kept.sum()))
                keys.append(hash(ids[-1].tobytes()))
    bounds = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    _, which, counts = np.unique(np.array(keys, dtype=np.int64), return_inverse=True, return_counts=True)
    return Corpus(_joined(ids, kind), _joined(begins, np.bool_), bounds, counts[which] > 1)


def check_enough(corpus: Corpus, *, sequence: int) -> None:
    """DataError when there is too little to learn from: how much there is, and how much is needed."""
    needed = LEAST_ROWS * sequence
    if len(corpus) < LEAST_DOCUMENTS:
        hint = (
            " A document is a line; with --documents paragraphs, what stands between blank lines."
            if len(corpus)
            else ""
        )
        raise DataError(
            f"There is too little text: {counted(len(corpus), 'document')}, and at least {LEAST_DOCUMENTS} are "
            f"needed.{hint}"
        )
    if len(corpus.ids) < needed:
        raise DataError(
            f"There is too little text: {counted(len(corpus.ids), 'piece')} in {counted(len(corpus), 'document')}, and "
            f"at least {needed:,} are needed ({LEAST_ROWS} rows of {sequence}). Add text, or lower --sequence."
        )


@dataclass(frozen=True, slots=True)
class Division:
    """A corpus and the numbers of its documents to train on and of those held out."""

    corpus: Corpus
    training: NDArray[np.int64]
    held_out: NDArray[np.int64]

    @property
    def training_pieces(self) -> int:
        """The pieces of one pass."""
        return int((self.corpus.bounds[self.training + 1] - self.corpus.bounds[self.training]).sum())


def hold_out(corpus: Corpus, *, share: float, seed: int) -> Division:
    """The corpus with documents held out, drawn by the seed.

    ``share`` of them, at least two and at most 1,000, are held out, never one whose pieces are another's too.
    """
    everything = np.arange(len(corpus))
    drawable = everything[~corpus.repeats]
    count = min(max(round(share * len(corpus)), 2), MOST_HELD_OUT)
    if len(drawable) < count:
        raise DataError(
            f"Only {counted(len(drawable), 'document')} of {len(corpus):,} occur once, and {count} are to be held out "
            "for validation. Remove repeats from the text, or lower --held-out (2 are the least)."
        )
    held_out = np.sort(np.random.default_rng(seed).choice(drawable, count, replace=False))
    return Division(corpus, np.setdiff1d(everything, held_out), held_out)


def _chunks(documents: Iterable[str]) -> Iterator[list[str]]:
    held: list[str] = []
    characters = 0
    for text in documents:
        held.append(text)
        characters += len(text)
        if characters >= _CHUNK:
            yield held
            held, characters = [], 0
    if held:
        yield held


def _encoded(tokens: Tokens, texts: list[str]) -> list[Any]:
    backend = tokens.backend
    before = backend.encode_special_tokens
    backend.encode_special_tokens = True  # "[SEP]" in a text is four pieces, not the separator
    try:
        return list(backend.encode_batch(texts, add_special_tokens=False))
    finally:
        backend.encode_special_tokens = before


def _marks_words(tokens: Tokens) -> bool:
    """Whether the tokenizer itself tells words apart (Gemma's and older Llamas' see a text as one)."""
    return len(set(tokens.backend.encode("one two", add_special_tokens=False).word_ids)) > 1


def _word_begins(text: str, encoding: Any, *, marks_words: bool) -> NDArray[np.bool_]:
    """Where a word begins: as the tokenizer's own splitting says, else behind a blank."""
    if marks_words:
        numbers = np.array(encoding.word_ids, dtype=np.int64)
        return np.concatenate(([True], numbers[1:] != numbers[:-1])) if len(numbers) else np.zeros(0, bool)
    starts = [start for start, _ in encoding.offsets]
    return np.array([start == 0 or text[start].isspace() or text[start - 1].isspace() for start in starts], bool)


def _joined(parts: list[NDArray[Any]], kind: Any) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, kind)
