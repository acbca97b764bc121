"""WordNet through nltk: senses as the books print them, relations step by step."""

import pytest

from promptlab.verbalizer.wordnet import RELATIONS, Related, UnknownWord, related, senses
from promptlab.verbalizer.wordnet_reader import open_wordnet


def texts(found: list[Related], *, opposite: bool = False) -> list[str]:
    return [one.text for one in found if one.is_opposite is opposite]


def score(found: list[Related], text: str) -> float:
    return next(one.score for one in found if one.text == text)


def test_senses_have_name_part_gloss_words_and_examples() -> None:
    found = {sense.name: sense for sense in senses("great")}
    assert list(found)[:2] == ["great.n.01", "great.s.01"]
    assert found["great.n.01"].part == "noun"
    slang = found["bang-up.s.01"]
    assert (slang.part, slang.gloss) == ("adjective", "very good")
    assert {"great", "not bad", "swell"} <= set(slang.lemmas)
    assert "had a great time at the party" in slang.examples


def test_inflected_and_several_words_are_known() -> None:
    assert senses("movies")[0].name == "movie.n.01"
    assert senses("science fiction")[0].name == "science_fiction.n.01"


def test_an_unknown_word_is_said_with_near_spellings() -> None:
    with pytest.raises(UnknownWord, match=r"does not know 'terible'\. Near spellings: terrible"):
        senses("terible")
    with pytest.raises(UnknownWord, match=r"does not know 'xqzxqzxq'\.$"):
        related("xqzxqzxq")


def test_depth_zero_gives_the_synonyms_of_the_chosen_sense_alone() -> None:
    found = related("great", chosen=["great.s.02"], depth=0)
    assert [(one.text, one.score, one.why) for one in found] == [
        ("outstanding", 1.0, "WordNet great.s.02: synonym of great")
    ]


def test_each_relation_leads_where_it_says() -> None:
    for relation, word, near, phrase in (
        ("similar", "terrible", "bad", "similar to"),
        ("also", "good", "favorable", "see also"),
        ("hyponym", "sport", "archery", "a kind of"),
        ("hypernym", "tennis", "court game", "more general than"),
        ("derived", "politics", "political", "derived from"),
        ("pertainym", "political", "politics", "pertains to"),
        ("topic", "sport", "offside", "used in"),
    ):
        found = {one.text: one for one in related(word, relations=[relation], depth=1)}
        assert found[near].why.endswith(f"{phrase} {word}"), relation
        assert not found[near].is_opposite


def test_an_antonym_and_what_lies_behind_it_are_opposites() -> None:
    found = related("good", relations=["antonym", "similar"], depth=2)
    assert "bad" in texts(found, opposite=True) and "bad" not in texts(found)
    assert "atrocious" in texts(found, opposite=True)
    assert "opposite of good" in next(one.why for one in found if one.text == "bad")
    assert texts(related("good", relations=["similar"], depth=2), opposite=True) == []


def test_more_steps_find_more_and_keep_the_scores_of_fewer() -> None:
    near, far = related("politics", depth=1), related("politics", depth=2)
    scores = {one.text.lower(): one.score for one in far if not one.is_opposite}
    assert {text.lower() for text in texts(near)} < scores.keys()
    assert all(scores[one.text.lower()] >= one.score for one in near if not one.is_opposite)
    assert all(0 < one.score <= 1 for one in far)


def test_the_best_come_first_and_a_word_is_not_related_to_itself() -> None:
    found = related("good")
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert "good" not in map(str.lower, texts(found) + texts(found, opposite=True))


def test_equally_near_words_come_in_the_order_of_the_files_in_every_run() -> None:
    near = sorted(open_wordnet().synset("bad.a.01").similar_tos(), key=lambda synset: int(synset.offset()))
    expected = list(dict.fromkeys(name.replace("_", " ") for synset in near for name in synset.lemma_names()))
    found = related("bad", chosen=["bad.a.01"], relations=["similar"], depth=1)
    assert len(near) > 15 and [one.text for one in found if one.score < 1] == expected


def test_later_senses_of_a_part_of_speech_begin_lower() -> None:
    found = related("great", depth=0)
    assert score(found, "outstanding") == pytest.approx(0.8)  # the second adjective sense
    assert score(found, "swell") == pytest.approx(0.8**3)  # the fourth


def test_parts_of_speech_restrict_the_senses_begun_from() -> None:
    assert "goodness" in texts(related("good", parts=["noun"], depth=0))
    assert "goodness" not in texts(related("good", parts=["adjective"], depth=0))


def test_words_of_several_pieces_are_written_with_spaces() -> None:
    assert "not bad" in texts(related("great", depth=0))
    assert not any("_" in text for text in texts(related("sport")))


def test_every_relation_can_be_asked_for_alone() -> None:
    everything = {(one.text, one.is_opposite) for one in related("good", depth=1)}
    parts = [{(one.text, one.is_opposite) for one in related("good", relations=[it], depth=1)} for it in RELATIONS]
    assert set().union(*parts) == everything
