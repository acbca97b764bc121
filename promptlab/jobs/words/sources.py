"""What each source proposes for the labels: WordNet, embedding neighbours, the model at the slot, word lists."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from promptlab.errors import ConfigError, DataError, ModelError
from promptlab.model import LanguageModel
from promptlab.model.candidates import english_words, whole_words
from promptlab.model.embedding_table import EmbeddingTable
from promptlab.model.encoders import load_encoder
from promptlab.model.language_model import ReadoutStore
from promptlab.model.source import Say
from promptlab.model.word_vectors import WordVectors, default_word_vectors, word_vectors
from promptlab.scoring.vocabulary import SlotVocabulary
from promptlab.text import listed
from promptlab.verbalizer import LabelWords
from promptlab.verbalizer.dictionary import wordnet_lemmas
from promptlab.verbalizer.found import Proposal
from promptlab.verbalizer.word_lists import WordList, plain_words
from promptlab.verbalizer.wordnet import PARTS, RELATIONS, Part, Related, Relation, UnknownWord, related, senses

Proposals = dict[str, list[Proposal]]
# Neighbours looked at for each word that is wanted, as filters take some away.
_POOL = 10


def from_wordnet(
    seeds: LabelWords,
    *,
    chosen: Collection[str] = (),
    parts: Collection[Part] = PARTS,
    relations: Collection[Relation] = RELATIONS,
    depth: int = 2,
    missing: Say | None = None,
) -> Proposals:
    """Words related to the labels' seeds, by their best way there; opposites go to the other label where there are two.

    A seed of which one of the ``chosen`` senses is begins from those alone. ``missing`` is told of a seed that WordNet
    does not know; without it such a seed raises UnknownWord. Raises ConfigError for a chosen sense that no seed has.
    """
    known = list(_known(seeds, missing))
    own = {word: {sense.name for sense in senses(word)} & set(chosen) for _, word in known} if chosen else {}
    _refuse_strange(chosen, own)
    found: dict[str, dict[str, Related]] = {label: {} for label in seeds.labels}
    for label, word in known:
        others = [other for other in seeds.labels if other != label]
        for one in related(word, chosen=own.get(word, ()), parts=parts, relations=relations, depth=depth):
            targets = [label] if not one.is_opposite else others if len(others) == 1 else []
            for target in targets:
                best = found[target].get(one.text)
                if best is None or one.score > best.score:
                    found[target][one.text] = one
    return {label: _proposals(words.values()) for label, words in found.items()}


def vectors_for(
    lm: LanguageModel,
    encoder: str = "auto",
    candidates: str = "model",
    *,
    cache: ReadoutStore | None = None,
    offline: bool = False,
    say: Say | None = None,
) -> WordVectors:
    """Vectors of the candidates: the model's whole English words (``model``), ``wordnet``'s, or a word list's.

    ``encoder`` is ``auto`` (the best on this machine), the model's ``input`` or ``output`` embeddings, or an encoder by
    name or folder. Raises ModelError for one that is not there, DataError for a list that cannot be read.
    """
    words = _candidates(lm, candidates)
    if encoder == "auto":
        return default_word_vectors(lm, words, cache=cache, say=say)
    if encoder in ("input", "output"):
        return word_vectors(EmbeddingTable.of(lm, at_output=encoder == "output"), words)
    try:
        source = load_encoder(encoder, device=lm.device.type, offline=offline, say=say)
    except ModelError as error:
        raise ModelError(
            f"--encoder: {error} Without an encoder, --encoder input takes the model's own embeddings."
        ) from error
    return word_vectors(source, words, cache=cache, say=say)


def from_neighbours(seeds: LabelWords, vectors: WordVectors, *, count: int) -> Proposals:
    """The words whose mean cosine to a label's seeds is highest, each under the label that it is nearest to.

    Measured (tests/bench/test_expansion.py): taking the other labels' cosines away finds fewer words of
    knowledge-base lists, as related labels share much of what they mean.
    """
    means = torch.stack([_mean_cosine(vectors, _texts(seeds, label)) for label in seeds.labels])  # (C, W)
    nearest = means.argmax(0)  # (W,)
    found: Proposals = {}
    for place, label in enumerate(seeds.labels):
        own = means[place].masked_fill(nearest != place, -torch.inf)
        best = own.topk(min(count * _POOL, len(vectors.words)))
        of = listed(_texts(seeds, label), most=3)
        found[label] = [
            Proposal(vectors.words[at], cosine, f"neighbour of {of}, cosine {cosine:.2f} ({vectors.name})")
            for at, cosine in zip(best.indices.tolist(), best.values.tolist(), strict=True)
            if cosine > 0
        ]
    return found


def from_model(seeds: LabelWords, vocabulary: SlotVocabulary, apart: Tensor, *, count: int, said: str) -> Proposals:
    """The words that set a label's texts apart, from their scores (C, W); ``said`` tells by which texts."""
    found: Proposals = {}
    for place, label in enumerate(seeds.labels):
        best = apart[place].topk(min(count * _POOL, len(vocabulary)))
        found[label] = [
            Proposal(vocabulary.words[at], score, f"said of {label!r}, {score:+.2f} nats over the others ({said})")
            for at, score in zip(best.indices.tolist(), best.values.tolist(), strict=True)
            if score > 0
        ]
    return found


