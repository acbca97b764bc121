"""Candidates for neighbours: whole words of every kind of tokenizer, and the English ones."""

import pytest
from tiny_models import EVERY, tiny
from tiny_tokenizers import TEXTS

from promptlab.model.candidates import english_words, whole_words


@pytest.mark.parametrize("name", EVERY)
def test_whole_words_are_one_piece_after_a_space_and_none_is_missed(name: str) -> None:
    tokens = tiny(name).tokens
    found = whole_words(tokens)
    assert all(len(tokens.after(f" {word}")) == 1 and word.isalpha() for word in found)
    written = {word.strip(".,!?()'") for text in TEXTS for word in text.split()}
    seen = {word for word in written if len(word) > 1 and word.isalpha() and len(tokens.after(f" {word}")) == 1}
    seen -= {word for word in seen if tokens.after(f" {word}")[0] == tokens.tokenizer.unk_token_id}
    assert {word.casefold() for word in seen} <= {word.casefold() for word in found}


@pytest.mark.parametrize("name", EVERY)
def test_words_that_differ_in_case_alone_are_listed_once(name: str) -> None:
    found = whole_words(tiny(name).tokens)
    assert len({word.casefold() for word in found}) == len(found)


def test_lower_case_stands_for_a_word_and_a_name_keeps_its_capital() -> None:
    found = whole_words(tiny("t5").tokens)
    assert "it" in found and "It" not in found
    assert "Monday" in found


def test_english_words_are_known_as_they_are_or_inflected() -> None:
    words = ["great", "boxes", "happier", "loving", "children", "Quickly", "excelente", "großartig", "qzx"]
    assert english_words(words) == ["great", "boxes", "happier", "loving", "children", "Quickly"]
