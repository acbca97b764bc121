"""What each family is trained to say: rows of text become samples with targets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptlab.model.families import Seq2SeqLM
from promptlab.model.language_model import LanguageModel
from promptlab.model.training.corruption import choose_spans, with_masks, with_sentinels
from promptlab.model.training.masking import choose_words, hide
from promptlab.model.training.packing import Window

# The target where nothing is to be predicted.
NOTHING = -100


@dataclass(frozen=True, slots=True)
class Sample:
    """``ids`` (T,) for the model, ``labels`` (T,) that its output layer should give; with a decoder, whose ids (D,) are
    ``decoder``, the labels are (D,). ``NOTHING`` where there is no target.
    """

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    decoder: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Objective:
    """How a model is trained: the name of the objective, the room that its frame takes, and the sample of a row."""

    name: str
    frame: int
    separator: int | None
    sample: Callable[[Window, np.random.Generator], Sample]


def objective_of(lm: LanguageModel, *, share: float = 0.15) -> Objective:
    """The model's own objective; ``share`` of the pieces are hidden from masked and encoder-decoder models."""
    before, after = (np.array(pieces, np.int64) for pieces in lm.around())
    frame = len(before) + len(after)
    separator = _separator(lm)
    if lm.family == "causal":
        return Objective("next piece", frame, separator, lambda window, rng: _next_piece(window, before))
    if isinstance(lm, Seq2SeqLM):
        name = "span corruption" if lm.sentinels else "infilling"
        restore = _spans if lm.sentinels else _infilling
        return Objective(
            name, frame, separator, lambda window, rng: restore(lm, window, rng, (before, after), share=share)
        )
    mask, plain = lm.mark(0)[0], _plain_pieces(lm)
    return Objective(
        "whole-word masking",
        frame,
        separator,
        lambda window, rng: _masked(window, rng, (before, after), mask=mask, plain=plain, share=share),
    )


Ends = tuple[NDArray[np.int64], NDArray[np.int64]]


def _masked(
    window: Window, rng: np.random.Generator, ends: Ends, *, mask: int, plain: NDArray[np.int64], share: float
) -> Sample:
    chosen = choose_words(window, rng, share=share)
    hidden = hide(window, chosen, rng, mask=mask, plain=plain)
    labels = np.where(chosen, window.ids, NOTHING)
    before, after = ends
    return Sample(_joined(before, hidden, after), np.pad(labels, (len(before), len(after)), constant_values=NOTHING))


def _next_piece(window: Window, before: NDArray[np.int64]) -> Sample:
    ids = _joined(before, window.ids)
    return Sample(ids, np.append(ids[1:], NOTHING))


def _spans(lm: Seq2SeqLM, window: Window, rng: np.random.Generator, ends: Ends, *, share: float) -> Sample:
    spans = choose_spans(len(window.ids), rng, share=share, most=len(lm.sentinels) - 1)
    given, target = with_sentinels(window.ids, spans, lm.sentinels)
    return _decoded(lm, _joined(ends[0], given, ends[1]), _joined(target, ends[1]))


def _infilling(lm: Seq2SeqLM, window: Window, rng: np.random.Generator, ends: Ends, *, share: float) -> Sample:
    given = with_masks(window.ids, choose_spans(len(window.ids), rng, share=share), lm.mark(0)[0])
    return _decoded(lm, _joined(ends[0], given, ends[1]), _joined(ends[0], window.ids, ends[1]))


def _decoded(lm: Seq2SeqLM, given: NDArray[np.int64], target: NDArray[np.int64]) -> Sample:
    """The decoder is given its start and the target without its last piece."""
    return Sample(given, target, _joined([lm.decoder_start], target[:-1]))


def _joined(*parts: Any) -> NDArray[np.int64]:
    return np.concatenate([np.asarray(part, np.int64) for part in parts])


def _separator(lm: LanguageModel) -> int | None:
    """What stands between documents: a masked model's separator, others' end of text; None where there is neither."""
    tokenizer = lm.tokens.tokenizer
    ends = (tokenizer.sep_token_id, tokenizer.eos_token_id)
    return next((int(piece) for piece in (ends if lm.family == "masked" else ends[::-1]) if piece is not None), None)


def _plain_pieces(lm: LanguageModel) -> NDArray[np.int64]:
    """The pieces that a text may bring about and the model knows."""
    known = np.arange(min(len(lm.tokens), lm.pieces))
    return known[~np.isin(known, sorted(lm.tokens.special))]
