"""WordNet: the senses of a word, and the words that are related to them step by step.

It is read through nltk, which takes two seconds to import and is imported when a word is first looked up.
"""

import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from promptlab.errors import ConfigError
from promptlab.text import listed, shorten
from promptlab.verbalizer.dictionary import near_spellings
from promptlab.verbalizer.wordnet_reader import open_wordnet

Part = Literal["noun", "verb", "adjective", "adverb"]
Relation = Literal["similar", "also", "hyponym", "hypernym", "derived", "pertainym", "topic", "antonym"]
PARTS: tuple[Part, ...] = get_args(Part)
RELATIONS: tuple[Relation, ...] = get_args(Relation)
# What a step along each relation keeps of a word's score. Measured (tests/bench/test_expansion.py): any weights around
# these find as many words of knowledge-base lists; words of a topic (offside, of sport) are what matters for topics.
_KEPT: dict[Relation, float] = {
    "similar": 0.8,
    "also": 0.7,
    "hyponym": 0.6,
    "hypernym": 0.4,
    "derived": 0.7,
    "pertainym": 0.7,
    "topic": 0.5,
    "antonym": 0.7,
}
_PHRASES: dict[Relation, str] = {
    "similar": "similar to",
    "also": "see also",
    "hyponym": "a kind of",
    "hypernym": "more general than",
    "derived": "derived from",
    "pertainym": "pertains to",
    "topic": "used in",
    "antonym": "opposite of",
}
_LATER_SENSE = 0.8  # what each later, rarer sense of the same part of speech keeps
_LETTERS: dict[str, Part] = {"n": "noun", "v": "verb", "a": "adjective", "s": "adjective", "r": "adverb"}
_LOCK = threading.RLock()  # nltk seeks in files that all its objects share


class UnknownWord(ConfigError):
    """A word that WordNet does not know."""


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning: WordNet's name for it (``great.s.01``), part of speech, gloss, the words that have it, examples."""

    name: str
    part: Part
    gloss: str
    lemmas: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """A word near another: its score in (0, 1], and the words that say how it is related.

    ``is_opposite`` where an antonym lies on the way.
    """

    text: str
    score: float
    why: str
    is_opposite: bool = False


@dataclass(frozen=True, slots=True)
class _Path:
    """The best way found to a synset: from which sense, along which relations."""

    score: float
    start: str
    steps: tuple[Relation, ...] = ()

    @property
    def is_opposite(self) -> bool:
        return "antonym" in self.steps

    def why(self, word: str) -> str:
        if not self.steps:
            return f"WordNet {self.start}: synonym of {word}"
        return f"WordNet {self.start}: {' what is '.join(_PHRASES[step] for step in reversed(self.steps))} {word}"


def senses(word: str) -> tuple[Sense, ...]:
    """The word's senses, the commonest of each part of speech first; UnknownWord with near spellings for one that
    it does not have."""
    with _LOCK:
        return tuple(
            Sense(
                synset.name(),
                _LETTERS[synset.pos()],
                synset.definition(),
                tuple(map(_spelt, synset.lemma_names())),
                tuple(synset.examples()),
            )
            for synset in _synsets(word)
        )


def related(
    word: str,
    *,
    chosen: Collection[str] = (),
    parts: Collection[Part] = PARTS,
    relations: Collection[Relation] = RELATIONS,
    depth: int = 2,
) -> list[Related]:
    """The words within ``depth`` steps of a word's senses, best first; words of several pieces with spaces.

    A score is the product of what each step keeps along the best way there; a part of speech's later senses begin
    lower. With ``chosen`` senses, by name, only those are begun from, else all senses of the ``parts`` of speech. Depth
    0 gives synonyms. A word may come twice: once as an opposite. Raises UnknownWord for a word it does not have.
    """
    with _LOCK:
        found: dict[tuple[str, bool], Related] = {}
        ways = sorted(_walk(_starts(word, chosen, parts), relations, depth), key=lambda way: -way[1].score)
        for synset, path in ways:
            for lemma in map(_spelt, synset.lemma_names()):
                if lemma.lower() != word.lower():
                    one = Related(lemma, path.score, path.why(word), path.is_opposite)
                    found.setdefault((lemma.lower(), path.is_opposite), one)
    return list(found.values())


def _starts(word: str, chosen: Collection[str], parts: Collection[Part]) -> Iterator[tuple[Any, float]]:
    """The senses to begin from, each with its score."""
    synsets = _synsets(word)
    if chosen:
        yield from ((synset, 1.0) for synset in synsets if synset.name() in chosen)
        return
    later: Counter[Part] = Counter()
    for synset in synsets:
        part = _LETTERS[synset.pos()]
        if part in parts:
            yield synset, _LATER_SENSE ** later[part]
            later[part] += 1


def _walk(
    starts: Iterator[tuple[Any, float]], relations: Collection[Relation], depth: int
) -> Iterator[tuple[Any, _Path]]:
    """Every synset within ``depth`` steps, reached without and with an antonym on the way, by its best path."""
    level = {(synset, False): _Path(score, synset.name()) for synset, score in starts}
    best = dict(level)
    for _ in range(depth):
        reached: dict[tuple[Any, bool], _Path] = {}
        for (synset, is_opposite), path in level.items():
            for relation, near in _steps(synset, relations):
                if relation == "antonym" and is_opposite:
                    continue
                key = near, is_opposite or relation == "antonym"
                score = path.score * _KEPT[relation]
                known = reached.get(key) or best.get(key)
                if known is None or score > known.score:
                    reached[key] = _Path(score, path.start, (*path.steps, relation))
        best |= reached
        level = reached
    yield from ((synset, path) for (synset, _), path in best.items())


def _steps(synset: Any, relations: Collection[Relation]) -> Iterator[tuple[Relation, Any]]:
    """The synsets one step away, along the relations asked for; names of persons and places are none of these.

    nltk keeps most of them in sets, whose order differs from run to run: here they come in the order of its files.
    """
    lemmas = synset.lemmas()
    near: dict[Relation, Iterator[Any] | Sequence[Any]] = {
        "similar": synset.similar_tos(),
        "also": synset.also_sees(),
        "hyponym": synset.hyponyms(),
        "hypernym": synset.hypernyms(),
        "derived": (other.synset() for lemma in lemmas for other in lemma.derivationally_related_forms()),
        "pertainym": (other.synset() for lemma in lemmas for other in lemma.pertainyms()),
        "topic": synset.in_topic_domains(),
        "antonym": (other.synset() for lemma in lemmas for other in lemma.antonyms()),
    }
    for relation in RELATIONS:
        if relation in relations:
            yield from ((relation, other) for other in sorted(near[relation], key=_place))


def _place(synset: Any) -> tuple[str, int]:
    return synset.pos(), synset.offset()


def _synsets(word: str) -> list[Any]:
    found: list[Any] = _wordnet().synsets(word.strip().replace(" ", "_"))
    if not found:
        near = near_spellings(word)
        hint = f" Near spellings: {listed(near)}." if near else ""
        raise UnknownWord(f"WordNet does not know {shorten(word, 40)!r}.{hint}")
    return found


def _spelt(lemma: str) -> str:
    return lemma.replace("_", " ")


@cache
def _wordnet() -> Any:
    return open_wordnet()
