"""Whether two words are related in WordNet."""

from collections.abc import Callable
from functools import cache
from typing import Any

from promptlab.verbalizer.wordnet_reader import open_wordnet


def relation() -> Callable[[str, str], bool]:
    """A question to WordNet: do the words share a sense, or senses one step apart (kind of, similar, derived)?"""
    wordnet = open_wordnet()
    senses = cache(lambda word: frozenset(wordnet.synsets(word)))

    @cache
    def around(word: str) -> frozenset[Any]:
        return frozenset(near for sense in senses(word) for near in _one_step(sense))

    return lambda one, other: bool(around(one) & senses(other) or around(other) & senses(one))


def _one_step(sense: Any) -> set[Any]:
    lemmas = [near for lemma in sense.lemmas() for near in (*lemma.derivationally_related_forms(), *lemma.pertainyms())]
    kinds = (sense.hypernyms(), sense.hyponyms(), sense.instance_hyponyms(), sense.similar_tos(), sense.also_sees())
    return {sense, *(lemma.synset() for lemma in lemmas), *(near for kind in kinds for near in kind)}
