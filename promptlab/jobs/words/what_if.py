"""What if a word were added, removed or put in place of others: one reading, then a table of every candidate."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from promptlab.jobs.words.candidates import choose_candidates
from promptlab.jobs.words.setting import check_slot, read_whole
from promptlab.model import LanguageModel
from promptlab.model.language_model import ReadoutStore
from promptlab.model.whole import whole_words
from promptlab.pipeline import label_places
from promptlab.results import Event, Note
from promptlab.scoring.what_if import what_if
from promptlab.scoring.what_if.table import Changed, Confused, WhatIf
from promptlab.task import Example
from promptlab.template import Template
from promptlab.text import counted, fold, listed
from promptlab.verbalizer import LabelWords, Word, to_table

# Rows that are read unless another limit is given.
DEFAULT_LIMIT = 1000
# Pairs of labels most confused that are looked at, and words that would tell each apart.
_PAIRS, _TELLING = 3, 5


@dataclass(frozen=True, eq=False)
class WordChanges:
    """The table, the number of pieces of each candidate, and what was read with what."""

    found: WhatIf
    pieces: dict[str, int]
    about: dict[str, Any]

    def to_json(self, *, count: int = 10) -> dict[str, Any]:
        """The ``count`` best changes to each label, the worth of each word and the confused pairs, in JSON's types."""
        found = self.found
        return {
            **self.about,
            "rows": dict(zip(("chosen", "other"), found.rows, strict=True)),
            "now": dict(zip(("chosen", "other"), found.now, strict=True)),
            "candidates": len(found.candidates),
            "tried": found.tried,
            "changes": [self._change(one) for label in found.words.labels for one in found.best(count, label=label)],
            "worth": [
                {"label": label, "word": str(one.word), "worth": one.worth and list(one.worth)}
                for label, worths in found.worth.items()
                for one in worths
            ],
            "confused": [self._confused(pair) for pair in found.confused],
        }

    def _change(self, one: Changed) -> dict[str, Any]:
        word = {"word": str(one.word), "provenance": one.word.provenance, "pieces": self.pieces.get(str(one.word), 1)}
        return {**{key: value for key, value in asdict(one).items() if key != "word"}, **word}

    def _confused(self, pair: Confused) -> dict[str, Any]:
        telling = [self._change(one) for one in self.found.telling_apart(pair, _TELLING)]
        return {"labels": [self.found.words.labels[place] for place in pair.labels], "n": pair.count, "words": telling}


def try_words(
    lm: LanguageModel,
    template: Template,
    words: LabelWords,
    rows: Sequence[Example],
    given: Sequence[Word] | None = None,
    *,
    refit: bool = False,
    seed: int = 13,
    cache: ReadoutStore | None = None,
) -> Generator[Event, None, WordChanges]:
    """Read the rows once and sweep the candidates, by default every word of the model's vocabulary.

    ``refit`` judges every change after batch calibration on the rows. Yields Progress and Note. Raises ConfigError for
    a template or words that do not go with the model, DataError when there are too few labelled rows.
    """
    check_slot(lm, template)
    candidates, notes = choose_candidates(lm, [template], given, whole=words.pieces == "whole")
    yield from (Note("info", note) for note in notes)
    wanted = [*words.every_word(), *(candidates.words if given is not None else ())]
    in_full = whole_words(lm, template, wanted, pieces=words.pieces)
    if in_full:
        yield Note(
            "info", f"{counted(len(in_full), 'word')} must be read whole, a pass over the rows for each or more."
        )
    yield from (Note("info", sentence) for sentence in _calibrated(words, refit=refit))
    in_use = {fold(str(word)) for word in words.every_word()} & {fold(str(word)) for word in given or ()}
    if in_use:
        yield Note("info", f"In use already, so not tried: {listed(sorted(in_use), most=4)}.")
    readout = yield from read_whole(lm, template, rows, words=wanted, pieces=words.pieces, cache=cache)
    targets = torch.tensor(label_places(words.labels, rows))
    # The one pair of two labels is all that the table is about.
    pairs = _PAIRS if len(words.labels) > 2 else 0
    found = what_if([readout], words, targets, candidates, seed=seed, refit=refit, pairs=pairs)
    pieces = {str(word): len(lm.spelling(template).word(word)[0]) for word in candidates.words if given is not None}
    return WordChanges(found, pieces, _about(lm, template, words, refit=refit))


def _calibrated(words: LabelWords, *, refit: bool) -> Iterator[str]:
    """What holds of the words' calibration while a word is changed."""
    calibration = words.calibration
    if calibration is None:
        return
    if calibration.word_prior is not None:
        yield "Candidates have their priors from these rows; those of the words in use stay as they are."
    if calibration.label_prior is not None and not refit:
        yield "The words' calibration stays as it is for every change; --calibrate batch fits it anew for each."


def _about(lm: LanguageModel, template: Template, words: LabelWords, *, refit: bool) -> dict[str, Any]:
    calibration = words.calibration
    if calibration is not None and refit and calibration.word_prior is None:  # only a prior over labels is fitted anew
        calibration = None
    return {
        "labels": list(words.labels),
        "template": str(template),
        "template_name": template.name,
        "words": to_table(words),
        "words_name": words.name,
        "calibration": calibration and calibration.kind,
        "refit": refit,
        "model": lm.name,
        "dtype": lm.dtype,
    }
