"""Growing label words: sources together, filters, priors and effects, and what is kept of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import tiny

from promptlab.errors import ConfigError, ModelError
from promptlab.jobs import Rows, evaluate, finish
from promptlab.jobs.words.expand import expand
from promptlab.jobs.words.expansion import Expansion, Material, Wanted
from promptlab.jobs.words.sources import from_neighbours, from_wordnet, in_case_of_seeds, vectors_for
from promptlab.model import LanguageModel, Readout
from promptlab.pipeline import Pipeline
from promptlab.results import Note
from promptlab.task import load_task
from promptlab.template import Template
from promptlab.text import fold
from promptlab.verbalizer import LabelWords, Word, check_words, parse_each
from promptlab.verbalizer.found import Proposal
from promptlab.verbalizer.word_lists import read_word_list
from promptlab.verbalizer.wordnet import UnknownWord

SEEDS = parse_each(["negative=terrible,bad", "positive=great"])
TEMPLATE = Template.parse("{text} It was {mask}.")
QUICK: Mapping[str, Any] = {"encoder": "input", "count": 8}


def grow(lm: LanguageModel, seeds: LabelWords = SEEDS, material: Material | None = None, **wanted: Any) -> Expansion:
    return finish(expand(lm, seeds, Wanted(**{**QUICK, **wanted}), material))


@pytest.fixture(scope="module")
def material() -> Material:
    task = load_task("reviews")
    return Material(TEMPLATE, task.train[:24], (), task.dev[:20])


@pytest.fixture(scope="module")
def grown(embedded: LanguageModel, material: Material) -> Expansion:
    """Every source but lists, with texts and labelled rows."""
    return grow(embedded, material=material, sources=("wordnet", "neighbours", "model"))


def test_every_word_has_a_piece_and_one_label_and_seeds_stand_first(grown: Expansion) -> None:
    assert all(len(word.pieces) == 1 for word in grown.found)
    assert [len(grown.of(label)) for label in SEEDS.labels] == [8, 8]
    words = grown.accepted("all")
    check_words(words, SEEDS.labels)
    for label in SEEDS.labels:
        assert words.words[label][: len(SEEDS.words[label])] == SEEDS.words[label]
    every = [fold(str(word)) for label in words.labels for word in words.words[label]]
    assert len(set(every)) == len(every)


def test_the_best_come_first_each_with_its_reasons(grown: Expansion) -> None:
    assert [word.score for word in grown.found] == sorted((word.score for word in grown.found), reverse=True)
    awful = next(word for word in grown.found if word.text == "awful")
    assert "WordNet awful.s.02: synonym of terrible" in awful.provenance
    assert "neighbour of terrible, bad, cosine 0." in awful.provenance
    assert {origin.source for origin in awful.origins} <= {"wordnet", "neighbours", "model"}


def test_priors_are_mean_probabilities_over_the_texts(
    grown: Expansion, embedded: LanguageModel, material: Material
) -> None:
    readout = Readout.join(embedded.read(TEMPLATE, material.texts))
    for word in grown.found[:5]:
        ids = embedded.word_ids(TEMPLATE, [word.text])[0][0]
        mean = readout.tokens(ids)[:, 0, 0].double().exp().mean().log()
        assert word.prior == pytest.approx(float(mean), abs=1e-4)


def test_effects_are_what_an_evaluation_of_the_grown_words_finds(
    grown: Expansion, embedded: LanguageModel, material: Material
) -> None:
    def accuracy(words: LabelWords) -> float:
        return finish(evaluate(Pipeline.of(embedded, TEMPLATE, words), Rows(material.rows))).scores.accuracy

    for word in (grown.of("negative")[0], grown.of("positive")[0], grown.of("negative")[-1]):
        added = SEEDS.with_words(word.label, (*SEEDS.words[word.label], Word(word.text)))
        assert word.effect == pytest.approx(accuracy(added) - accuracy(SEEDS), abs=1e-6)


def test_what_the_model_says_most_is_told(grown: Expansion) -> None:
    words = [word for word, _ in grown.likeliest]
    assert len(words) == 20 and {"great", "good"} & set(words)
    assert any(origin.source == "model" for word in grown.found for origin in word.origins)


def test_labelled_shots_take_the_place_of_the_seeds_predictions(embedded: LanguageModel, material: Material) -> None:
    notes: list[str] = []
    shots = Material(TEMPLATE, material.texts, material.rows)
    events = expand(embedded, SEEDS, Wanted(("model",), 5), shots)
    found = finish(events, lambda event: notes.append(event.text) if isinstance(event, Note) else None)
    assert any("over 20 labelled texts" in note for note in notes)
    assert "20 labelled texts" in found.found[0].provenance and found.found[0].effect is None


def test_nothing_counts_unless_it_is_accepted(grown: Expansion) -> None:
    assert grown.accepted().every_word() == SEEDS.every_word()
    two = grown.accepted("2")
    assert [str(word) for word in two.active("positive")] == ["great", *(w.text for w in grown.of("positive")[:2])]
    named = grown.of("negative")[3].text
    assert [str(word) for word in grown.accepted(named).every_word()] == ["terrible", "bad", named, "great"]
    assert len(grown.accepted("all").every_word()) == 3 + 16
    with pytest.raises(ConfigError, match="'nosuch' was not found"):
        grown.accepted("nosuch")


def test_an_antonym_of_one_label_is_proposed_for_the_other_of_two() -> None:
    found = from_wordnet(parse_each(["positive=good", "negative=poor"]), relations=["antonym"], depth=1)
    assert "bad" in [one.text for one in found["negative"]]
    assert "WordNet good.a.01: opposite of good" in {one.why for one in found["negative"]}
    three = from_wordnet(parse_each(["a=good", "b=poor", "c=fair"]), relations=["antonym"], depth=1)
    assert not any("opposite" in one.why for listing in three.values() for one in listing)


def test_chosen_senses_bind_the_seeds_that_have_them() -> None:
    found = from_wordnet(parse_each(["a=great,awful"]), chosen=["bang-up.s.01"], depth=0)
    texts = [one.text for one in found["a"]]
    assert "swell" in texts and "outstanding" not in texts and "dreadful" in texts
    with pytest.raises(ConfigError, match=r"No seed has the sense 'good.a.01'. 'great' has great.n.01"):
        from_wordnet(parse_each(["a=great"]), chosen=["good.a.01"])


def test_a_seed_that_wordnet_does_not_know_stops_it_alone_and_is_said_beside_others(embedded: LanguageModel) -> None:
    seeds = parse_each(["a=gret", "b=terrible"])
    with pytest.raises(UnknownWord, match=r"'gret'\. Near spellings: .*great"):
        grow(embedded, seeds, sources=("wordnet",))
    notes: list[Note] = []
    events = expand(embedded, seeds, Wanted(**QUICK))
    found = finish(events, lambda event: notes.append(event) if isinstance(event, Note) else None)
    assert next(note.text for note in notes if note.level == "warning").startswith("WordNet does not know 'gret'")
    assert found.of("b")


def test_neighbours_belong_to_the_label_that_they_are_nearest_to(embedded: LanguageModel) -> None:
    vectors = vectors_for(embedded, "input")
    found = from_neighbours(SEEDS, vectors, count=20)
    for label, other in (("negative", "positive"), ("positive", "negative")):
        for one in found[label][:50]:
            means = {
                each: torch.stack([vectors.vector(one.text) @ vectors.vector(str(w)) for w in SEEDS.words[each]]).mean()
                for each in SEEDS.labels
            }
            assert one.score == pytest.approx(float(means[label]), abs=1e-5)
            assert means[label] >= means[other]


def test_candidates_may_be_a_list_and_need_no_labels(
    embedded: LanguageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words.txt").write_text("horrible\nwonderful\ntable\nsuperb\n")
    monkeypatch.chdir(tmp_path)
    vectors = vectors_for(embedded, "auto", "words.txt")
    assert vectors.words == ("horrible", "wonderful", "table", "superb")
    assert len(vectors_for(embedded, "output", "wordnet").words) == 77503


def test_an_encoder_that_is_not_there_is_said(embedded: LanguageModel, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no model folder"):
        grow(embedded, sources=("neighbours",), encoder=str(tmp_path / "none"))


def test_filters_say_why(embedded: LanguageModel, material: Material, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        "positive,negative\nunforgettable,awful\nthe,great\n☃,horrid\nwonderful,\nwonders,\n[MASK],\n"
    )
    lists = (read_word_list("list.csv", SEEDS.labels, folder=tmp_path),)
    found = grow(embedded, material=material, sources=("list",), lists=lists, min_prior=-9.0)
    reasons = {word.text: word.dropped for word in found.dropped}
    assert reasons["unforgettable"] == "4 pieces" and reasons["the"] == "a word that stands anywhere"
    assert reasons["great"] == "a word of 'positive' already"
    assert reasons["☃"] == "unknown to this model" and reasons["[MASK]"] == "the name of a special piece"
    assert reasons["wonders"].startswith("prior -") and reasons["wonders"].endswith(", below -9")
    assert {word.text for word in found.found} >= {"awful", "wonderful"}


def test_words_of_several_pieces_are_kept_on_request_and_then_read_whole(embedded: LanguageModel) -> None:
    found = grow(embedded, sources=("wordnet",), most_pieces=4, count=200)
    several = [word for word in found.found if len(word.pieces) > 1]
    assert "not bad" in [word.text for word in several] and all(word.prior is None for word in several)
    assert found.accepted().pieces == "first" and found.accepted("not bad").pieces == "whole"


def test_words_take_a_capital_where_all_seeds_have_one() -> None:
    proposals = {"a": [Proposal("fine", 1.0, "x")], "b": [Proposal("foul", 1.0, "x")]}
    cased = in_case_of_seeds(proposals, parse_each(["a=Great,Good", "b=Bad,poor"]))
    assert cased["a"][0].text == "Fine" and cased["b"][0].text == "foul"


def test_templates_that_leave_no_single_slot_at_the_end_are_refused(material: Material) -> None:
    lm = tiny("gpt2")
    with pytest.raises(ConfigError, match="one slot, and the template has 2"):
        grow(lm, material=Material(Template.parse("{mask} {text} {mask}")))
    with pytest.raises(ConfigError, match="text follows the slot"):
        grow(lm, material=Material(Template.parse("{mask} news: {text}"), material.texts))


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"count": 0}, "--count must be 1 or more"),
        ({"depth": -1}, "--depth must be 0 or more"),
        ({"most_pieces": 0}, "--most-pieces"),
        ({"sources": ("model",)}, "--source model needs texts"),
        ({"min_prior": -3.0}, "--min-prior needs texts"),
    ],
)
def test_what_cannot_be_asked_is_said(embedded: LanguageModel, wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        grow(embedded, **wanted)


def test_a_prior_above_one_is_refused(embedded: LanguageModel, material: Material) -> None:
    with pytest.raises(ConfigError, match="natural log-probability"):
        grow(embedded, material=material, min_prior=0.5)
