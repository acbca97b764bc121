"""Vectors of words and the nearest among them, from a model's own embeddings, a sentence encoder, or both."""

import hashlib
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import normalize

from promptlab.errors import ConfigError
from promptlab.model.cache import ReadoutCache
from promptlab.model.candidates import english_words, whole_words
from promptlab.model.embedding_table import EmbeddingTable
from promptlab.model.encoders import load_encoder, packaged_encoder
from promptlab.model.language_model import LanguageModel, ReadoutStore
from promptlab.model.source import Say
from promptlab.paths import cache_folder
from promptlab.text import counted, fold

# Part of every key: raised when the same source gives other vectors than before.
_VERSION = 1
_DISK_LIMIT = 1_000_000_000
_MANY = 1000  # words, whose encoding is worth announcing
_PART = 8192  # words that are encoded before it is said how far that is


class WordSource(Protocol):
    """What gives words their vectors; ``knows`` says for which of them they can be trusted."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def knows(self, words: Sequence[str]) -> Tensor: ...

    def encode(self, words: Sequence[str]) -> Tensor: ...


@dataclass(frozen=True)
class WordVectors:
    """Words (W), their vectors (W, E), float32, and the source, which makes those of other words.

    A vector's length is one, or less for a word that not every joined source knows.
    """

    words: tuple[str, ...]
    vectors: Tensor
    source: WordSource

    @property
    def name(self) -> str:
        """What the vectors are, for people."""
        return self.source.name

    def vector(self, word: str) -> Tensor:
        """The vector (E,) of length one of any word; ConfigError for an empty one."""
        if not word.strip():
            raise ConfigError("An empty word has no neighbours.")
        place = self._places.get(word)
        found = self.source.encode([word])[0] if place is None else self.vectors[place]
        return normalize(found, dim=0)

    def nearest(
        self, word_or_vector: str | Tensor, count: int = 10, *, without: Collection[str] = ()
    ) -> list[tuple[str, float]]:
        """The words of the list that are nearest to a word or a vector (E,), with their cosines, nearest first.

        A word is no neighbour of itself, in whatever case, and those ``without`` are left out likewise.
        """
        if isinstance(word_or_vector, str):
            query, left_out = self.vector(word_or_vector), [word_or_vector, *without]
        else:
            query, left_out = normalize(word_or_vector.float(), dim=0), list(without)
        cosines = self.vectors @ query  # (W,)
        for word in left_out:
            cosines[self._folded.get(fold(word), [])] = -math.inf
        best = cosines.topk(min(count, len(self.words)))
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return [(self.words[place], cosine) for place, cosine in pairs if cosine > -math.inf]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words)}

    @cached_property
    def _folded(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            places.setdefault(fold(word), []).append(place)
        return places


@dataclass(frozen=True)
class JoinedSource:
    """Several sources side by side: the cosine is the mean of theirs.

    A source that does not know a word has no say about it, unless none knows it.
    """

    sources: tuple[WordSource, ...]

    @property
    def name(self) -> str:
        """What the vectors are, for people."""
        return " and ".join(source.name for source in self.sources)

    @property
    def fingerprint(self) -> str:
        """Identifies the numbers."""
        return " + ".join(source.fingerprint for source in self.sources)

    def knows(self, words: Sequence[str]) -> Tensor:
        """Whether any of the sources knows each word: (W,), boolean."""
        return torch.stack([source.knows(words) for source in self.sources]).any(0)

    def encode(self, words: Sequence[str]) -> Tensor:
        """The sources' vectors beside each other: (W, sum of E), float32."""
        return self.beside(words, [normalize(source.encode(words)) for source in self.sources])

    def beside(self, words: Sequence[str], parts: Sequence[Tensor]) -> Tensor:
        """Each source's vectors (W, E) of length one beside the others', nothing where it has no say."""
        known = torch.stack([source.knows(words) for source in self.sources])  # (sources, W)
        weights = (known | ~known.any(0)) / math.sqrt(len(parts))  # (sources, W)
        return torch.cat([part * weight[:, None] for part, weight in zip(parts, weights, strict=True)], -1)


def word_vectors(
    source: WordSource, words: Sequence[str], *, cache: ReadoutStore | None = None, say: Say | None = None
) -> WordVectors:
    """The vectors of these words (repeated ones count once), from the cache or encoded now and kept there.

    ``say`` is told before many are encoded and how far that is. Raises ConfigError when there is no word.
    """
    distinct = tuple(dict.fromkeys(word for word in words if word.strip()))
    if not distinct:
        raise ConfigError("There are no words to look for neighbours among.")
    key = "" if cache is None else _key(source, distinct)
    kept = None if cache is None else cache.get(key)
    if kept is not None:
        return WordVectors(distinct, kept["vectors"], source)
    if say is not None and len(distinct) > _MANY:
        say(f"Working out the vectors of {counted(len(distinct), 'word')} ({source.name}).")
    vectors = normalize(torch.cat(list(_encoded(source, distinct, say))))
    if cache is not None:
        cache.put(key, {"vectors": vectors})
    return WordVectors(distinct, vectors, source)


def _encoded(source: WordSource, words: tuple[str, ...], say: Say | None) -> Iterator[Tensor]:
    """The vectors of the words, a part after the other."""
    for start in range(0, len(words), _PART):
        if say is not None and start:
            say(f"{start:,} of {counted(len(words), 'word')} done.")
        yield source.encode(words[start : start + _PART])


def join(*parts: WordVectors) -> WordVectors:
    """Vectors of the same words from several sources as one: cosines are averaged."""
    words = parts[0].words
    assert all(part.words == words for part in parts)
    source = JoinedSource(tuple(part.source for part in parts))
    return WordVectors(words, source.beside(words, [part.vectors for part in parts]), source)


def vector_cache() -> ReadoutCache:
    """Where the vectors of encoders are kept: the user's own cache, with the same care as what models said."""
    return ReadoutCache(cache_folder("embeddings"), disk_limit=_DISK_LIMIT)


def default_word_vectors(
    lm: LanguageModel, words: Sequence[str] = (), *, cache: ReadoutStore | None = None, say: Say | None = None
) -> WordVectors:
    """The best vectors on this machine for ``words``, which are the model's whole English words when none are given.

    Measured (tests/bench/test_neighbours.py): a model's own input embeddings and the encoder of the extra together
    find more related words than either alone. Without the extra it is the model's own embeddings.
    """
    listed = words or english_words(whole_words(lm.tokens)) or whole_words(lm.tokens)
    own = word_vectors(EmbeddingTable.of(lm), listed)
    if packaged_encoder() is None:
        return own
    return join(own, word_vectors(load_encoder(device=lm.device.type), listed, cache=cache, say=say))


def _key(source: WordSource, words: tuple[str, ...]) -> str:
    return hashlib.sha256(repr((_VERSION, source.fingerprint, words)).encode()).hexdigest()
