"""Knowledgeable prompt-tuning's refinement: published values by hand, names that stay, reasons that are kept."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_readouts import columns_readout
from made_words import label_words
from tiny_models import reading, tiny

from promptlab.errors import ConfigError
from promptlab.model import Readout
from promptlab.scoring.priors import vocabulary_priors, word_priors
from promptlab.scoring.refinement import Form, refine
from promptlab.scoring.refinement.cleaning import clean
from promptlab.scoring.refinement.frequency import word_ranks
from promptlab.scoring.refinement.relevance import code_relevance, cosines, kept_share, paper_relevance
from promptlab.verbalizer import LabelWords, Word

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie", "great news about a team")
WORDS = {"pos": ["great", "good", "fine", "okay"], "neg": ["terrible", "bad", "awful", "poor"], "mid": ["true"]}


@pytest.fixture(scope="module")
def readout() -> Readout:
    return reading(tiny("bert"), "{text} It was {mask}", TEXTS)


def off(words: LabelWords) -> dict[str, str]:
    """The reason of every word that is dropped, by word."""
    return {str(word): word.dropped for row in words.words.values() for word in row if word.dropped}


def test_relevance_of_the_papers_form_is_that_of_the_worked_example() -> None:
    a0, a1, b0, b1 = (0.5, 0.1, 0.2), (0.4, 0.1, 0.1), (0.1, 0.5, 0.3), (0.2, 0.2, 0.2)
    words = torch.tensor([a0, a1, b0, b1]).T.log()
    found, _ = paper_relevance(words, words[:, [0, 2]], torch.tensor([0, 0, 1, 1]))
    assert found.tolist() == pytest.approx([2.0252, 2.0702, 2.0252, 1.0415], abs=5e-5)


def test_relevance_of_the_codes_form_by_hand() -> None:
    """Three labels: cosines of centred numbers, and the power mean with p = 10 / 1.01 + 1 of the other two."""
    names = torch.tensor([[2.0, -1.0, -1.0, 0.0], [1.0, 1.0, -2.0, 0.0], [0.0, 1.0, 1.0, -2.0]]).T
    word = torch.tensor([[4.0, 0.0, 0.0, 4.0]]).T
    centred = word[:, 0] - word.mean()
    cosine = [float(centred @ name / centred.norm() / name.norm()) for name in names.T]
    power = 10 / 1.01 + 1
    others = ((abs(cosine[1]) ** power + abs(cosine[2]) ** power) / 2) ** (1 / power)
    found, alike = code_relevance(word + 7, names - 3, torch.tensor([0]))
    assert alike[0].tolist() == pytest.approx(cosine, abs=1e-6)
    assert float(found[0]) == pytest.approx(cosine[0] / others, rel=1e-5)


def test_two_labels_have_a_power_of_a_thousand_and_still_finite_scores() -> None:
    values = torch.randn(20, 6, generator=torch.Generator().manual_seed(1))
    owners = torch.tensor([0, 1, 0, 1, 0, 1])
    found, alike = code_relevance(values, values[:, :2], owners)
    other = alike[torch.arange(6), 1 - owners].abs()
    torch.testing.assert_close(found, alike[torch.arange(6), owners] / other, rtol=1e-6, atol=0)


vectors = st.lists(st.lists(st.floats(-60, 0), min_size=5, max_size=5), min_size=3, max_size=3)


@given(names=vectors)
def test_a_names_own_relevance_is_one_or_more(names: list[list[float]]) -> None:
    values = torch.tensor(names).T
    found, _ = paper_relevance(values, values, torch.arange(3))
    assert (found >= 1 - 1e-9).all()


@given(names=vectors, words=vectors, scale=st.floats(-30, 30))
def test_relevance_does_not_see_how_frequent_a_word_is(
    names: list[list[float]], words: list[list[float]], scale: float
) -> None:
    values, owners = torch.tensor(words, dtype=torch.float64).T, torch.arange(3)
    plain, _ = paper_relevance(values, torch.tensor(names).T, owners)
    scaled, _ = paper_relevance(values + scale, torch.tensor(names).T, owners)
    torch.testing.assert_close(plain, scaled, rtol=1e-6, atol=1e-9)


def test_a_cosine_is_one_with_itself_and_none_where_nothing_varies() -> None:
    values = torch.tensor([[1.0, 0.0], [2.0, 0.0]])
    assert cosines(values, values).tolist() == [[pytest.approx(1.0), 0.0], [0.0, 0.0]]


def test_the_cut_is_the_share_whose_last_words_are_nearest_to_one() -> None:
    """Half of each label ends at 1.1 and 0.9; a quarter at 3 and 2, all at -100."""
    assert kept_share([[3.0, 1.1, 0.2, -100.0], [-100.0, 2.0, 0.9, 0.1]]) == 0.5
    assert kept_share([[1.0], [1.0]]) == 1.0


def test_a_word_of_several_labels_stays_where_it_is_the_name_and_goes_elsewhere() -> None:
    words = label_words({"a": ["great", "Fine", "good"], "b": ["fine", "good"], "c": ["bad", "bad", "okay"]})
    found = clean(words)
    assert [str(word) for word in found.every_word()] == ["great", "fine", "bad", "okay"]
    assert off(found) == {
        "Fine": "of several labels: also under 'b'",
        "good": "of several labels: also under 'a'",
        "bad": "twice under 'c'",
    }
    assert [len(row) for row in found.words.values()] == [3, 2, 3]


def test_the_first_word_of_two_labels_is_refused() -> None:
    with pytest.raises(ConfigError, match="'Great' is the first of two labels"):
        clean(label_words({"a": ["great"], "b": ["Great"]}))


def test_of_a_name_that_stands_twice_the_name_stays() -> None:
    words = label_words({"a": [Word("Great", on=False), "great"], "b": ["bad"]})
    found = clean(words, also_off=True)
    assert [(str(word), word.on) for word in found.words["a"]] == [("Great", False), ("great", True)]
    assert off(found) == {"Great": "twice under 'a'"}


def test_a_word_that_is_off_is_no_name_and_shares_nothing() -> None:
    words = label_words({"a": [Word("bad", on=False), "great"], "b": ["bad", "great"]})
    found = clean(words)
    assert off(found) == {"great": "of several labels: also under 'a'"}
    assert [str(word) for word in found.every_word()] == ["great", "bad"]


def test_a_word_outside_the_likeliest_share_is_rare_with_its_numbers(readout: Readout) -> None:
    share = readout.output.logits(readout.vectors[:, 0]).softmax(-1).mean(0)  # (V,)
    ranked = {word: 1 + int((share > share[readout.spelling.word(word)[0][0]]).sum()) for word in WORDS["pos"]}
    rarest = max(WORDS["pos"][1:], key=lambda word: ranked[word])
    keep = (ranked[rarest] - 0.5) / len(share)
    found = refine(label_words(WORDS), readout, keep=keep, relevance=False)
    prior = float(share[readout.spelling.word(rarest)[0][0]])
    assert off(found.words)[rarest] == f"rare: prior {prior:.0e}, rank {ranked[rarest]:,} of {len(share):,}"
    judged = {str(one.word): one for one in found.judged}
    assert judged["good"].rank == ranked["good"] and judged["good"].relevance is None
    assert judged["good"].prior == pytest.approx(math.log(share[readout.spelling.word("good")[0][0]]), abs=1e-4)


def test_ranks_of_words_are_those_of_their_pieces_whatever_rounding_says(readout: Readout) -> None:
    """Nobody stands between a piece's mean probability as the vocabulary has it and as the word has it."""
    priors = vocabulary_priors(readout)
    words = [Word(word) for row in WORDS.values() for word in row]
    expected = [1 + int((priors > priors[readout.spelling.word(word)[0][0]]).sum()) for word in words]
    for nudge in (-1e-3, 0.0, 1e-3):
        measured = [prior + nudge for prior in word_priors(readout, words, pieces="first")]
        assert list(word_ranks(readout, words, measured, priors, pieces="first")) == expected
    phrase = [Word("good relevant")]
    (prior,) = word_priors(readout, phrase, pieces="mean")
    assert word_ranks(readout, phrase, [prior], priors, pieces="mean") == (1 + int((priors > prior).sum()),)


