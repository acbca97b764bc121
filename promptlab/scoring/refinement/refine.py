"""Knowledgeable prompt-tuning's refinement: which of many label words a model can use, and why not the others."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch

from promptlab.errors import ConfigError
from promptlab.model import Readout
from promptlab.scoring.priors import vocabulary_priors, word_priors
from promptlab.scoring.refinement.cleaning import (
    Place,
    bring_back,
    clean,
    judged_places,
    names_of,
    places_named,
    switch_off,
)
from promptlab.scoring.refinement.frequency import rare_pieces, rare_words, word_ranks
from promptlab.scoring.refinement.relevance import below_the_cut, code_relevance, nearer_elsewhere, paper_relevance
from promptlab.verbalizer import LabelWords, Word

Form = Literal["paper", "code"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What refinement found about a word, which is as it is left: on, or off with the reason.

    ``prior`` is the log of its mean probability over the texts, ``rank`` where that stands in the model's vocabulary,
    ``relevance`` R or the code's score; None where the word did not come that far.
    """

    label: str
    word: Word
    pieces: int
    prior: float | None
    rank: int | None
    relevance: float | None


@dataclass(frozen=True)
class Refinement:
    """The refined words, every word that was judged or had been dropped, and what is to be said about labels.

    ``vocabulary`` is how many pieces a rank is among.
    """

    words: LabelWords
    judged: tuple[Judged, ...]
    vocabulary: int
    notes: tuple[str, ...]


def refine(
    words: LabelWords,
    readout: Readout,
    *,
    form: Form = "paper",
    keep: float = 0.5,
    relevance: bool = True,
    back: Collection[str] = (),
    also_off: bool = False,
) -> Refinement:
    """KPT's steps 0, 2 and 3 (Hu et al. 2022) on a reading (N, 1, H) of unlabelled texts; no label is used.

    Frequency: a word is dropped when it is not in the likeliest share ``keep`` of the model's vocabulary, by its mean
    probability over the texts (paper), or by the mean logit of any of its pieces (code); 1 drops none. Relevance: the
    paper drops words with R below 1, the code what its one cut of all labels leaves behind. A label's name, its first
    word that is on, is never dropped, nor are words that are brought ``back``. Words that are off stay as they are;
    with ``also_off`` they are judged, unless an earlier refinement dropped them. Raises ConfigError for a share that is
    none, an unknown form or word to bring back, a template with several slots, a first word of two labels, one label.
    """
    if form not in get_args(Form):
        raise ConfigError(f"Unknown form {form!r}. Known: {', '.join(get_args(Form))}.")
    if len(words.labels) < 2:
        raise ConfigError("Words are refined by comparing labels: give two or more.")
    if not 0 < keep <= 1:
        raise ConfigError(f"--keep {keep:g}: the share of the vocabulary that stays is above 0 and at most 1.")
    if readout.hidden.shape[1] != 1:
        raise ConfigError("Words are ranked in the vocabulary of one slot, and the template has several.")
    cleaned = clean(bring_back(words, back), also_off=also_off)
    places = judged_places(cleaned, also_off=also_off)
    held = {*names_of(cleaned), *places_named(cleaned, back)}
    every = [cleaned.words[label][number] for label, number in places]
    priors, vocabulary = word_priors(readout, every, pieces=cleaned.pieces), vocabulary_priors(readout)
    ranked, size = word_ranks(readout, every, priors, vocabulary, pieces=cleaned.pieces), len(vocabulary)
    reasons: dict[Place, str] = {}
    if keep < 1:
        rare = (
            rare_words(priors, ranked, size=size, keep=keep)
            if form == "paper"
            else rare_pieces(readout, every, keep=keep)
        )
        reasons = _by_place(places, rare, held)
    found: dict[Place, float] = {}
    if relevance:
        left = [place for place in places if place not in reasons]
        scores, irrelevant = _relevance(cleaned, readout, left, form)
        found = dict(zip(left, scores, strict=True))
        reasons |= _by_place(left, irrelevant, held)
    refined = switch_off(_switched_on(cleaned, dict(zip(places, priors, strict=True))), reasons)
    figures = dict(zip(places, zip(priors, ranked, map(found.get, places), strict=True), strict=True))
    return Refinement(refined, _judged(refined, readout, figures), size, _alone(refined))


def _by_place(places: Sequence[Place], reasons: Sequence[str], held: Collection[Place]) -> dict[Place, str]:
    """The reasons that there are, but for words that are held."""
    return {place: reason for place, reason in zip(places, reasons, strict=True) if reason and place not in held}


def _relevance(
    words: LabelWords, readout: Readout, places: Sequence[Place], form: Form
) -> tuple[list[float], list[str]]:
    """The relevance of the words at these places, and why they are dropped, empty for one that stays."""
    at = {place: column for column, place in enumerate(places)}
    every = [words.words[label][number] for label, number in places]
    scores = readout.words(every, pieces=words.pieces)[:, 0]  # (N, W)
    names = scores[:, [at[name] for name in names_of(words)]]  # (N, C)
    owners = torch.tensor([words.labels.index(label) for label, _ in places])  # (W,)
    if form == "paper":
        relevance, alike = paper_relevance(scores, names, owners)
        return relevance.tolist(), nearer_elsewhere(relevance, alike, owners, words.labels)
    relevance, alike = code_relevance(scores + readout.log_norm, names + readout.log_norm, owners)
    return relevance.tolist(), below_the_cut(relevance, alike, owners, words.labels)


def _switched_on(words: LabelWords, priors: Mapping[Place, float]) -> LabelWords:
    """The words with those that have a prior on, which is kept in them."""
    rows = {
        label: tuple(
            replace(word, prior=round(priors[label, number], 6), on=True) if (label, number) in priors else word
            for number, word in enumerate(row)
        )
        for label, row in words.words.items()
    }
    return replace(words, words=rows)


def _judged(
    words: LabelWords, readout: Readout, figures: Mapping[Place, tuple[float, int, float | None]]
) -> tuple[Judged, ...]:
    return tuple(
        Judged(label, word, len(readout.spelling.word(word)[0]), *figures.get((label, number), (None, None, None)))
        for label, row in words.words.items()
        for number, word in enumerate(row)
        if (label, number) in figures or word.dropped
    )


def _alone(words: LabelWords) -> tuple[str, ...]:
    """A note for each label that keeps its name alone, where it had more words."""
    notes = []
    for label in words.labels:
        gone, active = sum(bool(word.dropped) for word in words.words[label]), words.active(label)
        if gone and len(active) == 1:
            were = "other word was" if gone == 1 else "other words were"
            notes.append(f"The label {label!r} keeps its name {str(active[0])!r} alone: its {gone:,} {were} dropped.")
    return tuple(notes)
