"""Reading: the rows that are read live, what was read of them so far, and their scores under any words."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from promptlab.errors import PromptlabError
from promptlab.jobs.engine.calibrating import LiveSupport
from promptlab.jobs.engine.gathered import Chunk, Gathered, without_words
from promptlab.jobs.engine.held import Unread
from promptlab.jobs.engine.live_rows import LiveRows
from promptlab.jobs.evaluation import awkward
from promptlab.jobs.scored import is_calibrated
from promptlab.jobs.support import EVENS_OUT
from promptlab.model import LanguageModel, NeedsReading, Readout
from promptlab.model.language_model import ReadoutStore
from promptlab.pipeline import Pipeline
from promptlab.results import Scores
from promptlab.scoring.calibrate import lopsided
from promptlab.task import Task
from promptlab.template import Template
from promptlab.verbalizer import CalibrationKind, LabelWords, Word


@dataclass(frozen=True, eq=False)
class Judged:
    """The rows read so far (at ``places``), scored: as they count, before calibration, and the pipeline that did it.

    ``pending`` says why the calibration that was asked for is not in the scores yet; it is empty when it is.
    """

    scores: Scores
    raw: Scores
    pipeline: Pipeline
    places: Sequence[int]
    warnings: tuple[str, ...] = ()
    pending: str = ""


class Reading:
    """One task's rows under one template and model. It grows on the reading thread; any thread may score it.

    ``rows`` are in the data's order, and a place is a number in it. ``words``, ``calibration`` and ``score_rev`` are
    the newest that anybody asked for. ``calls`` counts what the model was asked, ``seconds`` the time that took.
    """

    def __init__(
        self,
        read_rev: int,
        task: Task,
        task_table: Mapping[str, Any],
        live: LiveRows,
        template: Template,
        *,
        words: LabelWords,
        score_rev: int,
        seed: int,
    ) -> None:
        self.read_rev, self.task, self.task_table, self.template, self.seed = read_rev, task, task_table, template, seed
        self.split, self.rows, self.sentence, self.live = live.split, live.rows, live.sentence, live
        self.words, self.score_rev = words, score_rev
        self.calibration: CalibrationKind | None = None
        self.complete = False
        self.calls, self.seconds, self.started = 0, 0.0, time.monotonic()
        self._lm: LanguageModel | None = None
        self._support: LiveSupport | None = None
        self._awkward: tuple[object, tuple[str, ...]] | None = None
        self._lock = threading.Lock()
        self._gathered = Gathered(len(self.rows), task.labels)

    @property
    def has_model(self) -> bool:
        """Whether the model is loaded."""
        return self._lm is not None

    @property
    def lm(self) -> LanguageModel:
        """The model; raises Unread while it is being loaded."""
        if self._lm is None:
            raise Unread("The model is still being loaded.")
        return self._lm

    def begin(self, lm: LanguageModel) -> None:
        """The model is there: reading begins."""
        self._lm = lm
        self._support = LiveSupport(self.task, self.split, self.rows, seed=self.seed)
        self.started = time.monotonic()

    def take_words(self, words: LabelWords, calibration: CalibrationKind | None, score_rev: int) -> None:
        """Words that the next scores of the reading are made with, unless newer ones came before."""
        with self._lock:
            if score_rev >= self.score_rev:
                self.words, self.calibration, self.score_rev = words, calibration, score_rev

    def newest(self) -> tuple[LabelWords, CalibrationKind | None, int]:
        """Words, calibration and revision that belong together."""
        with self._lock:
            return self.words, self.calibration, self.score_rev

    @property
    def read(self) -> int:
        """How many rows are read."""
        return self._gathered.read

    @property
    def chunks(self) -> Sequence[Chunk]:
        """What was read together, in the order in which it was read."""
        return self._gathered.chunks

    def rate(self, rows: int) -> float | None:
        """Rows a second, when so many were read by now."""
        seconds = time.monotonic() - self.started
        return round(rows / seconds, 1) if rows and seconds > 0 else None

    @contextmanager
    def counting_calls(self) -> Iterator[None]:
        """The model's calls meanwhile are the reading's."""
        before = self.lm.calls
        try:
            yield
        finally:
            self.calls += self.lm.calls - before

    def awkward(self, pipeline: Pipeline) -> tuple[str, ...]:
        """What is awkward about the words for the model, and facts that the model carries."""
        spelt = () if pipeline.words is None else (pipeline.words.every_word(), pipeline.words.pieces)
        if self._awkward is None or self._awkward[0] != spelt:
            self._awkward = (spelt, tuple(awkward(pipeline)))
        return self._awkward[1]

    def add(self, chunk: Chunk, shards: Sequence[Readout]) -> None:
        """A chunk was read; ``shards`` name its rows by their place in the chunk."""
        self._gathered.add(chunk, shards)
        self.seconds = time.monotonic() - self.started

    def snapshot(self) -> tuple[Readout, list[int]]:
        """The rows read so far as one readout, and their places; raises Unread when there is none yet."""
        if (held := self._gathered.snapshot()) is None:
            raise Unread("No row has been read yet.")
        return held

    def pipeline(self, words: LabelWords, calibration: CalibrationKind | None) -> Pipeline:
        """Model, template and words, with the calibration fitted on texts that were read and frozen into the words.

        Raises the error of words that do not fit, NeedsReading when the calibration's texts, or words on them, are not
        read, ConfigError for too few texts.
        """
        pipeline = Pipeline.of(self.lm, self.template, words)
        if calibration is None:
            return pipeline
        assert self._support is not None
        return self._support.fitted(pipeline, calibration, *self.snapshot())

    def scores(self, words: LabelWords, calibration: CalibrationKind | None) -> Judged:
        """The rows read so far, scored. Without the calibration where that cannot be fitted (yet): a warning says so.

        Raises Unread when no row is read, NeedsReading for words that have to be read whole first.
        """
        readout, places = self.snapshot()
        warnings, pending = [], ""
        try:
            pipeline = self.pipeline(words, calibration)
        except NeedsReading:
            pipeline = self.pipeline(replace(words, calibration=None), None)
            pending = f"The calibration {calibration!r} is not in these figures yet: its texts are being read."
        except PromptlabError as error:
            if calibration is None:
                raise
            pipeline = self.pipeline(replace(words, calibration=None), None)
            warnings.append(str(error))
        raw = self._gathered.scores(pipeline.labels, pipeline.verbalizer.raw(readout), places)
        scores = raw
        if is_calibrated(pipeline):
            scores = self._gathered.scores(pipeline.labels, pipeline.verbalizer(readout), places)
        if calibration in EVENS_OUT and (uneven := lopsided(raw.confusion().sum(axis=1).tolist())):
            warnings.append(uneven)
        return Judged(scores, raw, pipeline, places, (*warnings, *filter(None, [pending])), pending)

    # -- the reading thread ---------------------------------------------------------------------------------------

    def whole_words(self, words: LabelWords) -> tuple[Word, ...]:
        """Those of the words that the model must read whole."""
        return Pipeline.of(self.lm, self.template, words).verbalizer.whole_words(self.lm, self.template)

    def lacking(self, words: LabelWords) -> tuple[Word, ...]:
        """Words that must be read whole and are not yet, on the rows read so far."""
        held = self.snapshot()[0].columns
        return tuple(word for word in self.whole_words(words) if str(word) not in held)

    def fill(self, words: Sequence[Word], cache: ReadoutStore, check: Callable[[], None]) -> None:
        """Read words whole on the rows read so far; ``check`` is called between chunks and may raise."""
        readout, _ = self.snapshot()
        columns = {str(word): torch.empty(len(self.rows)) for word in words}
        for chunk in self.chunks:
            check()
            empty = without_words(readout, len(chunk.places))
            filled = self.lm.read_words(self.template, chunk.examples, empty, words, cache=cache)
            for word, column in columns.items():
                column[torch.tensor(chunk.places)] = filled.columns[word]
        self._gathered.add_columns(columns)

    def lacks_support(self, words: LabelWords, calibration: CalibrationKind | None) -> bool:
        """Whether texts, or words on them, must be read before the calibration can be fitted."""
        try:
            self.pipeline(words, calibration)
        except NeedsReading:
            return True
        except PromptlabError:
            return False
        return False

    def read_support(self, words: LabelWords, calibration: CalibrationKind, cache: ReadoutStore) -> None:
        """Read a calibration's texts, and these words whole on them where that is needed."""
        assert self._support is not None
        self._support.read(Pipeline.of(self.lm, self.template, words), calibration, cache)
