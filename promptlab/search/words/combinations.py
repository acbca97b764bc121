"""One word a label: combinations of candidates judged by accuracy and log-loss, all of them or by climbing."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.results import Event, Progress
from promptlab.text import fold
from promptlab.verbalizer import Word

# Scores held at once while combinations are judged: rows x combinations x labels.
_CELLS = 1 << 22
_BEGINNINGS = 8


@dataclass(frozen=True, eq=False)
class Ranked:
    """The best combinations, places of words (n, C), the best first, out of ``tried`` different ones."""

    places: Tensor
    tried: int


def judge(logprobs: Tensor, targets: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """Accuracy and log-loss (B,) over rows (N, W) of combinations (B, C), a word for each label; ties to the first."""
    width = max(_CELLS // (len(logprobs) * places.shape[1]), 1)
    accuracies, losses = [], []
    for part in torch.split(places, width):
        scores = logprobs[:, part]  # (N, B, C)
        right = scores.argmax(2) == targets[:, None]
        own = scores.gather(2, targets[:, None, None].expand(-1, len(part), 1))[..., 0]  # (N, B)
        accuracies.append(right.double().mean(0))
        losses.append((scores.logsumexp(2) - own).double().mean(0))
    return torch.cat(accuracies), torch.cat(losses)


def every_combination(
    logprobs: Tensor, targets: Tensor, lists: Sequence[Tensor], words: Sequence[Word], n: int, seed: int
) -> Generator[Event, None, Ranked]:
    """The ``n`` best of the product of the labels' lists, without those that give a word to two labels.

    Raises ConfigError where none is left.
    """
    total = math.prod(map(len, lists))
    names = _numbered(words)
    kept, accuracy, loss = torch.empty(0, len(lists), dtype=torch.long), torch.empty(0), torch.empty(0)
    step, tried = 1 << 16, 0
    for begin in range(0, total, step):
        places = _unravelled(torch.arange(begin, min(begin + step, total)), lists)
        places = places[_distinct(names[places])]
        tried += len(places)
        judged = judge(logprobs, targets, places) if len(places) else (torch.empty(0), torch.empty(0))
        joined = [torch.cat(pair) for pair in zip((kept, accuracy, loss), (places, *judged), strict=True)]
        best = _order(joined[1], joined[2])[:n]
        kept, accuracy, loss = (each[best] for each in joined)
        yield Progress(min(begin + step, total), total)
    if not tried:
        raise _too_short(lists)
    return Ranked(kept, tried)


def ascend(
    logprobs: Tensor, targets: Tensor, lists: Sequence[Tensor], words: Sequence[Word], n: int, seed: int
) -> Generator[Event, None, Ranked]:
    """The ``n`` best combinations met on several climbs: one label's word is exchanged for its best, label after label,
    until no exchange is better. The first climb begins at each label's likeliest word, the others at random.

    Raises ConfigError where a label's list holds no word that the lists before it leave free.
    """
    generator, names = torch.Generator().manual_seed(seed), _numbered(words)
    met: dict[tuple[int, ...], tuple[float, float]] = {}
    for beginning in range(_BEGINNINGS):
        drawn = [int(torch.randint(len(one), (), generator=generator)) if beginning else 0 for one in lists]
        current, best = _first_free(lists, names, drawn), (-1.0, math.inf)
        while True:
            before = best
            for label, places in enumerate(lists):
                tried = current.repeat(len(places), 1)
                tried[:, label] = places
                tried = tried[_distinct(names[tried])]
                accuracy, loss = judge(logprobs, targets, tried)
                met.update(
                    zip(map(tuple, tried.tolist()), zip(accuracy.tolist(), loss.tolist(), strict=True), strict=True)
                )
                first = int(_order(accuracy, loss)[0])
                current, best = tried[first], (float(accuracy[first]), float(loss[first]))
            if (best[0], -best[1]) <= (before[0], -before[1]):
                break
        yield Progress(beginning + 1, _BEGINNINGS)
    ranked = sorted(met, key=lambda places: (-met[places][0], met[places][1]))[:n]
    return Ranked(torch.tensor(ranked), len(met))


def _order(accuracy: Tensor, loss: Tensor) -> Tensor:
    """By accuracy, equal ones by log-loss, equal ones as they come."""
    by_loss = loss.argsort(stable=True)
    return by_loss[accuracy[by_loss].argsort(descending=True, stable=True)]


def _numbered(words: Sequence[Word]) -> Tensor:
    """(W,): the same number for words that differ in case alone."""
    numbers: dict[str, int] = {}
    return torch.tensor([numbers.setdefault(fold(str(word)), len(numbers)) for word in words])


def _distinct(names: Tensor) -> Tensor:
    """(B,): whether no name stands twice in a combination (B, C)."""
    ordered = names.sort(1).values
    return (ordered[:, 1:] != ordered[:, :-1]).all(1)


def _first_free(lists: Sequence[Tensor], names: Tensor, wanted: Sequence[int]) -> Tensor:
    """A word for each label, the one at the wanted rank or the next after it whose name no label before took."""
    taken: set[int] = set()
    current = []
    for places, rank in zip(lists, wanted, strict=True):
        turned = [*places[rank:].tolist(), *places[:rank].tolist()]
        place = next((one for one in turned if int(names[one]) not in taken), None)
        if place is None:
            raise _too_short(lists)
        taken.add(int(names[place]))
        current.append(place)
    return torch.tensor(current)


def _too_short(lists: Sequence[Tensor]) -> ConfigError:
    count = max(map(len, lists))
    return ConfigError(
        f"The {count} likeliest {'word' if count == 1 else 'words'} of the {len(lists)} labels are too much alike for "
        "each to have one of its own. Raise k or neighbours, or give more candidates."
    )


def _unravelled(numbers: Tensor, lists: Sequence[Tensor]) -> Tensor:
    """Combinations (B, C) by their number in the order of the product, the last label turning fastest."""
    columns = []
    for places in reversed(lists):
        columns.append(places[numbers % len(places)])
        numbers = numbers // len(places)
    return torch.stack(columns[::-1], dim=1)
