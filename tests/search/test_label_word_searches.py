"""Searches for label words: published values, agreement with brute force, and planted words that each method finds."""

import itertools
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_readouts import columns_readout, planted_readout
from tiny_models import reading, tiny

from promptlab.errors import ConfigError, DataError
from promptlab.jobs import finish
from promptlab.options import options
from promptlab.results import Event, Found, Progress
from promptlab.scoring import WordVerbalizer
from promptlab.scoring.vocabulary import slot_vocabulary
from promptlab.scoring.what_if import Candidates
from promptlab.search.words import FoundWords, Labelled, autoprompt, beam, greedy, lm_bff, petal
from promptlab.search.words.combinations import Ranked, ascend, every_combination, judge
from promptlab.search.words.labelled import one_label_each
from promptlab.search.words.petal import label_scores
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word

TEMPLATE = Template.parse("{text} It was {mask}")
Search = Callable[..., Generator[Event, None, FoundWords]]


@pytest.fixture(scope="module")
def vocabulary() -> Candidates:
    return Candidates.vocabulary([slot_vocabulary(tiny("bert"), TEMPLATE, english=False)])


def labelled(words: tuple[str, ...], copies: int, candidates: Candidates) -> Labelled:
    readout, targets = planted_readout(words, copies)
    return Labelled((readout,), targets, tuple(f"label {place}" for place in range(len(words))), candidates)


def starting(*words: str) -> LabelWords:
    return LabelWords({f"label {place}": (Word(word),) for place, word in enumerate(words)})


def texts(words: LabelWords) -> list[list[str]]:
    return [[str(word) for word in words.active(label)] for label in words.labels]


@pytest.mark.parametrize(
    ("search", "options"),
    [
        (petal, {"words": 1}),
        (petal, {"words": 1, "form": "cross-entropy"}),
        (autoprompt, {"words": 3, "learning_rate": 0.05}),
        (lm_bff, {"k": 5}),
        (lm_bff, {"k": 5, "most": 1}),
    ],
)
@pytest.mark.parametrize("planted", [("war", "good"), ("film", "yes", "cheap")])
def test_words_that_the_model_says_on_one_labels_rows_alone_are_found(
    search: Search, options: dict[str, Any], planted: tuple[str, ...], vocabulary: Candidates
) -> None:
    rows = labelled(planted, 6, vocabulary)
    found = finish(search(rows, **options))
    for label, word in zip(rows.labels, planted, strict=True):
        assert word in [str(one) for one in found.words.active(label)]
    predictions = WordVerbalizer(found.words)(rows.readouts[0]).argmax(1)
    assert torch.equal(predictions, rows.targets) and found.tried > 1


@pytest.mark.parametrize("search", [petal, lm_bff, greedy, beam])
@pytest.mark.parametrize("options", [{}, {"refit": True}, {"by": "accuracy"}])
def test_the_one_word_of_many_that_tells_the_labels_apart_is_found(search: Search, options: dict[str, Any]) -> None:
    """All other words are noise."""
    generator, names = torch.Generator().manual_seed(3), ["film", "story", "no", "okay", "cheap", "dull", "bad", "fine"]
    noise = {name: (-3 + torch.randn(24, generator=generator)).tolist() for name in [*names, "yes"]}
    readout = columns_readout({**noise, "war": [-1.0, -6.0] * 12})
    rows = Labelled((readout,), torch.arange(24) % 2, ("label 0", "label 1"), Candidates.of([*names, "war"]))
    if search in (petal, lm_bff):
        options = {"words": 1} if search is petal else {"k": 5}
    else:
        options = {**options, "start": starting("yes", "film")}
    assert "war" in texts(finish(search(rows, **options)).words)[0]


def test_the_balanced_likelihood_ratio_is_three_times_openprompts_form_for_nine_negatives_and_three_positives() -> None:
    q = torch.rand(12, 7, generator=torch.Generator().manual_seed(0)).double() * 0.8 + 0.1
    own = torch.arange(12) < 3
    odds = (q / (1 - q)).log()
    openprompt = odds[own].sum(0) - (3 / 9) * odds[~own].sum(0)
    ours = label_scores(q.log(), own, form="ratio", balance=True)
    torch.testing.assert_close(ours / openprompt, torch.full((7,), 3.0, dtype=torch.float64), atol=1e-5, rtol=1e-5)


