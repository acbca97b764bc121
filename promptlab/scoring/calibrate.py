"""Calibration: what the labels get before any text speaks for them, fitted on texts once and frozen."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.task import Example
from promptlab.verbalizer import Calibration, FittedKind, LabelWords

# What stands in every field of a content-free input (Zhao et al. have "N/A", "" and "[MASK]", here a slot).
_CONTENT_FREE = ("N/A", "", "something")


def fit_prior(logprobs: Tensor) -> tuple[float, ...]:
    """The log of the labels' mean probability over texts, from uncalibrated log-probabilities (N, C).

    Over content-free inputs this is contextual calibration (Zhao et al. 2021, "Calibrate before use"), over a set of
    unlabelled texts batch calibration (Zhou et al. 2023). Raises ConfigError without texts.
    """
    if len(logprobs) == 0:
        raise ConfigError("There is no text to fit the calibration on. Leave calibration out, or give texts.")
    return tuple((torch.as_tensor(logprobs).double().logsumexp(0) - math.log(len(logprobs))).tolist())


def calibrate(words: LabelWords, logprobs: Tensor, kind: FittedKind, *, support: str) -> LabelWords:
    """The same words with a calibration fitted on uncalibrated log-probabilities (N, C) of the support texts.

    ``support`` says which texts they were (fingerprint and number); it is kept with the prior.
    """
    if kind not in get_args(FittedKind):
        raise ConfigError(f"Unknown calibration {kind!r}. Known: {', '.join(get_args(FittedKind))}.")
    return replace(words, calibration=Calibration(kind, label_prior=fit_prior(logprobs), support=support))


def content_free(fields: Sequence[str]) -> list[Example]:
    """Inputs without content: every field filled with the same empty words."""
    return [Example(dict.fromkeys(fields, text), id=f"content-free:{text}") for text in _CONTENT_FREE]


def lopsided(shares: Sequence[float]) -> str:
    """A warning when the label counts differ by more than 3:1: batch calibration pulls towards equal shares."""
    known = [share for share in shares if share > 0]
    if not known or max(known) <= 3 * min(known):
        return ""
    ratio = max(known) / min(known)
    return (
        f"The labels are {ratio:.0f}:1 here, and batch calibration pulls towards equal shares: "
        "compare with the uncalibrated figure."
    )
