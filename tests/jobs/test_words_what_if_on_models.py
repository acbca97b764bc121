"""What-if and searches on tiny models: words that are read whole, and templates that a causal model cannot answer."""

from collections.abc import Sequence

import pytest
from tiny_models import tiny

from promptlab.errors import ConfigError
from promptlab.jobs import finish
from promptlab.jobs.words.candidates import choose_candidates
from promptlab.jobs.words.what_if import try_words
from promptlab.results import Event, Note
from promptlab.task import Example
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word

WORDS = LabelWords({"a": (Word("good"),), "b": (Word("bad"),)})


def rows() -> Sequence[Example]:
    texts = ("a good film", "a bad film", "a dull story", "a great story", "no plot", "cheap")
    return [Example({"text": text}, label="ab"[place % 2], id=str(place)) for place, text in enumerate(texts)]


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5"])
def test_words_of_several_pieces_are_read_whole_where_the_words_say_so(name: str) -> None:
    whole = LabelWords(WORDS.words, pieces="whole")
    events: list[Event] = []
    given = [Word("unbelievably good"), Word("war")]
    template = Template.parse("{text} It was {mask}")
    found = finish(try_words(tiny(name), template, whole, rows(), given), events.append)
    assert found.pieces["unbelievably good"] > 1 and len(found.found.candidates) == 2
    assert any(isinstance(event, Note) and "read whole" in event.text for event in events)


def test_text_behind_a_causal_models_slot_is_refused_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match=r"ends with \{mask\}"):
        finish(try_words(tiny("gpt2"), Template.parse("It was {mask}: {text}"), WORDS, rows()))


def test_the_same_word_in_another_case_is_tried_once() -> None:
    given = [Word("War", provenance="first"), Word("war", provenance="second")]
    candidates, notes = choose_candidates(tiny("bert"), [Template.parse("{text} It was {mask}")], given)
    assert [word.provenance for word in candidates.words] == ["first"] and notes == ()
