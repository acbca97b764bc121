"""Greedy and beam search over what-if tables: one word added, removed or put in place of a label's words at a time."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.results import Event, Progress
from promptlab.scoring.threads import one_thread
from promptlab.scoring.what_if.outcomes import Outcomes, outcomes
from promptlab.scoring.what_if.scores import Standing, WordScores
from promptlab.scoring.what_if.sweep import CHANGES, sweep
from promptlab.scoring.what_if.table import highest
from promptlab.search.words.labelled import FoundWords, Labelled
from promptlab.text import fold
from promptlab.verbalizer import LabelWords, Word

# Candidates of a label and kind of change, the first of the table, whose log-loss is worked out.
_CLOSER = 64
# Accuracy and the negative log-loss: the better, the larger.
Judgement = tuple[float, float]
By = Literal["accuracy", "log-loss"]
_RANK: Mapping[By, Callable[[Judgement], Judgement]] = {
    "accuracy": lambda judged: judged,
    "log-loss": lambda judged: (judged[1], judged[0]),
}


def greedy(
    rows: Labelled, *, start: LabelWords, steps: int = 10, by: By = "log-loss", refit: bool = False, seed: int = 13
) -> Generator[Event, None, FoundWords]:
    """The best single change, and again, until the held-out half no longer improves: ``beam`` with a width of 1."""
    return beam(rows, start=start, width=1, steps=steps, by=by, refit=refit, seed=seed)


def beam(
    rows: Labelled,
    *,
    start: LabelWords,
    width: int = 4,
    steps: int = 10,
    by: By = "log-loss",
    refit: bool = False,
    seed: int = 13,
) -> Generator[Event, None, FoundWords]:
    """Words reached from ``start`` by changes of one word, the ``width`` best sets kept at each of ``steps``.

    One half of the rows chooses: the changes that make most rows right are ranked ``by`` log-loss, which with few rows
    says more than accuracy, or by accuracy, log-loss deciding between equal ones. A step counts when its best set is
    better by that on the other half too; the first that is not ends the search. ``refit`` judges every set after batch
    calibration on the rows, instead of as the model says it.
    """
    if min(width, steps) < 1:
        raise ConfigError("width and steps must be 1 or more.")
    halves = rows.halves(seed).float()
    rank = _RANK[by]
    found = first = replace(start, calibration=None, name="", source="")
    tried = 1
    held = _held_now(rows, found, halves, refit=refit)
    states, seen = [found], {_key(found)}
    for step in range(1, steps + 1):
        with one_thread():
            moves = [move for state in states for move in _moves(rows, state, halves, step, refit=refit)]
        tried += sum(_count(rows, state) for state in states)
        best = _distinct(sorted(moves, key=lambda move: rank(move.chosen), reverse=True), seen, width)
        if not best or rank(best[0].held) <= rank(held):
            break
        found, held = best[0].words, best[0].held
        states = [move.words for move in best]
        yield Progress(step, steps, {"accuracy": held[0]})
        yield rows.found(found, score=held[0], n=int(halves[1].sum()), tried=tried)
    notes = () if found is not first else ("No change is better on the held-out half: these are the starting words.",)
    return FoundWords(found, tried, notes)


@dataclass(frozen=True)
class _Move:
    """The words after a change, and how they do on the half that chooses and on the one held out."""

    words: LabelWords
    chosen: Judgement
    held: Judgement


def _held_now(rows: Labelled, words: LabelWords, halves: Tensor, *, refit: bool) -> Judgement:
    with one_thread():
        standing = Standing.of(WordScores(rows.readouts, words), rows.targets)
        now = outcomes(standing, 0, standing.tables[0].score()[:, None], refit=refit)
    return _judged(now, halves)[0][1]


def _moves(rows: Labelled, state: LabelWords, halves: Tensor, step: int, *, refit: bool) -> Iterator[_Move]:
    """The most promising changes to one set, each judged on both halves."""
    source = WordScores(rows.readouts, state)
    standing = Standing.of(source, rows.targets)
    free = rows.candidates.without(state.every_word())
    table = sweep(source, standing, free, halves, refit=refit)
    for place, label in enumerate(state.labels):
        active = state.active(label)
        for change in CHANGES:
            kept = free.take(highest(table.counts[change][0, place], table.contrast[place], _CLOSER))
            if not len(kept):
                continue
            scores = source.of(kept).double()
            changed = standing.tables[place].added(scores) if change == "add" else scores
            before = active if change == "add" else ()
            sets = [(*before, _taken(word, step)) for word in kept.words]
            yield from _judged_moves(state, label, sets, outcomes(standing, place, changed, refit=refit), halves)
        if len(active) > 1:
            sets = [tuple(word for word in active if word is not left_out) for left_out in active]
            without = outcomes(standing, place, standing.tables[place].without(), refit=refit)
            yield from _judged_moves(state, label, sets, without, halves)


def _judged_moves(
    state: LabelWords, label: str, sets: list[tuple[Word, ...]], after: Outcomes, halves: Tensor
) -> Iterator[_Move]:
    for words, (chosen, held) in zip(sets, _judged(after, halves), strict=True):
        yield _Move(state.with_words(label, words), chosen, held)


def _judged(after: Outcomes, halves: Tensor) -> list[tuple[Judgement, Judgement]]:
    """For each change, accuracy and negative log-loss on the two halves (2, N)."""
    sums = [halves.double() @ each.double() / halves.sum(1, keepdim=True) for each in (after.right, after.logprobs)]
    accuracy, logprob = (each.T.tolist() for each in sums)  # W x 2
    return [((a[0], b[0]), (a[1], b[1])) for a, b in zip(accuracy, logprob, strict=True)]


def _taken(word: Word, step: int) -> Word:
    return replace(word, weight=1.0, provenance=f"search, step {step}")


def _count(rows: Labelled, state: LabelWords) -> int:
    """How many sets one word away a state has."""
    free = len(rows.candidates.without(state.every_word()))
    removable = sum(len(state.active(label)) for label in state.labels if len(state.active(label)) > 1)
    return len(CHANGES) * len(state.labels) * free + removable


def _distinct(moves: list[_Move], seen: set[object], most: int) -> list[_Move]:
    """The first moves to sets that were not seen before, which are then seen."""
    kept: list[_Move] = []
    for move in moves:
        if len(kept) == most:
            break
        if (key := _key(move.words)) not in seen:
            seen.add(key)
            kept.append(move)
    return kept


def _key(words: LabelWords) -> object:
    return tuple(frozenset(fold(str(word)) for word in words.active(label)) for label in words.labels)