def test_petals_scores_by_hand_with_and_without_balance() -> None:
    log_q = torch.tensor([[0.5, 0.2], [0.25, 0.2], [0.1, 0.2]]).log()  # one own row, two others
    own = torch.tensor([True, False, False])

    def odds(q: float) -> float:
        return float(torch.tensor(q / (1 - q)).log())

    ratio = [2 * odds(0.5) - odds(0.25) - odds(0.1), 2 * odds(0.2) - 2 * odds(0.2)]
    assert label_scores(log_q, own, form="ratio", balance=True).tolist() == pytest.approx(ratio, abs=1e-5)
    plain = [odds(0.5) - odds(0.25) - odds(0.1), odds(0.2) - 2 * odds(0.2)]
    assert label_scores(log_q, own, form="ratio", balance=False).tolist() == pytest.approx(plain, abs=1e-5)
    entropy = torch.tensor([0.5**2 * 0.75 * 0.9, 0.2**2 * 0.8 * 0.8]).log().tolist()
    assert label_scores(log_q, own, form="cross-entropy", balance=True).tolist() == pytest.approx(entropy, abs=1e-5)


def test_a_probability_of_one_or_zero_leaves_finite_scores() -> None:
    log_q = torch.tensor([[0.0, -1000.0], [-1000.0, 0.0]])
    for form in ("ratio", "cross-entropy"):
        scores = label_scores(log_q, torch.tensor([True, False]), form=form, balance=True)  # type: ignore[arg-type]
        assert scores.isfinite().all() and scores[0] > scores[1]


def test_petal_adds_up_the_templates_scores_and_says_where_a_word_comes_from() -> None:
    columns = {"war": [-0.5, -3.0], "yes": [-2.0, -1.0], "film": [-1.0, -1.0]}
    other = {"war": [-1.0, -1.5], "yes": [-2.0, -0.5], "film": [-0.1, -0.1]}
    targets, candidates = torch.tensor([0, 1]), Candidates.of(list(columns))
    readouts = (columns_readout(columns), columns_readout(other))
    found = finish(petal(Labelled(readouts, targets, ("a", "b"), candidates), words=1))
    scores = [
        label_scores(
            torch.tensor([[each["war"][row] for each in (one,)] for row in range(2)]),
            targets == 0,
            form="ratio",
            balance=True,
        )
        for one in (columns, other)
    ]
    (word,) = found.words.active("a")
    assert (str(word), word.provenance) == ("war", f"PETAL, ratio {float(scores[0] + scores[1]):.1f}")
    assert texts(found.words)[1] == ["yes"] and found.words.combine == "mean"


def test_a_word_that_two_labels_want_goes_to_the_one_where_it_scores_higher_and_case_makes_no_other_word() -> None:
    scores = torch.tensor([[3.0, 1.0, 5.0, 4.0], [2.0, 1.0, 6.0, 0.0]])
    words = [Word("war"), Word("yes"), Word("film"), Word("Film")]
    none = -torch.inf
    assert one_label_each(scores, words).tolist() == [[3.0, 1.0, none, none], [none, none, 6.0, none]]


@settings(max_examples=25)
@given(data=st.data())
def test_every_combination_is_judged_as_one_by_one_and_the_best_are_kept(data: st.DataObject) -> None:
    labels = data.draw(st.integers(2, 3))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 1000)))
    logprobs = -torch.randint(1, 9, (6, 7), generator=generator).float() / 2
    targets = torch.arange(6) % labels
    lists = [torch.randperm(7, generator=generator)[:3] for _ in range(labels)]
    words = [Word(text) for text in ("war", "yes", "film", "story", "no", "okay", "WAR")]

    def judged(places: tuple[int, ...]) -> tuple[float, float]:
        scores = logprobs[:, list(places)]
        right = sum(int(row.argmax()) == int(target) for row, target in zip(scores, targets, strict=True))
        loss = torch.nn.functional.cross_entropy(scores.double(), targets)
        return right / 6, round(float(loss), 9)

    names = [str(word).lower() for word in words]
    every = [
        places
        for places in itertools.product(*(one.tolist() for one in lists))
        if len({names[place] for place in places}) == labels
    ]
    found: Ranked = finish(every_combination(logprobs, targets, lists, words, 4, 0))
    best = sorted((-judged(places)[0], judged(places)[1]) for places in every)[:4]
    assert found.tried == len(every)
    assert [(-judged(tuple(places))[0], judged(tuple(places))[1]) for places in found.places.tolist()] == best
    accuracy, loss = judge(logprobs, targets, found.places)
    assert accuracy.tolist() == pytest.approx([-one[0] for one in best])
    assert loss.tolist() == pytest.approx([one[1] for one in best])


