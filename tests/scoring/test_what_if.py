"""What-if tables against brute force: the same words changed one by one and scored by a WordVerbalizer."""

from dataclasses import dataclass, replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_readouts import columns_readout
from made_words import COMBINES, label_words
from tiny_models import reading, tiny
from torch import Tensor

from promptlab.errors import ConfigError, DataError
from promptlab.model import NeedsReading, Readout
from promptlab.scoring import WordVerbalizer, calibrate
from promptlab.scoring.vocabulary import slot_vocabulary
from promptlab.scoring.what_if import effects, split_halves, what_if
from promptlab.scoring.what_if.scores import Candidates, Change
from promptlab.template import Template
from promptlab.verbalizer import Calibration, Combine, LabelWords, Word

LABELS = ("zero", "one", "two", "three")
USED = ("great", "good", "fine", "terrible", "bad", "okay", "film", "story")
TRIED = ("yes", "no", "war", "cheap", "dull")
TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie", "", "good good", "war")


@dataclass(frozen=True)
class Case:
    readout: Readout
    words: LabelWords
    targets: Tensor


@st.composite
def cases(draw: st.DrawFn, combine: Combine) -> Case:
    """Scores on a coarse grid, so that rows tie often; numbers that float32 holds exactly for the mean and the maximum,
    before a word is added and after: weights of a label add up to 1."""
    rows, count = draw(st.integers(2, 9)), draw(st.integers(2, 4))
    grid = st.integers(-6, 0).map(lambda value: value / 2)
    columns = {word: draw(st.lists(grid, min_size=rows, max_size=rows)) for word in (*USED, *TRIED)}
    words = {}
    for label, pair in zip(LABELS[:count], zip(USED[::2], USED[1::2], strict=True), strict=False):
        weights = (1.0, 1.0) if combine == "max" else draw(st.sampled_from([(0.5, 0.5), (0.75, 0.25)]))
        words[label] = list(zip(pair, weights, strict=True)) if draw(st.booleans()) else [(pair[0], 1.0)]
    targets = draw(st.lists(st.integers(-1, count - 1), min_size=rows, max_size=rows).filter(lambda t: max(t) >= 0))
    return Case(columns_readout(columns), label_words(words, combine=combine), torch.tensor(targets))


def changed(words: LabelWords, label: str, word: Word, change: Change) -> LabelWords:
    kept = words.words[label] if change == "add" else ()
    return replace(words.with_words(label, (*kept, word)), calibration=words.calibration)


def right(readout: Readout, words: LabelWords, targets: Tensor) -> Tensor:
    """(N,): brute force, a new verbalizer."""
    return WordVerbalizer(words)(replace(readout, memo={})).argmax(1) == targets


def is_close(readout: Readout, words: LabelWords) -> Tensor:
    """(N,): rows on which the two best labels differ by no more than rounding does."""
    best = WordVerbalizer(words)(replace(readout, memo={})).topk(2, 1).values
    return best[:, 0] - best[:, 1] < 1e-5


@pytest.mark.parametrize("combine", ["mean", "max"])
@settings(max_examples=60)
@given(data=st.data())
def test_added_words_change_the_accuracy_as_in_brute_force_ties_included(combine: Combine, data: st.DataObject) -> None:
    case = data.draw(cases(combine))
    found = effects(case.readout, case.words, case.targets, dict.fromkeys(case.words.labels, TRIED))
    labelled = int((case.targets >= 0).sum())
    now = right(case.readout, case.words, case.targets).sum()
    for label in case.words.labels:
        for word, effect in zip(TRIED, found[label], strict=True):
            after = right(case.readout, changed(case.words, label, Word(word), "add"), case.targets).sum()
            assert effect == pytest.approx(float(after - now) / labelled, abs=1e-7)


@pytest.mark.parametrize("combine", COMBINES)
@pytest.mark.parametrize("refit", [False, True])
@settings(max_examples=25)
@given(data=st.data())
def test_every_cell_of_the_table_is_what_brute_force_gives(combine: Combine, refit: bool, data: st.DataObject) -> None:
    """With a frozen label prior, or one fitted anew; rows that only rounding decides may go either way."""
    case = data.draw(cases(combine))
    if (case.targets >= 0).sum() < 2:
        return
    priors = data.draw(st.lists(st.sampled_from([-1.5, -1.0, -0.25]), min_size=4, max_size=4))
    frozen = Calibration("batch", label_prior=tuple(priors[: len(case.words.labels)]))
    words = replace(case.words, calibration=frozen)
    found = what_if([case.readout], words, case.targets, Candidates.of(TRIED), refit=refit)
    halves = split_halves(case.targets, seed=13)
    for change in ("add", "replace"):
        for place, label in enumerate(words.labels):
            for at, word in enumerate(TRIED):
                new = changed(words, label, Word(word), change)
                if refit:
                    new = calibrate(new, WordVerbalizer(new).raw(case.readout), "batch", support="")
                is_right, close = right(case.readout, new, case.targets), is_close(case.readout, new)
                least, most = halves @ (is_right & ~close).float(), halves @ (is_right | close).float()
                count = found.table.counts[change][:2, place, at]
                assert (least <= count).all() and (count <= most).all()


