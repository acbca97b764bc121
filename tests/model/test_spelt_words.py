"""What is awkward about label words for a model, said with a remedy."""

from collections.abc import Mapping

import pytest
from tiny_models import EVERY, tiny

from promptlab.errors import ConfigError
from promptlab.model import SpeltWord, spell_words
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Pieces, Word


def label_words(words: Mapping[str, tuple[str | Word, ...]], pieces: Pieces = "first") -> LabelWords:
    made = {
        label: tuple(Word(each) if isinstance(each, str) else each for each in each_label)
        for label, each_label in words.items()
    }
    return LabelWords(made, pieces=pieces)


def spelt(name: str, template: str, words: LabelWords) -> dict[str, SpeltWord]:
    return {str(each.word): each for each in spell_words(tiny(name), Template.parse(template), words)}


GOOD = {"pos": ("great", "good"), "neg": ("terrible", "bad")}


@pytest.mark.parametrize("name", EVERY)
def test_words_of_one_piece_of_their_own_have_no_problem(name: str) -> None:
    found = spelt(name, "{text} It was {mask}", label_words(GOOD))
    assert [(each.label, str(each.word)) for each in found.values()] == [
        ("pos", "great"),
        ("pos", "good"),
        ("neg", "terrible"),
        ("neg", "bad"),
    ]
    assert all(len(each.ids) == 1 and each.problems == () for each in found.values())


def test_a_word_of_several_pieces_is_shown_in_pieces_with_the_remedy() -> None:
    found = spelt("bert", "{text} It was {mask}", label_words({"a": ("not relevant",), "b": ("good",)}))
    assert found["not relevant"].entries == ("not", "relevant")
    assert found["not relevant"].problems == (
        "'not relevant' is 2 pieces (not relevant), and only the first, 'not', is scored: use pieces = \"whole\" or a "
        "word of one piece.",
    )


def test_a_first_piece_shared_by_two_labels_is_said_of_both_words() -> None:
    found = spelt("bert", "{text} It was {mask}", label_words({"a": ("not relevant",), "b": ("not good", "great")}))
    assert (
        "'not relevant' begins with the same piece as 'not good' of another label" in found["not relevant"].problems[1]
    )
    assert "'not good' begins with the same piece as 'not relevant' of another label" in found["not good"].problems[1]
    assert found["great"].problems == ()


def test_a_first_piece_shared_within_a_label_is_no_problem_of_sharing() -> None:
    found = spelt("bert", "{text} It was {mask}", label_words({"a": ("not relevant", "not good"), "b": ("great",)}))
    assert all("begins with the same piece" not in problem for each in found.values() for problem in each.problems)


def test_an_unknown_word_is_said_and_nothing_else_of_it() -> None:
    found = spelt("bert", "{text} It was {mask}", label_words({"a": ("\u65e5\u672c",), "b": ("good",)}))
    assert found["\u65e5\u672c"].problems == (
        "'\u65e5\u672c' is unknown to this model: its vocabulary has no pieces for it. Use another word.",
    )


@pytest.mark.parametrize("name", ["roberta", "deberta", "modernbert", "bart"])
def test_a_word_that_falls_apart_at_the_start_is_mended_by_a_space(name: str) -> None:
    apart = spelt(name, "{mask} news: {text}", label_words(GOOD))
    assert apart["great"].problems[0].endswith("at the start of the prompt: put a space before {mask}.")
    mended = spelt(name, " {mask} news: {text}", label_words(GOOD))
    assert all(each.problems == () for each in mended.values())


@pytest.mark.parametrize("name", ["bert", "albert", "t5"])
def test_no_space_is_advised_where_it_would_not_help(name: str) -> None:
    assert all(each.problems == () for each in spelt(name, "{mask} news: {text}", label_words(GOOD)).values())
    long = spelt(name, "{mask} news: {text}", label_words({"a": ("not relevant",), "b": ("good",)}))
    assert all("put a space" not in problem for problem in long["not relevant"].problems)


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5"])
def test_words_that_are_read_whole_have_no_problem_of_pieces(name: str) -> None:
    words = label_words({"a": ("not relevant",), "b": ("not good",)}, "whole")
    assert all(each.problems == () for each in spelt(name, "{text} It was {mask}", words).values())


def test_words_that_a_causal_model_reads_whole_whatever_is_asked_have_no_problem_of_pieces() -> None:
    words = label_words({"a": ("not relevant",), "b": ("not good",)})
    assert all(each.problems == () for each in spelt("gpt2", "{text} It was {mask}, yes.", words).values())


@pytest.mark.parametrize("pieces", ["mean", "max"])
def test_words_whose_pieces_all_count_are_not_said_to_lose_some(pieces: Pieces) -> None:
    words = label_words({"a": ("not relevant",), "b": ("good",)}, pieces)
    assert spelt("bert", "{text} It was {mask}", words)["not relevant"].problems == ()


def test_words_that_are_off_are_not_spelt() -> None:
    words = label_words({"a": ("great", Word("good", on=False)), "b": ("bad",)})
    assert list(spelt("bert", "{text} It was {mask}", words)) == ["great", "bad"]


def test_with_several_slots_the_pieces_stand_one_slot_after_the_other() -> None:
    words = label_words({"a": (Word(("great", "good")),), "b": (Word(("great", "bad")),)})
    found = spelt("bert", "{text} {mask} and {mask}", words)
    assert found["great good"].entries == ("great", "good")
    assert all(each.problems == () for each in found.values())


def test_a_word_needs_a_text_for_each_slot() -> None:
    with pytest.raises(ConfigError, match="'great' gives 1 text, and the template has 2 slots"):
        spelt("bert", "{text} {mask} and {mask}", label_words(GOOD))


def test_a_word_without_any_piece_is_refused() -> None:
    with pytest.raises(ConfigError, match="has no pieces in this model's vocabulary"):
        spelt("bert", "{text} {mask}", label_words({"a": ("\u200b",), "b": ("good",)}))


def test_a_shared_first_piece_is_no_matter_where_all_pieces_count() -> None:
    words = label_words({"a": ("not relevant",), "b": ("not good",)}, "mean")
    assert all(each.problems == () for each in spelt("bert", "{text} It was {mask}", words).values())