def test_the_codes_form_ranks_mean_logits_and_looks_at_every_piece(readout: Readout) -> None:
    phrase = "good relevant"
    logits = readout.output.logits(readout.vectors[:, 0]).mean(0)  # (V,)
    ranks = [1 + int((logits > logits[piece]).sum()) for piece in readout.spelling.word(phrase)[0]]
    assert len(ranks) > 1
    words = label_words({"pos": ["great", phrase], "neg": ["bad"]})
    for keep, dropped in (((max(ranks) + 0.5) / len(logits), False), ((max(ranks) - 0.5) / len(logits), True)):
        found = refine(words, readout, form="code", keep=keep, relevance=False)
        assert (phrase in off(found.words)) == dropped
    assert off(found.words)[phrase] == f"rare: a piece of rank {max(ranks):,} of {len(logits):,} by mean logit"


@pytest.mark.parametrize("name", ["gemma2", "bert", "gpt2"])
def test_mean_logits_are_those_of_the_full_output_with_and_without_a_cap(name: str) -> None:
    from promptlab.scoring.priors import vocabulary_mean_logits, vocabulary_priors

    readout = reading(tiny(name), "{text} It was {mask}", TEXTS)
    logits = readout.output.logits(readout.vectors[:, 0])
    torch.testing.assert_close(vocabulary_mean_logits(readout), logits.mean(0), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(vocabulary_priors(readout).exp(), logits.softmax(-1).mean(0), atol=1e-6, rtol=1e-4)


def made(columns: dict[str, Any], words: dict[str, Any], **options: Any) -> LabelWords:
    readout = columns_readout({word: [math.log(value) for value in row] for word, row in columns.items()})
    return refine(label_words(words), readout, keep=1, **options).words


TOY = {"a0": (0.5, 0.1, 0.2), "a1": (0.1, 0.4, 0.3), "b0": (0.1, 0.5, 0.3), "b1": (0.2, 0.5, 0.2)}


def test_a_word_nearer_to_another_name_is_dropped_and_says_to_which() -> None:
    found = made(TOY, {"a": ["a0", "a1"], "b": ["b0", "b1"]})
    assert list(off(found)) == ["a1"]
    assert off(found)["a1"].startswith("nearer to 'b' than to 'a': R 0.") and off(found)["a1"].endswith(" < 1")


def test_the_codes_form_drops_a_word_that_turns_away_from_its_name() -> None:
    found = made(TOY, {"a": ["a0", "a1"], "b": ["b0", "b1"]}, form="code")
    assert off(found)["a1"].startswith("turned away from 'a': cosine -0.")
    assert found.active("a") == (replace(found.words["a"][0], on=True),)


def test_a_label_that_loses_every_other_word_keeps_its_name_with_a_note() -> None:
    columns = {word: [math.log(value) for value in row] for word, row in TOY.items()}
    words = label_words({"a": ["a0", "a1"], "b": ["b0"]})
    found = refine(words, columns_readout(columns), keep=1)
    assert found.notes == ("The label 'a' keeps its name 'a0' alone: its 1 other word was dropped.",)


def test_a_dropped_word_is_brought_back_and_held_whatever_is_found() -> None:
    words = {"a": ["a0", "a1"], "b": ["b0", "b1"]}
    first = made(TOY, words)
    columns = {word: [math.log(value) for value in row] for word, row in TOY.items()}
    back = refine(first, columns_readout(columns), keep=1, back=["A1"]).words
    assert off(back) == {} and back.words["a"][1].on
    again = refine(first, columns_readout(columns), keep=1)
    assert off(again.words) == off(first)
    with pytest.raises(ConfigError, match=r"no word 'a2' to bring back"):
        refine(first, columns_readout(columns), keep=1, back=["a2"])


def test_a_word_under_two_labels_cannot_be_brought_back() -> None:
    words = clean(label_words({"a": ["a0", "b1"], "b": ["b0", "b1"]}))
    columns = {word: [math.log(value) for value in row] for word, row in TOY.items()}
    with pytest.raises(ConfigError, match="stands under several labels"):
        refine(words, columns_readout(columns), keep=1, back=["b1"])


def test_proposed_words_are_judged_on_request_only() -> None:
    words = {"a": ["a0", Word("a1", on=False)], "b": ["b0", Word("b1", on=False)]}
    assert [str(word) for word in made(TOY, words).every_word()] == ["a0", "b0"]
    found = made(TOY, words, also_off=True)
    assert [str(word) for word in found.every_word()] == ["a0", "b0", "b1"] and list(off(found)) == ["a1"]


def test_priors_are_kept_in_the_words_and_a_calibration_is_dropped(readout: Readout) -> None:
    from promptlab.verbalizer import Calibration

    words = replace(label_words(WORDS), calibration=Calibration("batch", label_prior=(-1.0, -1.0, -1.0)))
    found = refine(words, readout).words
    assert found.calibration is None
    assert all(word.prior is not None for row in found.words.values() for word in row)


drawn = st.fixed_dictionaries({label: st.permutations(row).map(lambda row: row[:4]) for label, row in WORDS.items()})


@pytest.mark.parametrize("form", ["paper", "code"])
@settings(max_examples=30)
@given(words=drawn, keep=st.floats(0.001, 1), relevance=st.booleans())
def test_names_are_kept_and_every_other_word_is_on_or_has_a_reason(
    readout: Readout, form: Form, words: dict[str, list[str]], keep: float, relevance: bool
) -> None:
    found = refine(label_words(words), readout, form=form, keep=keep, relevance=relevance)
    for label, row in found.words.words.items():
        assert row[0].on and not row[0].dropped
        assert [str(word) for word in row] == words[label]
        assert all(word.on != bool(word.dropped) for word in row)


@pytest.mark.parametrize("form", ["paper", "code"])
@settings(max_examples=20)
@given(order=st.permutations(list(WORDS)), seed=st.integers(0, 100))
def test_the_order_of_labels_and_texts_changes_nothing(
    readout: Readout, form: Form, order: list[str], seed: int
) -> None:
    shuffled = readout.select(torch.randperm(len(TEXTS), generator=torch.Generator().manual_seed(seed)))
    plain = refine(label_words(WORDS), readout, form=form, keep=0.9).words
    other = refine(label_words({label: WORDS[label] for label in order}), shuffled, form=form, keep=0.9).words
    assert off(plain).keys() == off(other).keys()


@pytest.mark.parametrize("keep", [0.0, -1.0, 1.5, math.nan])
def test_a_share_that_is_none_is_refused(readout: Readout, keep: float) -> None:
    with pytest.raises(ConfigError, match="--keep"):
        refine(label_words(WORDS), readout, keep=keep)


def test_an_unknown_form_and_one_label_alone_are_refused(readout: Readout) -> None:
    with pytest.raises(ConfigError, match=r"Unknown form 'draft'. Known: paper, code"):
        refine(label_words(WORDS), readout, form="draft")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="give two or more"):
        refine(label_words({"pos": ["great", "good"]}), readout)


def test_several_slots_are_refused() -> None:
    readout = reading(tiny("bert"), "{text} It was {mask} and {mask}.", TEXTS)
    with pytest.raises(ConfigError, match="one slot"):
        refine(label_words({"a": [Word(("great", "good"))], "b": [Word(("bad", "bad"))]}), readout)
