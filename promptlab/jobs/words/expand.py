"""Grow label words: every source's proposals in one list, each word with its reasons, filtered; nothing is added
unasked."""

from collections.abc import Generator, Sequence

from promptlab.errors import ConfigError
from promptlab.jobs.words.expansion import Expansion, Material, Wanted
from promptlab.jobs.words.measured import with_effects, with_pieces, with_priors
from promptlab.jobs.words.setting import check_slot, read_whole
from promptlab.jobs.words.sources import (
    Proposals,
    from_lists,
    from_model,
    from_neighbours,
    from_wordnet,
    in_case_of_seeds,
    vectors_for,
)
from promptlab.model import LanguageModel, Readout
from promptlab.model.language_model import ReadoutStore
from promptlab.model.word_vectors import vector_cache
from promptlab.results import Event, Note
from promptlab.scoring import WordVerbalizer
from promptlab.scoring.said import known_labels, likeliest, pseudo_labels, set_apart
from promptlab.scoring.vocabulary import slot_vocabulary
from promptlab.task import Example
from promptlab.template import Template
from promptlab.text import counted
from promptlab.verbalizer import LabelWords
from promptlab.verbalizer.filters import best_of
from promptlab.verbalizer.found import Source, merge

# Words that the model says most over all texts, to show.
_LIKELIEST = 20


def expand(
    lm: LanguageModel,
    seeds: LabelWords,
    wanted: Wanted,
    material: Material | None = None,
    *,
    cache: ReadoutStore | None = None,
    offline: bool = False,
) -> Generator[Event, None, Expansion]:
    """Look for words in every source asked for; yields Progress and Note, returns an Expansion.

    A word's score joins its ranks in the sources (``FoundWord.score``), and the best come first. Priors are the log of
    the mean probability over the texts; effects are on the labelled rows, one word added at a time. Raises ConfigError
    for what a source cannot find, ModelError for an encoder that is not there.
    """
    material = material or Material()
    wanted.check(has_texts=len(material.texts) > 0)
    _check_template(lm, material)
    if seeds.calibration is not None:
        yield Note("info", "The words' calibration was fitted to the seeds alone, and is left out.")
    proposals = yield from _propose(lm, seeds, wanted, offline=offline)
    readout = yield from _read(lm, seeds, material.template, material.texts, cache)
    likely: list[tuple[str, float]] = []
    if "model" in wanted.sources:
        assert readout is not None
        proposals["model"], likely = yield from _said(lm, readout, seeds, wanted, material, cache)
    merged = merge({source: in_case_of_seeds(one, seeds) for source, one in proposals.items()})
    measured = with_pieces(merged, lm, material.template, wanted)
    if readout is not None:
        measured = with_priors(measured, readout, wanted.min_prior)
    found, dropped = best_of(measured, seeds, count=wanted.count, forms=wanted.forms)
    labelled = yield from _read(lm, seeds, material.template, material.rows, cache)
    if labelled is not None:
        found = with_effects(found, seeds, labelled, material.rows)
    return Expansion(seeds, tuple(found), tuple(dropped), tuple(likely))


def _propose(
    lm: LanguageModel, seeds: LabelWords, wanted: Wanted, *, offline: bool
) -> Generator[Event, None, dict[Source, Proposals]]:
    """What the sources propose that read no text."""
    proposals: dict[Source, Proposals] = {}
    if "wordnet" in wanted.sources:
        proposals["wordnet"] = yield from _wordnet(seeds, wanted)
    if "list" in wanted.sources:
        yield from (Note("info", sentence) for one in wanted.lists for sentence in (one.sentence, *one.notes))
        proposals["list"] = from_lists(seeds, wanted.lists)
    if "neighbours" in wanted.sources:
        proposals["neighbours"] = yield from _neighbours(lm, seeds, wanted, offline=offline)
    return proposals


def _check_template(lm: LanguageModel, material: Material) -> None:
    """ConfigError for a template of several slots, and where a reading would not give single words a score."""
    template = material.template
    if template is None:
        return
    if template.slots() != 1:
        raise ConfigError(f"Single words are looked for at one slot, and the template has {template.slots()}.")
    if material.texts or material.rows:
        check_slot(lm, template)


def _read(
    lm: LanguageModel,
    seeds: LabelWords,
    template: Template | None,
    texts: Sequence[Example],
    cache: ReadoutStore | None,
) -> Generator[Event, None, Readout | None]:
    """The texts read, seeds of several pieces included; None when there are none."""
    if template is None or not len(texts):
        return None
    return (yield from read_whole(lm, template, texts, words=seeds.every_word(), pieces=seeds.pieces, cache=cache))


def _wordnet(seeds: LabelWords, wanted: Wanted) -> Generator[Event, None, Proposals]:
    """Seeds that WordNet does not know are only a warning where another source is asked as well."""
    missing: list[str] = []
    found = from_wordnet(
        seeds,
        chosen=wanted.senses,
        parts=wanted.parts,
        relations=wanted.relations,
        depth=wanted.depth,
        missing=missing.append if len(wanted.sources) > 1 else None,
    )
    yield from (Note("warning", sentence) for sentence in missing)
    return found


def _neighbours(
    lm: LanguageModel, seeds: LabelWords, wanted: Wanted, *, offline: bool
) -> Generator[Event, None, Proposals]:
    yield Note("info", "Looking for neighbours; the vectors of words are worked out once and kept.")
    vectors = vectors_for(lm, wanted.encoder, wanted.candidates, cache=vector_cache(), offline=offline)
    yield Note("info", f"Neighbours: among {counted(len(vectors.words), 'word')}, by {vectors.name}.")
    return from_neighbours(seeds, vectors, count=wanted.count)


def _said(
    lm: LanguageModel,
    readout: Readout,
    seeds: LabelWords,
    wanted: Wanted,
    material: Material,
    cache: ReadoutStore | None,
) -> Generator[Event, None, tuple[Proposals, list[tuple[str, float]]]]:
    """The words that set the labels' texts apart, and the likeliest over all of them."""
    assert material.template is not None
    vocabulary = slot_vocabulary(lm, material.template)
    overall = likeliest(readout, vocabulary).topk(min(_LIKELIEST, len(vocabulary)))
    likely = [
        (vocabulary.words[at], logprob)
        for at, logprob in zip(overall.indices.tolist(), overall.values.tolist(), strict=True)
    ]
    shots = yield from _read(lm, seeds, material.template, material.shots, cache)
    if shots is not None:
        labels = known_labels([row.label for row in material.shots], seeds.labels)
        apart, by = set_apart(shots, vocabulary, labels), f"{counted(len(shots), 'labelled text')}"
    else:
        apart = set_apart(readout, vocabulary, pseudo_labels(readout, WordVerbalizer(seeds)))
        by = f"{counted(len(readout), 'text')} by the seeds' own predictions"
    yield Note("info", f"The model's own words: those that set the labels apart over {by}.")
    return from_model(seeds, vocabulary, apart, count=wanted.count, said=by), likely
