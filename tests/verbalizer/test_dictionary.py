"""WordNet's list of words: single words, dictionary forms, near spellings."""

import pytest

from promptlab.verbalizer.dictionary import dictionary_form, near_spellings, wordnet_lemmas


def test_wordnet_has_single_words_in_letters() -> None:
    lemmas = wordnet_lemmas()
    assert len(lemmas) == 77503
    assert {"great", "wonderful", "pill"} <= set(lemmas)
    assert all(lemma.isalpha() for lemma in lemmas)


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("movies", "movie"),
        ("Movies", "movie"),
        ("children", "child"),
        ("went", "go"),
        ("happier", "happy"),
        ("loved", "loved"),  # an adjective of its own
        ("boring", "boring"),
        ("boxes", "box"),
        ("qzx", ""),
    ],
)
def test_a_word_has_the_form_that_is_listed(word: str, form: str) -> None:
    assert dictionary_form(word) == form


def test_near_spellings_come_nearest_first() -> None:
    assert near_spellings("terible")[0] == "terrible"
    assert near_spellings("Awfull")[:2] == ["awful", "lawful"] or near_spellings("Awfull")[0] in ("awful", "awfully")
    assert near_spellings("xqzxqzxq") == []