def test_climbing_meets_the_best_of_all_combinations_and_tries_far_fewer(vocabulary: Candidates) -> None:
    rows = labelled(("film", "yes", "cheap", "war"), 4, vocabulary)
    logprobs = rows.logprobs()[0]
    lists = [torch.arange(len(vocabulary))[:25] for _ in rows.labels]
    lists = [
        torch.cat([one, torch.tensor([place])])
        for one, place in zip(lists, places_of(vocabulary, "film", "yes", "cheap", "war"), strict=True)
    ]
    found = finish(ascend(logprobs, rows.targets, lists, vocabulary.words, 5, 0))
    assert [str(vocabulary.words[place]) for place in found.places[0].tolist()] == ["film", "yes", "cheap", "war"]
    assert found.tried < 26**4 / 100


def places_of(candidates: Candidates, *wanted: str) -> list[int]:
    names = [str(word) for word in candidates.words]
    return [names.index(word) for word in wanted]


def test_too_many_combinations_are_pruned_to_neighbours_or_climbed_and_that_is_said(vocabulary: Candidates) -> None:
    rows = labelled(("film", "yes", "cheap"), 4, vocabulary)
    start = starting("film", "yes", "cheap")
    whole = finish(lm_bff(rows, k=8))
    pruned = finish(lm_bff(rows, start=start, k=30, neighbours=4, most=100))
    climbed = finish(lm_bff(rows, start=start, k=30, neighbours=20, most=100))
    assert whole.notes == ()
    assert len(pruned.notes) == 1 and "27,000 combinations" in pruned.notes[0] and "4 nearest" in pruned.notes[0]
    assert len(climbed.notes) == 2 and "one label at a time" in climbed.notes[1]
    assert pruned.tried <= 64 and texts(pruned.words) == texts(climbed.words) == [["film"], ["yes"], ["cheap"]]


@pytest.mark.parametrize("refit", [False, True])
def test_the_first_greedy_step_is_the_best_single_change_that_brute_force_finds(
    refit: bool, vocabulary: Candidates
) -> None:
    rows_texts = [
        f"{word} film" for word in ("good", "bad", "dull", "war", "cheap", "yes", "no", "fine", "great", "okay")
    ]
    readout, targets = reading(tiny("bert"), "{text} It was {mask}", rows_texts), torch.arange(10) % 2
    few = vocabulary.take(range(12))
    rows = Labelled((readout,), targets, ("label 0", "label 1"), few)
    start = LabelWords({"label 0": (Word("terrible"), Word("story")), "label 1": (Word("great"),)})
    halves = rows.halves(13)

    def judged(words: LabelWords) -> tuple[tuple[float, float], tuple[float, float]]:
        logprobs = WordVerbalizer(words)(readout).double()
        if refit:
            logprobs = (logprobs - logprobs.logsumexp(0)).log_softmax(1)
        own = logprobs.gather(1, targets[:, None])[:, 0]
        right = (logprobs.argmax(1) == targets).double()
        return tuple((float(own[half].mean()), float(right[half].mean())) for half in halves)  # type: ignore[return-value]

    changes = [
        start.with_words(label, (*kept, word))
        for label in start.labels
        for word in few.words
        for kept in (start.active(label), ())
    ]
    changes += [start.with_words("label 0", (word,)) for word in start.active("label 0")]
    best = max(changes, key=lambda words: judged(words)[0])
    found = finish(greedy(rows, start=start, steps=1, refit=refit))
    expected = best if judged(best)[1] > judged(start)[1] else start
    assert texts(found.words) == texts(expected) and found.tried == 1 + 2 * 2 * 12 + 2


