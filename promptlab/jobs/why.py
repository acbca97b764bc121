"""Why a row got its label: the prompt as the model saw it, the likeliest words, each label word, each label.

A verbalizer without words shows its labels; the likeliest words only where the pass reached the top.
"""

from dataclasses import dataclass
from typing import Any

import torch

from promptlab.model import Depth, Readout
from promptlab.model.encode import Prompt
from promptlab.pipeline import Pipeline
from promptlab.task import Example
from promptlab.verbalizer import Word

TOP = 20


@dataclass(frozen=True, slots=True)
class WordSeen:
    """A label word at the slot: its log-probability, and the rank of its first piece (None when it was read whole)."""

    label: str
    word: str
    logprob: float
    rank: int | None


@dataclass(frozen=True)
class Explanation:
    """One prediction taken apart. ``top`` holds, for each slot, the likeliest pieces with their probabilities.

    ``cut`` counts the pieces that each field lost, ``labels`` the log-probability of each label (``raw`` before
    calibration), ``prompt`` shows slots as ``{mask}``. ``verbalizer`` is its kind and ``depths`` are those that it
    reads: without ``"top"`` the pass stopped below the output layer, and ``top`` is empty.
    """

    prompt: str
    pieces: int
    cut: dict[str, int]
    dropped: int
    top: tuple[tuple[tuple[str, float], ...], ...]
    words: tuple[WordSeen, ...]
    labels: dict[str, float]
    raw: dict[str, float]
    verbalizer: str = "words"
    depths: tuple[Depth, ...] = ("top",)

    @property
    def prediction(self) -> str:
        """The likeliest label."""
        return max(self.labels, key=lambda label: self.labels[label])

    def to_json(self) -> dict[str, Any]:
        """The same in JSON's types."""
        return {
            "prompt": self.prompt,
            "pieces": self.pieces,
            "cut": self.cut,
            "demonstrations_dropped": self.dropped,
            "top": [[{"piece": piece, "probability": share} for piece, share in slot] for slot in self.top],
            "words": [
                {"label": one.label, "word": one.word, "logprob": one.logprob, "rank": one.rank} for one in self.words
            ],
            "verbalizer": self.verbalizer,
            "depths": list(self.depths),
            "labels": self.labels,
            "raw": self.raw,
            "prediction": self.prediction,
        }


def explain(pipeline: Pipeline, example: Example, *, top: int = TOP) -> Explanation:
    """Everything that one prediction rests on; reads the example once."""
    (prompt,) = pipeline.encode([example])
    return explain_read(pipeline, prompt, next(iter(pipeline.read([example]))), top=top)


def explain_read(pipeline: Pipeline, prompt: Prompt, readout: Readout, *, top: int = TOP) -> Explanation:
    """The same from the prompt and the readout of one row: no model call."""
    return Explanation(
        prompt=shown(pipeline, prompt),
        pieces=len(prompt.ids),
        cut=dict(prompt.cut),
        dropped=prompt.dropped,
        top=_likeliest(pipeline, readout, top),
        words=_words(pipeline, readout),
        labels=_by_label(pipeline, pipeline.verbalizer(readout)),
        raw=_by_label(pipeline, pipeline.verbalizer.raw(readout)),
        verbalizer=pipeline.verbalizer.kind,
        depths=readout.depths,
    )


def shown(pipeline: Pipeline, prompt: Prompt) -> str:
    """The prompt's pieces as text, special pieces included, slots as ``{mask}`` behind a space or a new line."""
    tokens, text, at = pipeline.lm.tokens, [], 0
    for slot, mark in enumerate(prompt.marks):
        text.append(tokens.read(prompt.ids[at:mark]))
        text.append("{mask}")
        at = mark + len(pipeline.lm.mark(slot))
    stretches = [part for part in (*text, tokens.read(prompt.ids[at:])) if part]
    return "".join(part if part.endswith("\n") else part + " " for part in stretches[:-1]) + stretches[-1]


def _likeliest(pipeline: Pipeline, readout: Readout, top: int) -> tuple[tuple[tuple[str, float], ...], ...]:
    """For each slot the likeliest pieces and their probabilities; nothing where the pass stopped below the top."""
    if not readout.has("top"):
        return ()
    ids, logprobs = readout.top(top)  # (1, M, k)
    return tuple(
        tuple(
            (pipeline.lm.tokens.read([piece]).strip() or pipeline.lm.tokens.entry(piece), share)
            for piece, share in zip(*slot, strict=True)
        )
        for slot in zip(ids[0].tolist(), logprobs[0].exp().tolist(), strict=True)
    )


def _words(pipeline: Pipeline, readout: Readout) -> tuple[WordSeen, ...]:
    words = pipeline.words
    if words is None:
        return ()
    every = [(label, word) for label in words.labels for word in words.active(label)]
    active: list[Word] = [word for _, word in every]
    logprobs = readout.words(active, pieces=words.pieces).sum(1)[0]  # (W,)
    ranks = readout.ranks([readout.spelling.word(word)[0][0] for word in active])[0, 0]  # (W,)
    return tuple(
        WordSeen(label, str(word), logprob, None if readout.is_whole(word, words.pieces) else rank)
        for (label, word), logprob, rank in zip(every, logprobs.tolist(), ranks.tolist(), strict=True)
    )


def _by_label(pipeline: Pipeline, values: torch.Tensor) -> dict[str, float]:
    return dict(zip(pipeline.labels, values[0].tolist(), strict=True))
