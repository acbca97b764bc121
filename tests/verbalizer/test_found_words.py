"""Proposals of several sources in one list: one label a word, an order, and a reason for all that is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptlab.text import fold
from promptlab.verbalizer import LabelWords, Word
from promptlab.verbalizer.filters import best_of
from promptlab.verbalizer.found import FoundWord, Origin, Proposal, Source, merge

SEEDS = LabelWords({"good": (Word("great"),), "bad": (Word("terrible"),)})
Proposed = dict[Source, dict[str, list[Proposal]]]


def proposed(**words: float) -> list[Proposal]:
    return [Proposal(text, score, f"because of {text}") for text, score in words.items()]


def found(label: str, text: str, rank: int = 1, **facts: str) -> FoundWord:
    return FoundWord(label, text, (Origin("list", rank, 1.0, "a list"),), **facts)


def test_a_word_of_two_sources_joins_their_ranks_and_reasons() -> None:
    sources: Proposed = {
        "wordnet": {"good": proposed(fine=0.9, nice=0.5)},
        "neighbours": {"good": proposed(Nice=0.7, big=0.6, fine=0.5)},
    }
    nice, fine, big = merge(sources)
    assert (nice.text, fine.text, big.text) == ("nice", "fine", "big")
    assert nice.score == pytest.approx(61 / 62 + 1) and nice.rank == 1
    assert fine.score == pytest.approx(1 + 61 / 63)
    assert nice.provenance == "because of Nice; because of nice"


def test_within_a_source_a_word_goes_where_its_score_is_highest() -> None:
    sources: Proposed = {"neighbours": {"good": proposed(fair=0.4, fine=0.3), "bad": proposed(fair=0.5)}}
    assert [(word.label, word.text, word.rank) for word in merge(sources)] == [("good", "fine", 1), ("bad", "fair", 1)]


def test_between_sources_it_goes_where_the_joined_score_is_highest() -> None:
    sources: Proposed = {
        "wordnet": {"good": proposed(fair=0.9), "bad": []},
        "neighbours": {"good": [], "bad": proposed(foul=0.9, fair=0.8)},
    }
    by_label = {(word.label, word.text): word.dropped for word in merge(sources)}
    assert by_label == {("good", "fair"): "", ("bad", "foul"): "", ("bad", "fair"): "fits 'good' better"}


def test_a_word_that_fits_two_labels_alike_is_dropped_under_both() -> None:
    sources: Proposed = {"list": {"good": proposed(fair=1, fine=1), "bad": proposed(foul=1, fair=1)}}
    by_label = {(word.label, word.text): word.dropped for word in merge(sources)}
    assert by_label[("good", "fair")] == "fits 'bad' as well" and by_label[("bad", "fair")] == "fits 'good' as well"
    assert by_label[("good", "fine")] == by_label[("bad", "foul")] == ""


def test_what_is_left_out_has_a_reason() -> None:
    listing = [
        found("good", "Great"),
        found("good", "terrible"),
        found("good", "the"),
        found("good", "movies"),
        found("good", "movie"),
        found("bad", "film", dropped="2 pieces"),
        found("good", "greats"),
        found("good", "fine"),
        found("good", "nice"),
    ]
    kept, dropped = best_of(listing, SEEDS, count=2)
    assert [word.text for word in kept] == ["movies", "fine"]
    assert {word.text: word.dropped for word in dropped} == {
        "terrible": "a word of 'bad' already",
        "the": "a word that stands anywhere",
        "movie": "a form of 'movies'",
        "film": "2 pieces",
        "greats": "a form of 'great'",
    }
    kept, _ = best_of(listing, SEEDS, count=4, forms=True)
    assert [word.text for word in kept] == ["movies", "movie", "greats", "fine"]


def test_a_form_of_another_label_s_word_is_left_out() -> None:
    kept, (dropped,) = best_of([found("good", "winner"), found("bad", "winners", 2)], SEEDS, count=5)
    assert [word.text for word in kept] == ["winner"] and dropped.dropped == "a form of 'winner' of 'good'"


def test_words_that_are_switched_off_are_not_found_again() -> None:
    seeds = LabelWords({"good": (Word("great"), Word("fine", on=False))})
    assert best_of([found("good", "fine")], seeds, count=5) == ([], [])


WORDS = st.sampled_from(["great", "Great", "terrible", "movie", "movies", "fair", "nice", "foul", "the", "fine"])
LISTINGS = st.lists(st.builds(Proposal, WORDS, st.sampled_from([0.1, 0.5, 1.0]), st.just("why")), max_size=8)
SOURCES = st.dictionaries(
    st.sampled_from(["wordnet", "neighbours", "list"]),
    st.fixed_dictionaries({"good": LISTINGS, "bad": LISTINGS}),
    max_size=3,
)


@given(SOURCES, st.integers(1, 4), st.booleans())
def test_no_word_stands_under_two_labels_and_no_seed_is_found(sources: Proposed, count: int, forms: bool) -> None:
    kept, dropped = best_of(merge(sources), SEEDS, count=count, forms=forms)
    words = [fold(word.text) for word in kept]
    assert len(set(words)) == len(words)
    assert not {"great", "terrible"} & set(words)
    assert all(word.dropped for word in dropped) and not any(word.dropped for word in kept)
    assert all(sum(word.label == label for word in kept) <= count for label in SEEDS.labels)
    assert [word.score for word in kept] == sorted((word.score for word in kept), reverse=True)
    named = {fold(one.text) for by_label in sources.values() for listing in by_label.values() for one in listing}
    assert set(words) <= named