def from_lists(seeds: LabelWords, lists: Sequence[WordList]) -> Proposals:
    """The words of lists, in their order or by their own scores; where lists give none, all count alike."""
    found: Proposals = {label: [] for label in seeds.labels}
    for one in lists:
        for label, entries in one.words.items():
            found[label] += [
                Proposal(entry.text, 1.0 if entry.score is None else entry.score, f"list {one.name}")
                for entry in entries
            ]
    return found


def in_case_of_seeds(proposals: Mapping[str, Sequence[Proposal]], seeds: LabelWords) -> Proposals:
    """The proposals with a capital where all of the label's seeds have one."""
    found: Proposals = {}
    for label, listing in proposals.items():
        is_capital = all(text[:1].isupper() for text in _texts(seeds, label))
        found[label] = [
            Proposal(one.text[:1].upper() + one.text[1:], one.score, one.why) if is_capital else one for one in listing
        ]
    return found


def _candidates(lm: LanguageModel, candidates: str) -> Sequence[str]:
    if candidates == "model":
        every = whole_words(lm.tokens)
        return english_words(every) or every
    if candidates == "wordnet":
        return wordnet_lemmas()
    try:
        return plain_words(candidates)
    except DataError as error:
        raise DataError(f"--candidates takes model, wordnet or a word list: {error}") from error


def _known(seeds: LabelWords, missing: Say | None) -> Iterator[tuple[str, str]]:
    """Each label's seeds that WordNet knows."""
    for label in seeds.labels:
        for word in _texts(seeds, label):
            try:
                senses(word)
            except UnknownWord as error:
                if missing is None:
                    raise
                missing(str(error))
            else:
                yield label, word


def _refuse_strange(chosen: Collection[str], own: Mapping[str, Collection[str]]) -> None:
    for name in chosen:
        if not any(name in names for names in own.values()):
            word = next(iter(own), "")
            there = listed(sense.name for sense in senses(word)) if word else "none"
            raise ConfigError(
                f"No seed has the sense {name!r}. {word!r} has {there}; `promptlab words senses` shows them all."
            )


def _proposals(words: Iterable[Related]) -> list[Proposal]:
    return sorted((Proposal(one.text, one.score, one.why) for one in words), key=lambda one: -one.score)


def _mean_cosine(vectors: WordVectors, texts: Sequence[str]) -> Tensor:
    """(W,)"""
    return torch.stack([vectors.vectors @ vectors.vector(text) for text in texts]).mean(0)


def _texts(seeds: LabelWords, label: str) -> list[str]:
    return [str(word) for word in seeds.active(label)]
