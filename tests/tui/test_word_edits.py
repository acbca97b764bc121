"""Typed label words, edits of the table, where the cursor goes, and what is known of words: no screen."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import ConfigError
from promptlab.tui.state import word_changes
from promptlab.tui.state.typed_words import split_label, typed_words, words_line
from promptlab.tui.state.word_facts import WordFacts
from promptlab.tui.state.word_lines import WordLine, find_line, lines_of
from promptlab.verbalizer import Calibration, LabelWords, Word

WORDS = LabelWords(
    {
        "negative": (Word("terrible"), Word("bad", on=False, dropped="too frequent")),
        "very positive": (Word("great", prior=-5.0, provenance="WordNet"), Word("fine", weight=0.5)),
    }
)


def _texts(words: LabelWords, label: str) -> list[str]:
    return [str(word) for word in words.words[label]]


def test_a_line_holds_words_weights_and_quoted_oddities() -> None:
    typed = typed_words('great, superb=0.5 , "a, b"=2, C++, "say ""hi"""')
    assert [(one.text, one.weight) for one in typed] == [
        ("great", None),
        ("superb", 0.5),
        ("a, b", 2.0),
        ("C++", None),
        ('say "hi"', None),
    ]


def test_an_empty_line_holds_no_word_and_commas_alone_neither() -> None:
    assert typed_words("") == typed_words(" , ,") == []


@pytest.mark.parametrize(
    ("line", "said"), [("great=heavy", "'heavy' is no weight"), ("great=-1", "from 0"), ('"a', "open")]
)
def test_what_cannot_be_read_is_refused_with_what_to_do(line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        typed_words(line)


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=12), st.sampled_from([0.0, 0.5, 1.0, 2.25])), max_size=6),
    st.sampled_from([1, None]),
)
@settings(max_examples=150, deadline=None)
def test_words_written_as_a_line_are_read_back(given_words: list[tuple[str, float]], slots: int | None) -> None:
    words = [Word(" ".join(text.split()), weight=weight) for text, weight in given_words if text.split()]
    read = [(one.word().text, one.word().weight) for one in typed_words(words_line(words), slots=slots)]
    assert read == [(word.text, word.weight) for word in words]


def test_two_slots_take_a_text_each() -> None:
    typed = typed_words("very + good, not+bad=0.5", slots=2)
    assert [(one.text, one.weight) for one in typed] == [(("very", "good"), None), (("not", "bad"), 0.5)]
    assert words_line(one.word() for one in typed) == "very + good, not + bad=0.5"
    with pytest.raises(ConfigError, match=r"2 slots: type a text for each, as in very \+ good"):
        typed_words("good", slots=2)


def test_a_line_may_name_another_label() -> None:
    assert split_label("Very  positive: great", WORDS.labels) == ("very positive", " great")
    assert split_label(":)", WORDS.labels) == (None, ":)")
    assert split_label("great", WORDS.labels) == (None, "great")
    with pytest.raises(ConfigError, match=r"There is no label 'negativ'\. Did you mean 'negative'"):
        split_label("negativ: bad", WORDS.labels)


def test_words_are_added_behind_the_others_and_undo_knows_what_it_was() -> None:
    change = word_changes.added(WORDS, "negative", "very positive: superb, lovely=2")
    assert _texts(change.words, "very positive") == ["great", "fine", "superb", "lovely"]
    assert _texts(change.words, "negative") == _texts(WORDS, "negative")
    assert change.what == "add superb, lovely"
    assert change.at is not None and (change.at.label, str(change.at.word)) == ("very positive", "lovely")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Great", "is a word of 'very positive'; move it instead"),
        ("TERRIBLE", "is a word of 'negative' already"),
        (",", "Type a word for 'negative'"),
    ],
)
def test_a_word_that_stands_somewhere_already_is_refused(line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        word_changes.added(WORDS, "negative", line)


def test_adding_a_word_that_is_off_switches_it_on_and_forgets_why_it_was_left_out() -> None:
    bad = word_changes.added(WORDS, "negative", "bad").words.words["negative"][1]
    assert (bad.on, bad.dropped) == (True, "")


def test_a_label_written_as_a_line_keeps_where_words_come_from_and_those_that_are_off() -> None:
    words = word_changes.written(WORDS, "very positive", "superb, Great").words
    assert _texts(words, "very positive") == ["superb", "great"]
    assert words.words["very positive"][1].provenance == "WordNet"
    assert _texts(word_changes.written(WORDS, "negative", "awful").words, "negative") == ["awful", "bad"]
    with pytest.raises(ConfigError, match="is a word of 'very positive'; it can stand under one label"):
        word_changes.written(WORDS, "negative", "great")
    with pytest.raises(ConfigError, match="stands there twice"):
        word_changes.written(WORDS, "negative", "awful, Awful")


def test_a_weight_goes_down_to_zero_and_no_further() -> None:
    words = WORDS
    weights = []
    for _ in range(6):
        fine = WordLine("very positive", 1, words.words["very positive"][1])
        words = word_changes.weighed_by(words, fine, -0.1).words
        weights.append(words.words["very positive"][1].weight)
    assert weights == [0.4, 0.3, 0.2, 0.1, 0, 0]
    with pytest.raises(ConfigError, match="'heavy' is no number"):
        word_changes.weighed(WORDS, fine, "heavy")


def test_another_way_to_count_drops_a_calibration_that_was_fitted_to_the_old_one() -> None:
    words = replace(WORDS, calibration=Calibration("batch", label_prior=(-0.7, -0.7)))
    by_max, whole = word_changes.combined(words, "max").words, word_changes.pieced(words, "whole").words
    assert (by_max.combine, by_max.pieces, by_max.calibration) == ("max", "first", None)
    assert (whole.combine, whole.pieces, whole.calibration) == ("mean", "whole", None)


def test_the_cursor_stays_on_its_word_wherever_that_stands_now() -> None:
    lines = lines_of(WORDS)
    great = next(line for line in lines if line.word is not None and str(line.word) == "great")
    moved = word_changes.moved(WORDS, great, "negative")
    after = lines_of(moved.words)
    assert str(after[find_line(after, moved.at, 0)].word) == "great"
    assert after[find_line(after, moved.at, 0)].label == "negative"


def test_after_a_removal_the_cursor_stands_on_the_word_that_took_the_place() -> None:
    lines = lines_of(WORDS)
    for place, expected in ((1, "bad"), (2, "terrible")):
        after = lines_of(word_changes.removed(WORDS, lines[place]).words)
        assert str(after[find_line(after, lines[place], place)].word) == expected
    alone = lines_of(LabelWords({"negative": (Word("bad"),), "positive": ()}))
    gone = lines_of(LabelWords({"negative": (), "positive": ()}))
    assert gone[find_line(gone, alone[1], 1)] == WordLine("negative")


def test_pieces_are_known_under_any_label_and_effects_only_under_their_own() -> None:
    fact = {"word": "great", "pieces": ["great"], "prior": -5.0, "removed": -0.02, "problems": ["odd"]}
    facts = WordFacts.of({"words": {"positive": [fact]}, "warnings": [], "n": 60}, (1, 2))
    assert facts.pieces("great") == ["great"] and facts.prior("great") == -5.0
    assert facts.removed("positive", "great") == -0.02 and facts.removed("negative", "great") is None
    assert facts.problems("negative", "great") == []


def test_a_label_in_the_middle_of_a_line_is_refused_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match="at the start of the line"):
        typed_words("awful, positive: great")
    assert [one.text for one in typed_words('"a:b", c')] == ["a:b", "c"]
