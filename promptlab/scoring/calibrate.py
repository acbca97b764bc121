"""Calibration: what labels or words get before any text speaks for them, fitted on texts once and frozen."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from statistics import mean
from typing import get_args

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.task import Example
from promptlab.verbalizer import Calibration, LabelPriorKind, LabelWords, WordPriorKind

# What stands in every field of a content-free input (Zhao et al. have "N/A", "" and "[MASK]", here a slot).
_CONTENT_FREE = ("N/A", "", "something")
# Texts of random words that the domain's prior is the mean of (Fei et al. 2023).
DRAWS = 20


def fit_prior(logprobs: Tensor) -> tuple[float, ...]:
    """The log of the mean probability over texts, of labels or words, from their log-probabilities (N, K).

    Raises ConfigError without texts.
    """
    if len(logprobs) == 0:
        raise ConfigError("There is no text to fit the calibration on. Leave calibration out, or give texts.")
    return tuple((torch.as_tensor(logprobs).double().logsumexp(0) - math.log(len(logprobs))).tolist())


def calibrate(words: LabelWords, logprobs: Tensor, kind: LabelPriorKind, *, support: str) -> LabelWords:
    """The same words with a prior over labels, from uncalibrated log-probabilities (N, C) of the support texts.

    Over content-free inputs this is contextual calibration (Zhao et al. 2021, "Calibrate before use"), over random
    words of the domain domain-context calibration (Fei et al. 2023), over a set of unlabelled texts batch calibration
    (Zhou et al. 2023). ``support`` says which texts they were (fingerprint and number); it is kept with the prior.
    """
    if kind not in get_args(LabelPriorKind):
        raise ConfigError(f"Unknown calibration {kind!r}. Known: {', '.join(get_args(LabelPriorKind))}.")
    return replace(words, calibration=Calibration(kind, label_prior=fit_prior(logprobs), support=support))


def calibrate_words(words: LabelWords, priors: Sequence[float], kind: WordPriorKind, *, support: str) -> LabelWords:
    """The same words with a prior, a log-probability, of each of ``words.every_word()``.

    Over unlabelled texts (``word_priors``) this is KPT's contextualised calibration (Hu et al. 2022), at the premise of
    the domain alone PMI_DC (Holtzman et al. 2021, "Surface form competition").
    """
    table = {str(word): float(prior) for word, prior in zip(words.every_word(), priors, strict=True)}
    return replace(words, calibration=Calibration(kind, word_prior=table, support=support))


def mean_of_probabilities(words: LabelWords) -> LabelWords:
    """The same words combined by the weighted mean of their probabilities, as the paper of KPT scores a label.

    The weights of each label's words that count add up to 1; those that are off are scaled alike, so that one that is
    switched on later weighs what the others do.
    """
    shared = {}
    for label, row in words.words.items():
        total = sum(word.weight for word in words.active(label)) or 1.0
        shared[label] = tuple(replace(word, weight=word.weight / total) for word in row)
    return replace(words, words=shared, combine="logsumexp")


def content_free(fields: Sequence[str]) -> list[Example]:
    """Inputs without content: every field filled with the same empty words."""
    return [Example(dict.fromkeys(fields, text), id=f"content-free:{text}") for text in _CONTENT_FREE]


def random_words(texts: Sequence[Example], fields: Sequence[str], *, seed: int) -> list[Example]:
    """Inputs of the domain without content: words drawn at random from the texts, each field of its average length.

    Fei et al. 2023, "Mitigating label biases for in-context learning": 20 draws. Raises ConfigError where no field has
    a word in any text.
    """
    found = {name: [text.fields.get(name, "").split() for text in texts] for name in fields}
    pools = {name: [word for text in rows for word in text] for name, rows in found.items()}
    if not any(pools.values()):
        raise ConfigError("The texts hold no words to draw from. Calibrate with contextual or pmi, which need none.")
    lengths = {name: round(mean(map(len, rows))) if rows else 0 for name, rows in found.items()}
    draw = random.Random(seed)

    def drawn(name: str) -> str:
        return " ".join(draw.choices(pools[name], k=max(lengths[name], 1))) if pools[name] else ""

    return [Example({name: drawn(name) for name in fields}, id=f"domain:{number}") for number in range(DRAWS)]


def lopsided(shares: Sequence[float]) -> str:
    """A warning when label counts differ by more than 3:1: a calibration on texts pulls towards equal shares."""
    known = [share for share in shares if share > 0]
    if not known or max(known) <= 3 * min(known):
        return ""
    ratio = max(known) / min(known)
    return (
        f"The labels are {ratio:.0f}:1 here, and a calibration on texts pulls towards equal shares: "
        "compare with the uncalibrated figure."
    )
