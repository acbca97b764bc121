"""What a model makes of words that were found: their pieces at the slot, their priors, their effect on accuracy."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from promptlab.jobs.words.expansion import Wanted
from promptlab.model import LanguageModel, Readout
from promptlab.model.spelling import SPACE, Spelling
from promptlab.pipeline import label_places
from promptlab.scoring import fit_prior
from promptlab.scoring.what_if import effects
from promptlab.task import Example
from promptlab.template import Template
from promptlab.text import counted
from promptlab.verbalizer import LabelWords
from promptlab.verbalizer.found import FoundWord


def with_pieces(
    words: Sequence[FoundWord], lm: LanguageModel, template: Template | None, wanted: Wanted
) -> list[FoundWord]:
    """The words with their pieces at the template's slot (behind a space without one); dropped are those of too many
    pieces, and those that this model cannot write."""
    spelling = lm.spelling(template) if template is not None else Spelling(lm.tokens, (SPACE,))
    spelt = []
    for word in words:
        ids = spelling.pieces(word.text)
        pieces = tuple(map(lm.tokens.entry, ids))
        reason = word.dropped or _problem(lm, ids, wanted.most_pieces)
        spelt.append(replace(word, pieces=pieces, dropped=reason))
    return spelt


def with_priors(words: Sequence[FoundWord], readout: Readout, least: float | None) -> list[FoundWord]:
    """The words of one piece that are not dropped with the log of their mean probability over the texts read; dropped
    are those below ``least``."""
    single = [word for word in words if len(word.pieces) == 1 and not word.dropped]
    if not single:
        return list(words)
    logprobs = readout.words([word.text for word in single]).sum(1)  # (N, W)
    priors = {word.text: prior for word, prior in zip(single, fit_prior(logprobs), strict=True)}
    found = []
    for word in words:
        prior = priors.get(word.text)
        is_rare = prior is not None and least is not None and prior < least
        reason = word.dropped or (f"prior {prior:.1f}, below {least:g}" if is_rare else "")
        found.append(replace(word, prior=prior, dropped=reason))
    return found


def with_effects(
    words: Sequence[FoundWord], seeds: LabelWords, readout: Readout, rows: Sequence[Example]
) -> list[FoundWord]:
    """The words of one piece with the change of accuracy over labelled rows if each were added alone."""
    single = {
        label: [word.text for word in words if word.label == label and len(word.pieces) == 1] for label in seeds.labels
    }
    targets = torch.tensor(label_places(seeds.labels, rows))
    found = effects(readout, seeds, targets, single)
    changes = {
        (label, text): change for label in single for text, change in zip(single[label], found[label], strict=True)
    }
    return [replace(word, effect=changes.get((word.label, word.text))) for word in words]


def _problem(lm: LanguageModel, ids: Sequence[int], most: int) -> str:
    if not ids:
        return "no piece in this model's vocabulary"
    if not lm.tokens.special.isdisjoint(ids):
        return "the name of a special piece"
    if lm.tokens.tokenizer.unk_token_id in ids:
        return "unknown to this model"
    return f"{counted(len(ids), 'piece')}" if len(ids) > most else ""