@pytest.mark.parametrize("combine", COMBINES)
@settings(max_examples=25)
@given(data=st.data())
def test_the_worth_of_a_word_is_the_accuracy_that_is_lost_without_it(combine: Combine, data: st.DataObject) -> None:
    case = data.draw(cases(combine))
    if (case.targets >= 0).sum() < 2:
        return
    found, halves = (
        what_if([case.readout], case.words, case.targets, Candidates.of(TRIED)),
        split_halves(case.targets, seed=13),
    )
    assert found.now == pytest.approx(
        (halves @ right(case.readout, case.words, case.targets).float() / halves.sum(1)).tolist()
    )
    for label in case.words.labels:
        active = case.words.active(label)
        for one, worth in zip(active, found.worth[label], strict=True):
            if len(active) == 1:
                assert worth.worth is None
                continue
            left = case.words.with_words(label, tuple(word for word in active if word != one))
            is_right, close = right(case.readout, left, case.targets), is_close(case.readout, left)
            assert worth.worth is not None
            for half, now, lost in zip(halves, found.now, worth.worth, strict=True):
                exact = now - float(half @ is_right.float() / half.sum())
                assert abs(lost - exact) <= float(half @ close.float() / half.sum()) + 1e-6


@pytest.mark.parametrize("combine", COMBINES)
@pytest.mark.parametrize(
    ("name", "template"),
    [("bert", "{text} It was {mask}"), ("gemma2", "{text} It was {mask}"), ("bert", "{mask} {text} {mask}")],
)
def test_real_readouts_give_what_brute_force_gives(name: str, template: str, combine: Combine) -> None:
    readout = reading(tiny(name), template, TEXTS)
    slots = Template.parse(template).slots()

    def made(text: str) -> Word:
        return Word(text if slots == 1 else (text, "good"))

    words = label_words({"a": [made("great"), replace(made("fine"), weight=0.5)], "b": [made("bad")]}, combine=combine)
    targets = torch.tensor([1, 0, 1, -1, 0, 1])
    found = what_if([readout], words, targets, Candidates.of([made(text) for text in TRIED]))
    halves = split_halves(targets, seed=13)
    for place, label in enumerate(words.labels):
        for at, text in enumerate(TRIED):
            for change in ("add", "replace"):
                expected = halves @ right(readout, changed(words, label, made(text), change), targets).float()
                accuracy = found.accuracies(change)[:, place, at] * torch.tensor(found.rows)
                assert accuracy.tolist() == pytest.approx(expected.tolist())


def test_priors_of_words_are_divided_out_of_candidates_too() -> None:
    readout = columns_readout({"good": [-1.0, -3.0], "bad": [-2.0, -2.0], "war": [-0.5, -4.0], "yes": [-8.0, -6.0]})
    words = replace(
        label_words({"a": ["good"], "b": ["bad"]}),
        calibration=Calibration("word", word_prior={"good": -2.0, "bad": -2.0}),
    )
    support = columns_readout({"war": [-1.0, -1.0], "yes": [-9.0, -9.0]})
    targets = torch.tensor([0, 1])
    given = what_if([readout], words, targets, Candidates.of(["war", "yes"]), support=[support])
    # Replacing "good" of label a: war scores (0.5, -3), yes scores (1, 3), and bad (0, 0).
    assert given.table.counts["replace"][:2, 0].sum(0).tolist() == [2, 1]


@pytest.mark.parametrize("combine", COMBINES)
def test_a_candidate_whose_prior_is_known_counts_as_the_verbalizer_has_it(combine: Combine) -> None:
    readout, targets = reading(tiny("bert"), "{text} It was {mask}", TEXTS), torch.tensor([1, 0, 1, 1, 0, 1])
    priors = {word: -1.0 - place / 3 for place, word in enumerate((*USED, *TRIED))}
    words = label_words({"a": ["great", "fine"], "b": ["bad"]}, combine=combine)
    words = replace(words, calibration=Calibration("word", word_prior=priors))
    found, halves = what_if([readout], words, targets, Candidates.of(TRIED)), split_halves(targets, seed=13)
    for at, text in enumerate(TRIED):
        expected = halves @ right(readout, changed(words, "a", Word(text), "add"), targets).float()
        assert found.table.counts["add"][:2, 0, at].tolist() == expected.tolist()


def test_several_templates_count_as_one_that_adds_their_log_probabilities() -> None:
    first, second = (reading(tiny("bert"), template, TEXTS) for template in ("{text} It was {mask}", "{mask}: {text}"))
    words, targets = label_words({"a": ["great", "fine"], "b": ["bad"]}), torch.tensor([1, 0, 1, 1, 0, 1])
    found, halves = what_if([first, second], words, targets, Candidates.of(TRIED)), split_halves(targets, seed=13)
    for at, text in enumerate(TRIED):
        new = changed(words, "a", Word(text), "add")
        both = WordVerbalizer(new).evidence(first) + WordVerbalizer(new).evidence(second)
        assert found.table.counts["add"][:2, 0, at].tolist() == (halves @ (both.argmax(1) == targets).float()).tolist()
    with pytest.raises(ConfigError, match="one template"):
        calibrated = replace(words, calibration=Calibration("batch", label_prior=(-1.0, -0.5)))
        what_if([first, second], calibrated, targets, Candidates.of(TRIED))


