"""LM-BFF's label words: each label's likeliest words, all combinations of them, the best ranked on other rows."""

import math
from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.results import Event
from promptlab.search.words.autoprompt import output_rows
from promptlab.search.words.combinations import Ranked, ascend, every_combination, judge
from promptlab.search.words.labelled import FoundWords, Labelled, words_of
from promptlab.text import counted
from promptlab.verbalizer import LabelWords


def lm_bff(
    rows: Labelled,
    *,
    start: LabelWords | None = None,
    k: int = 100,
    n: int = 100,
    likely: int = 1000,
    neighbours: int = 20,
    most: int = 1_000_000,
    seed: int = 13,
) -> Generator[Event, None, FoundWords]:
    """One word for each label (Gao et al. 2021, section 5.1): the ``k`` words with the highest mean logit over a
    label's rows, every combination of them scored by accuracy on these rows, the ``n`` best ranked on rows held out.

    One half of the rows chooses and the other ranks; equal accuracies are ordered by log-loss. Where the combinations
    are more than ``most``, a label's ``likely`` words are pruned to the ``neighbours`` nearest to its first word in
    ``start`` by output embeddings, as the paper does for many labels; where that is not enough, or without ``start``,
    combinations are climbed one label at a time from several beginnings. What was done is said. Unlike the paper,
    candidates are not fine-tuned before they are ranked, and no word stands under two labels. Raises ConfigError where
    the labels' words are too few for that.
    """
    if min(k, n, likely, neighbours, most) < 1:
        raise ConfigError("k, n, likely, neighbours and most must be 1 or more.")
    halves = rows.halves(seed)  # (2, N)
    logprobs = _added(rows.logprobs())
    lists, notes = _lists(rows, logprobs, halves[0], start=start, k=k, likely=likely, neighbours=neighbours, most=most)
    chosen, targets = logprobs[halves[0]], rows.targets[halves[0]]
    is_whole = math.prod(map(len, lists)) <= most
    search = every_combination if is_whole else ascend
    if not is_whole:
        notes.append(
            f"{_power(lists)} combinations are too many to try all: words were exchanged one label at a time, from "
            "several beginnings."
        )
    ranked: Ranked = yield from search(chosen, targets, lists, rows.candidates.words, n, seed)
    held, held_targets = logprobs[halves[1]], rows.targets[halves[1]]
    accuracy, loss = judge(held, held_targets, ranked.places)
    order = sorted(range(len(accuracy)), key=lambda one: (-accuracy[one].item(), loss[one].item()))
    best = order[0]
    places = {label: [place] for label, place in zip(rows.labels, ranked.places[best].tolist(), strict=True)}
    origin = f"LM-BFF, {accuracy[best]:.2f} on the held-out half"
    found = words_of(rows.candidates, places, {label: [origin] for label in rows.labels})
    yield rows.found(found, score=float(accuracy[best]), n=len(held), tried=ranked.tried)
    return FoundWords(found, ranked.tried, tuple(notes))


def _added(logprobs: Sequence[Tensor]) -> Tensor:
    """Templates' log-probabilities, each (N, W), added."""
    return torch.stack(list(logprobs)).sum(0) if len(logprobs) > 1 else logprobs[0]


def _lists(
    rows: Labelled,
    logprobs: Tensor,
    choosing: Tensor,
    *,
    start: LabelWords | None,
    k: int,
    likely: int,
    neighbours: int,
    most: int,
) -> tuple[list[Tensor], list[str]]:
    """Places of each label's candidates, the likeliest first, and a sentence where they were pruned.

    The mean of logits ranks words as the mean of log-probabilities does: they differ by one number a row.
    """
    means = [logprobs[choosing & (rows.targets == place)].mean(0) for place in range(len(rows.labels))]
    order = [mean.argsort(descending=True, stable=True) for mean in means]
    lists = [one[:k] for one in order]
    if math.prod(map(len, lists)) <= most or start is None:
        return lists, []
    pruned = [
        one[:likely][_nearest(rows, one[:likely], start, label)[:neighbours].sort().values]
        for label, one in zip(rows.labels, order, strict=True)
    ]
    note = (
        f"{_power(lists)} combinations of {k} words a label are too many: of the {likely:,} likeliest words the "
        f"{counted(neighbours, 'nearest', 'nearest')} to each label's first word were kept."
    )
    return pruned, [note]


def _nearest(rows: Labelled, places: Tensor, start: LabelWords, label: str) -> Tensor:
    """Where the places stand by cosine of output rows to the label's first word, the nearest first."""
    readout = rows.readouts[0]
    first = readout.spelling.word(start.active(label)[0])[0][0]
    seed = readout.output.weight.detach()[first].float().cpu()
    near = torch.cosine_similarity(output_rows(readout, rows.candidates.take(places.tolist())), seed[None])
    return near.argsort(descending=True, stable=True)


def _power(lists: Sequence[Tensor]) -> str:
    total = math.prod(map(len, lists))
    return f"{total:,}" if total < 1e9 else f"{total:.0e}".replace("e+", " x 10^").replace("^0", "^")
