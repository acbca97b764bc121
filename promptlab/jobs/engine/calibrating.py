"""The texts of a live reading's calibrations, read once a kind; a change of the words is fitted without the model."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from promptlab.jobs.evaluation import finish
from promptlab.jobs.support import (
    FEWEST_TEXTS,
    SUPPORT_ROWS,
    Support,
    SupportRead,
    choose_support,
    fit_on,
    read_support,
    support_texts,
)
from promptlab.model import NeedsReading, Readout
from promptlab.model.language_model import ReadoutStore
from promptlab.pipeline import Pipeline
from promptlab.task import Example, Task
from promptlab.task.select import sample_places
from promptlab.verbalizer import CalibrationKind

# Kinds that take the readings of their texts as they are; the others make inputs of their own.
_OF_TEXTS = ("batch", "word")


class LiveSupport:
    """Readings of support texts by kind: of train texts by default, else of the rows that are read anyway."""

    def __init__(self, task: Task, split: str, rows: Sequence[Example], *, seed: int) -> None:
        self._task, self._split, self._rows, self._seed = task, split, rows, seed
        self._chosen: dict[CalibrationKind, Support] = {}
        self._read: dict[CalibrationKind, SupportRead] = {}
        self._places: dict[CalibrationKind, frozenset[int]] = {}
        self._of_rows: tuple[Readout, CalibrationKind, SupportRead] | None = None

    def fitted(self, pipeline: Pipeline, kind: CalibrationKind, readout: Readout, places: Sequence[int]) -> Pipeline:
        """The pipeline calibrated on texts that were read; ``readout`` holds the rows at ``places``.

        Raises NeedsReading when the texts, or words on them, are not read, ConfigError when there are too few.
        """
        support = self._choose(kind)
        if support.texts is None and kind in _OF_TEXTS:
            return fit_on(pipeline, self._rows_read(support, readout, places, pipeline))
        if kind not in self._read:
            raise NeedsReading(pipeline.words.every_word() if pipeline.words else ())
        return fit_on(pipeline, self._read[kind])

    def read(self, pipeline: Pipeline, kind: CalibrationKind, cache: ReadoutStore) -> None:
        """Read the kind's texts, and the pipeline's words on them where these are read whole."""
        if kind not in self._read:
            self._read[kind] = finish(read_support(pipeline, self._choose(kind), self._rows, cache=cache))
            return
        held = self._read[kind]
        words = [
            word
            for word in pipeline.verbalizer.whole_words(pipeline.lm, held.template)
            if str(word) not in held.readout.columns
        ]
        readout = pipeline.lm.read_words(held.template, held.texts, held.readout, words, cache=cache)
        self._read[kind] = replace(held, readout=readout)

    def _choose(self, kind: CalibrationKind) -> Support:
        if kind not in self._chosen:
            self._chosen[kind] = choose_support(kind, self._task, self._split, seed=self._seed)
        return self._chosen[kind]

    def _rows_read(self, support: Support, readout: Readout, places: Sequence[int], pipeline: Pipeline) -> SupportRead:
        """The rows of the sample that were read so far, as the texts of a calibration."""
        held = self._of_rows
        if held is not None and held[0] is readout and held[1] == support.kind:
            return held[2]
        wanted = self._wanted(support)
        inside = [number for number, place in enumerate(places) if place in wanted]
        if len(inside) < FEWEST_TEXTS:  # few are read yet, in a random order: any of them will do
            inside = list(range(len(places)))[: SUPPORT_ROWS[support.kind]]
        texts = [self._rows[places[number]] for number in inside]
        _, name = support_texts(pipeline.fields, replace(support, texts=texts), ())
        part = readout if len(inside) == len(readout) else readout.select(torch.tensor(inside, dtype=torch.long))
        read = SupportRead(support.kind, pipeline.template, texts, part, name)
        self._of_rows = (readout, support.kind, read)
        return read

    def _wanted(self, support: Support) -> frozenset[int]:
        """The places of the seeded sample of rows that an evaluation would take."""
        if support.kind not in self._places:
            self._places[support.kind] = frozenset(
                sample_places(len(self._rows), SUPPORT_ROWS[support.kind], seed=support.seed)
            )
        return self._places[support.kind]