def test_the_whole_vocabulary_counts_as_its_words_do_one_by_one() -> None:
    lm, template = tiny("bert"), Template.parse("{text} It was {mask}")
    readout, targets = reading(lm, template, TEXTS), torch.tensor([1, 0, 1, 1, 0, 1])
    words = label_words({"a": ["great"], "b": ["bad"]})
    every = Candidates.vocabulary([slot_vocabulary(lm, template, english=False)])
    by_piece = what_if([readout], words, targets, every)
    by_word = what_if([readout], words, targets, Candidates.of(every.words))
    assert len(every) > 20 and torch.equal(by_piece.table.counts["add"], by_word.table.counts["add"])


def planted() -> tuple[Readout, Tensor]:
    """'war' is said on the rows of label c and nowhere else, where a and b are right already and c is taken for b."""
    targets = torch.tensor([0, 1, 2] * 4)
    a, b, c = ([0.0 if target == label else -4.0 for target in targets.tolist()] for label in range(3))
    either = [max(pair) for pair in zip(b, c, strict=True)]
    return columns_readout(
        {"good": a, "bad": either, "okay": [-3.5] * 12, "war": c, "no": [-9.0] * 12, "yes": a}
    ), targets


def test_the_word_that_sets_a_label_apart_comes_first_with_its_accuracy_on_both_halves() -> None:
    readout, targets = planted()
    words = label_words({"a": ["good"], "b": ["bad"], "c": ["okay"]})
    found = what_if([readout], words, targets, Candidates.of(["good", "no", "yes", "war"]))
    (best,) = found.best(1, label="c", changes=("replace",))
    # bad and war tie on c's rows, and a tie goes to b, the first; so war alone leaves things as they are there.
    assert (best.word.text, best.change) == ("war", "replace")
    assert found.now == pytest.approx((2 / 3, 2 / 3))
    (pair,) = found.confused
    assert (pair.labels, pair.count, pair.rows.tolist()) == ((1, 2), 2, [4, 4])
    assert all(one.label in ("b", "c") for one in found.telling_apart(pair, 5))


def test_a_word_in_use_is_no_candidate_whatever_its_case() -> None:
    readout, targets = planted()
    words = label_words({"a": ["good"], "b": ["bad"], "c": ["okay"]})
    columns = {**readout.columns, "Good": readout.columns["good"]}
    found = what_if([readout.with_columns(columns)], words, targets, Candidates.of(["Good", "bad", "war"]))
    assert {one.word.text for label in words.labels for one in found.best(9, label=label)} == {"war"}


@given(targets=st.lists(st.integers(-1, 3), min_size=2, max_size=40), seed=st.integers(0, 5))
def test_halves_hold_every_labelled_row_once_and_each_label_evenly(targets: list[int], seed: int) -> None:
    tensor = torch.tensor(targets)
    if (tensor >= 0).sum() < 2:
        with pytest.raises(DataError):
            split_halves(tensor, seed=seed)
        return
    halves = split_halves(tensor, seed=seed)
    assert torch.equal(halves.sum(0) > 0, tensor >= 0) and halves.max() == 1
    sizes = [halves[:, tensor == label].sum(1) for label in range(4)]
    assert all(abs(first - second) <= 1 for first, second in [halves.sum(1), *sizes])
    assert torch.equal(halves, split_halves(tensor, seed=seed))


def test_threads_are_as_before_afterwards_and_words_that_must_be_read_are_named() -> None:
    readout = columns_readout({"good": [0.0, -1.0], "bad": [-1.0, 0.0]})
    words, targets = label_words({"a": ["good"], "b": ["bad"]}), torch.tensor([0, 1])
    torch.set_num_threads(2)
    with pytest.raises(NeedsReading) as need:
        effects(readout, words, targets, {"a": ["war"]})
    assert [str(word) for word in need.value.words] == ["war"] and torch.get_num_threads() == 2
    with pytest.raises(DataError, match="No row has a label"):
        effects(readout, words, torch.tensor([-1, -1]), {"a": ["good"]})


def test_what_does_not_go_together_is_refused_in_words() -> None:
    readout, targets = (
        columns_readout({"good": [0.0, -1.0], "bad": [-1.0, 0.0], "war": [0.0, 0.0]}),
        torch.tensor([0, 1]),
    )
    words, candidates = label_words({"a": ["good"], "b": ["bad"]}), Candidates.of(["war"])
    with pytest.raises(DataError, match="has 2 rows, and there are 3 targets"):
        what_if([readout], words, torch.tensor([0, 1, 0]), candidates)
    with pytest.raises(ConfigError, match="'b' has no words that count"):
        what_if([readout], label_words({"a": ["good"], "b": []}), targets, candidates)
    with pytest.raises(ConfigError, match="no label 'c'"):
        what_if([readout], words, targets, candidates).best(1, label="c")
