"""Words of several pieces, read whole: one reading a new word, kept as a column of the readout.

Masked models get as many masks as the word has pieces and fill them in one by one, the surest first (PET's
multi-token verbalizer); causal and encoder-decoder models are given the word piece by piece. A column is the mean
log-probability a piece; where text follows a causal slot, the sum over that text is added.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model.batches import run_rows
from promptlab.model.language_model import LanguageModel, Row
from promptlab.task import Example
from promptlab.template import Demonstration, Template
from promptlab.verbalizer import Pieces, Word


def whole_words(lm: LanguageModel, template: Template, words: Sequence[Word], *, pieces: Pieces) -> tuple[Word, ...]:
    """The words that the model must read before they have a score; ConfigError where a template has several slots."""
    spelling, every = lm.spelling(template), lm.is_whole_only(template)
    found = tuple(word for word in words if every or (pieces == "whole" and spelling.is_split(word)))
    if found:
        _check_one_slot(template, found[0])
    return found


def _check_one_slot(template: Template, word: Word | str) -> None:
    if template.slots() > 1:
        raise ConfigError(
            f"{str(word)!r} has several pieces, and a word is read whole in a template with one slot only. "
            'Use pieces = "first", "mean" or "max" with several slots.'
        )


def read_column(
    lm: LanguageModel,
    template: Template,
    examples: Sequence[Example],
    word: Word | str,
    *,
    demonstrations: Sequence[Demonstration] = (),
    soft: Tensor | None = None,
) -> Tensor:
    """(N,): the log-probability of one word, read whole on each example."""
    _check_one_slot(template, word)
    (pieces,) = lm.spelling(template).word(word)
    prompts = lm.encode(template, examples, demonstrations=demonstrations, reserve=len(pieces) - 1)
    rows, due = zip(*(lm.fill(prompt, pieces) for prompt in prompts), strict=True)
    read = _fill_masks if lm.family == "masked" else _follow
    return read(lm, rows, due, len(pieces), soft)


def _follow(
    lm: LanguageModel, rows: Sequence[Row], due: Sequence[tuple[int, ...]], count: int, soft: Tensor | None
) -> Tensor:
    """(N,): mean over the word's ``count`` pieces plus the sum over what follows, each piece given those before it."""
    column = torch.empty(len(rows))
    for places, logprobs in _logprobs(lm, rows, due, soft):
        for place, values in zip(places, logprobs, strict=True):
            column[place] = values[:count].mean() + values[count:].sum()
    return column


def _fill_masks(
    lm: LanguageModel, rows: Sequence[Row], due: Sequence[tuple[int, ...]], count: int, soft: Tensor | None
) -> Tensor:
    """(N,): mean over the word's pieces, each read when it was the surest of those still masked."""
    total = torch.zeros(len(rows))
    current = list(rows)
    wanted = list(due)
    for _ in range(count):
        following, still = list(current), list(wanted)
        for places, logprobs in _logprobs(lm, current, wanted, soft):
            for place, values in zip(places, logprobs, strict=True):
                best = int(values.argmax())
                total[place] += values[best]
                row, pieces = current[place], wanted[place]
                ids = list(row.ids)
                ids[row.slots[best]] = pieces[best]
                following[place] = replace(row, ids=tuple(ids), slots=row.slots[:best] + row.slots[best + 1 :])
                still[place] = pieces[:best] + pieces[best + 1 :]
        current, wanted = following, still
    return total / count


def _logprobs(
    lm: LanguageModel, rows: Sequence[Row], due: Sequence[tuple[int, ...]], soft: Tensor | None
) -> Iterator[tuple[list[int], Tensor]]:
    """Batches of places and log-probabilities (B, k) of the pieces due at the k slots of each row."""
    by_slots: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        by_slots.setdefault(len(row.slots), []).append(place)
    for group in by_slots.values():
        for places, (hidden, log_norm, _) in run_rows(lm, [rows[place] for place in group], soft=soft):
            ids = torch.tensor([due[group[place]] for place in places], device=lm.device)  # (B, k)
            scores = lm.output.logits_at(hidden, ids).cpu() - log_norm  # (B, k)
            yield [group[place] for place in places], scores
