"""Which source of word vectors finds related words: shares of ten neighbours in WordNet and in knowledge-base lists."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from wordnet_relations import relation

from promptlab.errors import PromptlabError
from promptlab.model import LanguageModel, load_model
from promptlab.model.candidates import english_words, whole_words
from promptlab.model.embedding_table import EmbeddingTable
from promptlab.model.encoders import SentenceEncoder, load_encoder, packaged_encoder
from promptlab.model.word_vectors import WordSource, WordVectors, join, word_vectors
from promptlab.verbalizer.dictionary import wordnet_lemmas

pytestmark = pytest.mark.bench

SENTIMENT = ("great", "terrible", "good", "bad", "boring", "funny")
TOPICS = (
    "politics",
    "sports",
    "business",
    "technology",
    "science",
    "health",
    "music",
    "religion",
    "weather",
    "finance",
)
ANSWERS = ("person", "place", "number", "reason")
EMOTIONS = ("joy", "anger", "fear", "sadness", "love")
MESSAGES = ("urgent", "toxic", "complaint", "spam", "refund")
JOINED = " + encoder"
QUERIES = (*SENTIMENT, *TOPICS, *ANSWERS, *EMOTIONS, *MESSAGES)
Related = Callable[[str, str], bool]
Neighbours = dict[str, list[str]]
# A word's label -> the words of the same list, and those of the other labels of its file.
Lists = dict[str, tuple[set[str], set[str]]]


@pytest.fixture(scope="module")
def related() -> Related:
    return relation()


@pytest.fixture(scope="module")
def lists(data: Path) -> Lists:
    """The label words of knowledgeable prompt-tuning: of each word its list's and the other lists' words."""
    found: Lists = {}
    for file in ("sentiment", "ag_news"):
        labels = json.loads((data / "kpt_words" / f"{file}.json").read_text(encoding="utf-8"))
        table = {label: {word.lower() for word in words} for label, words in labels.items()}
        for label, words in table.items():
            others = set().union(*(table[other] for other in table if other != label)) - words
            found |= {word: (words, others) for word in words if word not in found}
    return found


def test_shares_of_related_neighbours(related: Related, lists: Lists) -> None:
    sources, gemma = _sources()
    embedded = whole_words(load_model("embedded").tokens)
    listings: dict[str, Sequence[str]] = {"words of embedded": embedded}
    if gemma is not None:
        known = set(whole_words(gemma.tokens))
        listings = {
            "words of both": [word for word in embedded if word in known],
            "words of embedded": embedded,
            "English words of gemma": english_words(whole_words(gemma.tokens)),
        }
    listings["WordNet's words"] = wordnet_lemmas()
    for title, words in listings.items():
        print(
            f"\n{len(words):,} candidates, {title}: share of ten neighbours that are related in WordNet for 30 words,"
        )
        print("  in the word's own list and in another label's, for 30 words and all listed words; seconds")
        shares = {vectors[0]: _report(*vectors, related, lists) for vectors in _tables(sources, words)}
        for own in [name for name in shares if name + JOINED in shares]:
            assert shares[own + JOINED] > shares[own], f"the encoder adds nothing to {own}, {title}"


def _sources() -> tuple[list[WordSource], LanguageModel | None]:
    """What is compared: the embedded model's two, and gemma's and the extra's where they are installed."""
    sources: list[WordSource] = [EmbeddingTable.of(load_model("embedded")), load_encoder("embedded")]
    gemma = None
    try:
        gemma = load_model("gemma-3-270m", offline=True)
        sources.append(EmbeddingTable.of(gemma))
    except PromptlabError as error:
        print(f"\nwithout gemma: {error}")
    if packaged_encoder() is not None:
        sources += [load_encoder(), load_encoder(frame="{}")]
    return sources, gemma


def _tables(sources: Sequence[WordSource], words: Sequence[str]) -> Iterator[tuple[str, WordVectors, float]]:
    """Each source over the words and, at the end, each model's own with the extra's encoder; the seconds it took."""
    found: dict[str, WordVectors] = {}
    for source in sources:
        started = time.perf_counter()
        found[_title(source)] = word_vectors(source, words)
        yield _title(source), found[_title(source)], time.perf_counter() - started
    packaged = next((vectors for title, vectors in found.items() if title.startswith("gt-")), None)
    for title, vectors in found.items():
        if packaged is not None and title.startswith("input"):
            yield f"{title}{JOINED}", join(vectors, packaged), 0.0


def _title(source: WordSource) -> str:
    return f"{source.name}, {source.frame}" if isinstance(source, SentenceEncoder) else source.name


def _report(title: str, vectors: WordVectors, seconds: float, related: Related, lists: Lists) -> float:
    """Print the figures and neighbours of one source; the share that is related in WordNet."""
    listed = [word for word in vectors.words if word in lists]
    found = {word: [near.lower() for near, _ in vectors.nearest(word)] for word in {*QUERIES, *listed}}
    assert all(len(set(near)) == 10 and word not in near for word, near in found.items())
    in_wordnet = share(found, QUERIES, lambda word, near: related(word, near))
    print(f"  {title:56s} {in_wordnet:.3f}", end="")
    for words in ([word for word in QUERIES if word in lists], listed):
        own = share(found, words, lambda word, near: near in lists[word][0])
        other = share(found, words, lambda word, near: near in lists[word][1])
        print(f"  {own:.3f} {other:.3f} (n={len(words)})", end="")
    print(f"  {seconds:.1f} s")
    for word in QUERIES:
        print(f"      {word}: {' '.join(found[word])}")
    return in_wordnet


def share(found: Neighbours, words: Sequence[str], holds: Callable[[str, str], bool]) -> float:
    """Of all neighbours of these words, how many hold."""
    pairs = [(word, near) for word in words for near in found[word]]
    return sum(holds(word, near) for word, near in pairs) / len(pairs)
