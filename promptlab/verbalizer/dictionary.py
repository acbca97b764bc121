"""WordNet's list of words, without nltk: which words are English, their dictionary forms, and near spellings."""

import difflib
from collections.abc import Iterator
from functools import cache

from promptlab.verbalizer.wordnet_files import PARTS, wordnet_folder

# How regular English forms end, and what their dictionary form ends in (WordNet's own rules, morphy(7WN)).
_ENDINGS = (
    *(
        ("s", ""),
        ("ses", "s"),
        ("xes", "x"),
        ("zes", "z"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("men", "man"),
        ("ies", "y"),
    ),
    *(("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""), ("ly", "")),
    *(("er", ""), ("er", "e"), ("est", ""), ("est", "e")),
)


@cache
def wordnet_lemmas() -> tuple[str, ...]:
    """The single words of WordNet, letters only, in alphabetical order (78,000); ConfigError without its files."""
    found = {columns[0] for part in PARTS for columns in _lines(f"index.{part}")}
    return tuple(sorted(word for word in found if word.isascii() and word.isalpha()))


def dictionary_form(word: str) -> str:
    """The form that WordNet lists, in lower case: ``movies`` -> ``movie``, ``children`` -> ``child``.

    A word that is listed is its own (``boring`` is not ``bore``); one that is not listed in any form gives "".
    """
    lower = word.lower()
    if lower in _known():
        return lower
    if lower in _irregular():
        return _irregular()[lower]
    bases = (lower.removesuffix(ending) + base for ending, base in _ENDINGS if lower.endswith(ending))
    return next((base for base in bases if base in _known()), "")


def near_spellings(word: str, count: int = 3) -> list[str]:
    """The words of WordNet that are spelt most like this one, nearest first; none when none is near."""
    lower = word.lower()
    alike = [lemma for lemma in wordnet_lemmas() if abs(len(lemma) - len(lower)) <= 2]
    return difflib.get_close_matches(lower, alike, n=count, cutoff=0.75)


@cache
def _known() -> frozenset[str]:
    return frozenset(wordnet_lemmas())


@cache
def _irregular() -> dict[str, str]:
    """Irregular forms and their first dictionary form."""
    return {columns[0]: columns[1] for part in PARTS for columns in _lines(f"{part}.exc") if len(columns) > 1}


def _lines(name: str) -> Iterator[list[str]]:
    """The columns of each line; the licence's lines begin with a space."""
    for line in (wordnet_folder() / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(" "):
            yield line.split()
