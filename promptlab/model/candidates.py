"""Which words may be neighbours: a model's whole words, and the English ones among others."""

from collections.abc import Iterable, Iterator

from promptlab.model.tokens import Tokens
from promptlab.verbalizer.dictionary import dictionary_form

_BLOCK = 16384  # vocabulary entries looked at together


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
    return [word for word in words if word.isascii() and dictionary_form(word)]


def _one_piece(tokens: Tokens) -> Iterator[str]:
    for start in range(0, len(tokens), _BLOCK):
        pieces = [piece for piece in range(start, min(start + _BLOCK, len(tokens))) if piece not in tokens.special]
        texts = tokens.backend.decode_batch([[piece] for piece in pieces], skip_special_tokens=False)
        spelt = (text.strip() for text in texts)
        words = list(dict.fromkeys(word for word in spelt if len(word) > 1 and word.isalpha()))
        encoded = tokens.encode_runs([f" {word}" for word in words], first=False)
        unknown = tokens.tokenizer.unk_token_id
        yield from (word for word, (ids, _) in zip(words, encoded, strict=True) if len(ids) == 1 and ids[0] != unknown)
