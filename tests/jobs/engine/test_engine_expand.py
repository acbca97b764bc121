"""``senses``, ``expand`` and ``check``: sources one after the other, none of which takes the others with it."""

from pathlib import Path
from typing import Any

import pytest
from live_readings import REVIEWS, WORDS, Asked, begun

from promptlab.errors import ConfigError, DataError
from promptlab.jobs.engine import proposing
from promptlab.jobs.engine.checks import check
from promptlab.jobs.engine.expand import expand
from promptlab.jobs.engine.held import Unread
from promptlab.jobs.engine.senses import senses
from promptlab.jobs.engine.words import what_if
from promptlab.jobs.words.sources import vectors_for
from promptlab.model import LanguageModel
from promptlab.verbalizer import wordnet
from promptlab.verbalizer.wordnet import UnknownWord


@pytest.fixture(scope="module")
def asked(embedded: LanguageModel, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return begun(embedded, tmp_path_factory.mktemp("engine"))


def grow(asked: Asked, *sources: str, **fields: Any) -> dict[str, Any]:
    given = {"label": "positive", "words": WORDS, "senses": [], "count": 12, "lists": [], **fields}
    return asked(expand, sources=list(sources), **given)


def found_by(asked: Asked) -> list[str]:
    return [event["source"] for event in asked.said if event["kind"] == "found"]


def test_senses_are_those_of_wordnet(asked: Asked) -> None:
    found = asked(senses, word="great")
    assert [one["name"] for one in found["senses"]] == [one.name for one in wordnet.senses("great")]
    assert {"name", "part", "lemmas", "gloss", "count"} == set(found["senses"][0])


def test_an_unknown_word_is_told_with_near_spellings(asked: Asked) -> None:
    with pytest.raises(UnknownWord, match=r"does not know 'terible'\. Near spellings: .*terrible"):
        asked(senses, word="terible")


def test_wordnet_alone_asks_no_model_and_comes_with_pieces_priors_and_effects(
    asked: Asked, embedded: LanguageModel
) -> None:
    calls = embedded.calls
    found = grow(asked, "wordnet")
    assert embedded.calls == calls and found_by(asked) == ["wordnet"] and len(found["found"]) == 12
    texts = [one["text"] for one in found["found"]]
    assert "outstanding" in texts and all(one["label"] == "positive" for one in found["found"])
    tried = asked(what_if, words=WORDS, add={"positive": texts})["effects"]["positive"]
    for one in found["found"]:
        assert len(one["pieces"]) == 1 and one["sources"][0]["source"] == "wordnet" and one["dropped"] == ""
        assert one["effect"] == pytest.approx(tried[one["text"]]["effect"], abs=1e-9)
        assert one["prior"] == pytest.approx(tried[one["text"]]["prior"], abs=1e-3)
    assert found["dropped"] and all(one["dropped"] for one in found["dropped"])


def test_chosen_senses_are_begun_from(asked: Asked) -> None:
    found = grow(asked, "wordnet", senses=["great.s.02"])
    reasons = [one["sources"][0]["why"] for one in found["found"]]
    assert all("great.s.02" in reason or "opposite" in reason for reason in reasons)
    assert any("great.s.02" in reason for reason in reasons)
    with pytest.raises(ConfigError, match=r"No seed has the sense 'nice\.a\.01'"):
        grow(asked, "wordnet", senses=["nice.a.01"])


def test_sources_come_one_after_the_other_and_then_joined(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neighbours by the model's own embeddings alone: an encoder takes long over all words."""
    monkeypatch.setattr(proposing, "vectors_for", lambda lm, **given: vectors_for(lm, "input"))
    (tmp_path / "more.csv").write_text("label,word\npositive,superb\nnegative,awful\npositive,splendid\n")
    asked.held.workspace = tmp_path
    found = grow(asked, "neighbours", "model", "list", "wordnet", lists=["more.csv"], count=30)
    assert found_by(asked) == ["wordnet", "list", "model", "neighbours"]
    by_source = {event["source"]: event["words"] for event in asked.said if event["kind"] == "found"}
    assert [one["text"] for one in by_source["list"]] == ["superb", "splendid"]
    assert len(found["likeliest"]) == 20 and any(one["word"] == "great" for one in found["likeliest"])
    scores = [one["score"] for one in found["found"]]
    assert scores == sorted(scores, reverse=True) and any(len(one["sources"]) > 1 for one in found["found"])
    assert any("Neighbours: among" in note for note in found["notes"])


def test_a_source_that_fails_is_a_note_beside_others(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise ConfigError("WordNet's files are not on this machine.")

    monkeypatch.setattr(proposing, "senses", fail)
    found = grow(asked, "wordnet", "list", "model", lists=["nothere.txt"])
    told = [event for event in asked.said if event["kind"] == "note" and event["level"] == "warning"]
    assert told[0]["text"] == "WordNet's files are not on this machine."
    assert "nothere.txt" in told[1]["text"] and found_by(asked) == ["model"] and found["found"]
    assert {event["text"] for event in told} <= set(found["notes"])
    with pytest.raises(ConfigError, match="files are not on this machine"):
        grow(asked, "wordnet")


def test_a_word_that_wordnet_lacks_is_a_note_beside_one_that_it_has(asked: Asked) -> None:
    words = {"words": {"negative": ["terrible"], "positive": ["great", "unputdownable"]}}
    found = grow(asked, "wordnet", words=words)
    assert found["found"] and any("does not know 'unputdownable'" in note for note in found["notes"])
    alone = {"words": {"negative": ["terrible"], "positive": ["unputdownable"]}}
    with pytest.raises(UnknownWord, match="'unputdownable'"):
        grow(asked, "wordnet", words=alone)


def test_wordnet_answers_before_the_model_is_there(tmp_path: Path) -> None:
    asked = begun(None, tmp_path)
    found = grow(asked, "wordnet", "neighbours")
    assert found_by(asked) == ["wordnet"] and "still being loaded" in found["notes"][-1]
    assert found["found"][0]["pieces"] == [] and found["found"][0]["effect"] is None
    with pytest.raises(Unread, match="still being loaded"):
        grow(asked, "neighbours")
    asked.held.reading = None
    assert grow(asked, "wordnet")["found"]


def test_the_models_own_words_wait_for_rows_and_for_a_slot_that_can_say_them(
    embedded: LanguageModel, tmp_path: Path
) -> None:
    asked = begun(embedded, tmp_path, rows=0)
    with pytest.raises(Unread, match="No row has been read yet"):
        grow(asked, "model")
    two = begun(embedded, tmp_path, template="{text} It was {mask}, just {mask}.", rows=2)
    with pytest.raises(ConfigError, match="the template has 2"):
        grow(two, "wordnet")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"label": "positiv"}, "no label 'positiv'. Did you mean 'positive'"),
        ({"words": {"words": {"negative": ["bad"], "positive": []}}}, "has no words that count"),
    ],
)
def test_what_cannot_be_expanded_is_said(asked: Asked, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        grow(asked, "wordnet", **fields)
    with pytest.raises(ConfigError, match=r"no source 'wordnett'\. Did you mean 'wordnet'"):
        grow(asked, "wordnett")


def test_a_check_finds_what_data_check_finds(asked: Asked, tmp_path: Path) -> None:
    assert asked(check, task=REVIEWS)["holds"] is True
    rows = "".join(f"text number {number},{'ab'[number % 2]}\n" for number in range(20))
    (tmp_path / "twice.csv").write_text(f"text,label\n{rows}the same text,a\nthe same text,b\n")
    found = asked(check, task={"reference": str(tmp_path / "twice.csv")})
    bad = [one for one in found["findings"] if one["level"] == "error"]
    assert found["holds"] is False and bad[0]["ids"] == ["row:22"] and "label" in bad[0]["sentence"]
    with pytest.raises(DataError):
        asked(check, task={"reference": str(tmp_path / "none.csv")})