def test_a_search_that_cannot_better_the_held_out_half_returns_the_starting_words_and_says_so(
    vocabulary: Candidates,
) -> None:
    rows = labelled(("film", "yes"), 6, vocabulary)
    start = LabelWords({"label 0": (Word("film"),), "label 1": (Word("yes"),)})
    found = finish(greedy(rows, start=start))
    assert texts(found.words) == [["film"], ["yes"]] and "starting words" in found.notes[0]


@pytest.mark.parametrize("most", [1_000_000, 1])
@pytest.mark.parametrize("labels", [2, 3])
def test_labels_whose_likeliest_words_are_the_same_need_more_words_than_one_each(most: int, labels: int) -> None:
    """Every text makes the model say the same: with fewer words than labels no combination gives each its own."""
    readout = columns_readout({word: [-1.0 - place] * 12 for place, word in enumerate(("good", "bad", "war", "yes"))})
    names = tuple(f"label {place}" for place in range(labels))
    rows = Labelled((readout,), torch.arange(12) % labels, names, Candidates.of(["good", "bad", "war", "yes"]))
    with pytest.raises(ConfigError, match=rf"likeliest words? of the {labels} labels .* Raise k"):
        finish(lm_bff(rows, k=labels - 1, most=most))
    assert len(finish(lm_bff(rows, k=labels, most=most)).words.every_word()) == labels


def test_events_tell_how_far_a_search_is_and_what_it_found(vocabulary: Candidates) -> None:
    rows = labelled(("film", "yes"), 6, vocabulary)
    events: list[Event] = []
    finish(lm_bff(rows, k=5), events.append)
    progress = [event for event in events if isinstance(event, Progress)]
    (found,) = (event for event in events if isinstance(event, Found))
    assert progress[-1].step == progress[-1].total == 25
    assert (found.score, found.n, found.words["label 0"][0]["text"]) == (1.0, 6, "film")
    assert found.tried <= 25


def test_the_published_defaults_are_the_options(vocabulary: Candidates) -> None:
    defaults = {
        search.__name__: {name: one.default for name, one in options(search).items()}
        for search in (petal, autoprompt, lm_bff)
    }
    assert defaults["petal"] == {"words": 10, "candidates": 1000, "form": "ratio", "balance": True}
    assert defaults["lm_bff"] | {"most": 0} == {
        "k": 100,
        "n": 100,
        "likely": 1000,
        "neighbours": 20,
        "most": 0,
        "seed": 13,
    }
    assert defaults["autoprompt"] == {"words": 3, "learning_rate": 3e-4, "batch": 32, "epochs": 50, "seed": 13}


def test_the_same_seed_finds_the_same_words(vocabulary: Candidates) -> None:
    rows = labelled(("film", "yes"), 6, vocabulary)
    searches: list[tuple[Search, dict[str, Any]]] = [(autoprompt, {}), (lm_bff, {"k": 5})]
    for search, chosen in searches:
        assert finish(search(rows, **chosen)).words == finish(search(rows, **chosen)).words


def test_bad_input_is_refused_in_words(vocabulary: Candidates) -> None:
    rows = labelled(("film", "yes"), 1, vocabulary)
    for search in (lm_bff(rows), greedy(rows, start=starting("film", "yes"))):
        with pytest.raises(DataError, match="'label 0' has one row"):
            finish(search)
    with pytest.raises(DataError, match="'c' has no row"):
        replace(rows, labels=("a", "b", "c"))
    with pytest.raises(ConfigError, match="1 candidate word for 2 labels"):
        replace(rows, candidates=Candidates.of(["war"]))
    with pytest.raises(ConfigError, match="one template"):
        finish(autoprompt(replace(rows, readouts=rows.readouts * 2, candidates=Candidates.of(["war", "yes"]))))
    with pytest.raises(ConfigError, match="at least 1 word"):
        finish(petal(rows, words=0))
    with pytest.raises(ConfigError, match=r"candidates = -5: a label needs at least 1"):
        finish(petal(rows, candidates=-5))
    with pytest.raises(ConfigError, match=r"learning_rate = -1: it must be above 0"):
        finish(autoprompt(rows, learning_rate=-1))
    with pytest.raises(ConfigError, match="without a word"):
        finish(petal(replace(rows, candidates=vocabulary.take(places_of(vocabulary, "film", "cheap"))), words=1))
