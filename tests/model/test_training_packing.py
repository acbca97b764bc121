"""Rows of pieces: every piece once, whatever the documents; batches that follow from the seed and their position."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promptlab.model.training.corpus import Corpus
from promptlab.model.training.packing import Packed, Position, Starts, Supply, plan_pass

SEPARATOR = 9_999


def corpus_of(sizes: list[int]) -> Corpus:
    """Documents of these sizes; every piece has a number of its own."""
    bounds = np.concatenate(([0], np.cumsum(sizes)))
    ids = np.arange(bounds[-1], dtype=np.int32)
    begins = np.zeros(len(ids), bool)
    begins[bounds[:-1]] = True
    return Corpus(ids, begins, bounds.astype(np.int64), np.zeros(len(sizes), bool))


SIZES = st.lists(st.integers(1, 20), min_size=1, max_size=12)


@given(sizes=SIZES, length=st.integers(1, 16), separated=st.booleans(), seed=st.integers(0, 5))
def test_packing_keeps_every_piece_once_and_a_separator_behind_each_document(
    sizes: list[int], length: int, separated: bool, seed: int
) -> None:
    corpus = corpus_of(sizes)
    order = np.random.default_rng(seed).permutation(len(sizes))
    packed = Packed(corpus, order, length=length, separator=SEPARATOR if separated else None)
    windows = [packed[row] for row in range(len(packed.lengths))]
    stream = [int(piece) for window in windows for piece in window.ids]
    expected: list[int] = []
    for document in order:
        expected += corpus.ids[corpus.bounds[document] : corpus.bounds[document + 1]].tolist()
        expected += [SEPARATOR] * separated
    assert stream == expected
    assert [len(window.ids) for window in windows] == packed.lengths.tolist()
    assert all(size == length for size in packed.lengths[:-1])
    assert [int(piece) for window in windows for piece in window.ids[~window.is_text]] == [SEPARATOR] * (
        separated * len(sizes)
    )


@given(sizes=SIZES, length=st.integers(1, 16))
def test_starts_are_the_first_pieces_of_each_document(sizes: list[int], length: int) -> None:
    corpus = corpus_of(sizes)
    starts = Starts(corpus, np.arange(len(sizes)), length=length)
    for document, size in enumerate(sizes):
        first = int(corpus.bounds[document])
        assert starts[document].ids.tolist() == list(range(first, first + min(size, length)))
    assert starts.lengths.tolist() == [min(size, length) for size in sizes]


@given(sizes=SIZES, budget=st.integers(1, 60), seed=st.integers(0, 5))
def test_a_pass_holds_every_row_once_within_the_budget(sizes: list[int], budget: int, seed: int) -> None:
    lengths = np.array(sizes)
    plan = plan_pass(lengths, budget=budget, rng=np.random.default_rng(seed))
    assert sorted(row for batch in plan for row in batch) == list(range(len(sizes)))
    assert all(len(batch) == 1 or lengths[batch].max() * len(batch) <= budget for batch in plan)


def test_batches_from_a_position_are_those_that_would_have_come() -> None:
    corpus = corpus_of([3, 5, 2, 7, 4, 6])
    supply = Supply(corpus, np.arange(6), length=4, separator=SEPARATOR, packed=True, budget=8, seed=1)

    def first(count: int, start: Position) -> list[tuple[Position, list[list[int]]]]:
        batches = zip(range(count), supply.batches(start), strict=False)
        return [(after, [window.ids.tolist() for window in windows]) for _, (after, windows) in batches]

    whole = first(12, Position())
    for place in range(1, 12):
        assert first(12 - place, whole[place - 1][0]) == whole[place:]
    assert {after.pass_ for after, _ in whole} >= {0, 1, 2}
    assert whole[0][1] != whole[4][1]  # another order in the next pass
