"""Learn a verbalizer on a few labelled rows: shots read once, learnt from, and reported on rows it never saw."""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import torch
from torch import Tensor

from promptlab.errors import ConfigError, DataError, ModelError
from promptlab.jobs.evaluation import Evaluation, Rows, evaluate
from promptlab.jobs.notes import sifted
from promptlab.jobs.plan import Plan
from promptlab.jobs.words.learned import Learned, LearnedBySeeds
from promptlab.jobs.words.methods import Material, Method, depths_read, learn_by, rows_needed
from promptlab.jobs.words.setting import described, one_prompt, read_whole
from promptlab.jobs.words.shots import Shots, draw_shots
from promptlab.jobs.words.texts import Texts, read_texts
from promptlab.model import Depth, LanguageModel, ReadoutCache
from promptlab.model.language_model import ReadoutStore
from promptlab.model.readout import height, layers_of
from promptlab.pipeline import Pipeline, label_places
from promptlab.results import Event, Note, Progress
from promptlab.scoring.learned.folds import check_shots
from promptlab.task import Example, Task, sample_rows
from promptlab.template import Template
from promptlab.template.parts import Field, Mask
from promptlab.text import shorten
from promptlab.verbalizer import LabelWords

# Layers that are tried where none are named, besides the top: so many from half of the model to its last.
_DEPTHS = 6
# Unseen rows up to which everything is read in one pass and kept.
_MOST_KEPT = 20_000


@dataclass(frozen=True)
class Wanted:
    """How to learn: ``k`` rows a label (None: all of train) for each of the ``seeds``, at these ``depths`` (none: about
    six from half of the layers to the last, and the top), chosen among or, to ``average``, averaged over; reported on a
    ``split`` or a sample of ``limit`` rows."""

    method: Method = "auto"
    k: int | None = 16
    seeds: tuple[int, ...] = (13,)
    depths: tuple[Depth, ...] = ()
    average: bool = False
    split: str | None = None
    limit: int | None = None

    def draw(self, task: Task) -> tuple[Shots, ...]:
        """The shots of each seed, and the rows that none of them holds, the same for all.

        Raises ConfigError for a depth that the method does not read and for fewer rows than it needs, DataError for a
        label with fewer rows than asked for and when nothing is left to report on.
        """
        depths_read(self.method, self.depths, average=self.average)
        drawn = [draw_shots(task, self.k, seed=seed, split=self.split) for seed in self.seeds]
        for shots in drawn:
            check_shots(_targets(shots.train, task), task.labels, least=rows_needed(self.method))
        seen_by_none = set.intersection(*({row.id for row in shots.unseen} for shots in drawn))
        unseen: Sequence[Example] = drawn[0].unseen
        if len(seen_by_none) < len(unseen):
            unseen = [row for row in unseen if row.id in seen_by_none]
        if not len(unseen):
            raise DataError(f"No row of {drawn[0].split} is left to report on beside the shots of all seeds.")
        if self.limit is not None:
            unseen = sample_rows(unseen, self.limit, seed=self.seeds[0])
        return tuple(replace(shots, unseen=unseen) for shots in drawn)


def learn(
    lm: LanguageModel, plan: Plan, drawn: Sequence[Shots], wanted: Wanted, *, cache: ReadoutStore | None = None
) -> Generator[Event, None, LearnedBySeeds]:
    """Learn from each seed's shots (``Wanted.draw``) and evaluate, beside the plan's words alone.

    The words are batch-calibrated on up to 500 train texts without their labels. Where they would have to be read whole
    they are no candidates and stand not beside. Yields Progress and Note. Raises ConfigError or ModelError for a depth
    that the model lacks, and for a causal model whose slot comes before the text.
    """
    template, words = one_prompt(plan)
    words = replace(words, calibration=None)
    Pipeline.of(lm, template, words)  # what does not fit together is said before anything is read
    if wanted.method != "weights":
        _check_order(lm, template)
    depths = yield from _depths(lm, wanted)
    store = cache if cache is not None else ReadoutCache()
    texts = yield from read_texts(plan, lm, template, words, wanted.seeds[0], store)
    setting = _Setting(lm, plan, template, words, texts, depths, wanted, store)
    runs: list[Learned] = []
    for shots, seed in zip(drawn, wanted.seeds, strict=True):
        runs.append((yield from setting.run(shots, seed, is_first=not runs)))
    about = {**described(plan, lm, template), "split": drawn[0].split, "fingerprint": plan.task.fingerprint}
    return LearnedBySeeds(wanted.method, tuple(runs), about | {"k": wanted.k, "depths_tried": list(depths)})


@dataclass(frozen=True, eq=False)
class _Setting:
    """What every seed has in common. ``texts`` is None where the words must be read whole."""

    lm: LanguageModel
    plan: Plan
    template: Template
    words: LabelWords
    texts: Texts | None
    depths: tuple[Depth, ...]
    wanted: Wanted
    cache: ReadoutStore

    def run(self, shots: Shots, seed: int, *, is_first: bool) -> Generator[Event, None, Learned]:
        """Read the shots, learn, evaluate; of further seeds only the progress is told."""
        clock, method = _Clock(), self.wanted.method

        def is_new(_: Note) -> bool:
            return is_first

        words_read = self.words.every_word() if method == "weights" else ()
        depths = (*self.depths, *(("top",) if self.texts is not None and "top" not in self.depths else ()))
        readout = yield from read_whole(
            self.lm,
            self.template,
            shots.train,
            words=words_read,
            pieces=self.words.pieces,
            depths=depths,
            cache=self.cache,
        )
        clock.note("reading the shots")
        mixed_with = self.texts.calibrated(self.words) if self.texts is not None else None
        material = Material(
            readout, _targets(shots.train, self.plan.task), self.words, mixed_with, self.depths, self.wanted.average
        )
        learnt, choice = yield from sifted(learn_by(method, material, seed=seed), is_new)
        if isinstance(learnt, LabelWords):
            source = f"promptlab words learn --method weights. {shots.sentence}"
            learnt = replace(learnt, source=source)
            learnt = self.texts.calibrated(learnt) if self.texts is not None else learnt
        pipeline = Pipeline.of(self.lm, self.template, learnt)
        clock.note("learning")
        yield from self._read_unseen(shots, pipeline)
        evaluation = yield from sifted(self._evaluated(pipeline, shots), is_new)
        words = None
        if mixed_with is not None:
            alone = Pipeline.of(self.lm, self.template, mixed_with)
            words = yield from sifted(self._evaluated(alone, shots), lambda note: False)
        clock.note("reading and scoring the unseen rows")
        return Learned(seed, shots, pipeline, choice, evaluation, words, clock.seconds)

    def _read_unseen(self, shots: Shots, pipeline: Pipeline) -> Generator[Event, None, None]:
        """Everything that is needed of the unseen rows in one pass, where they are few enough to be kept.

        That is what this classifier reads and the top for the words; with several seeds, every depth that one may read.
        """
        depths = self.depths if len(self.wanted.seeds) > 1 else pipeline.verbalizer.depths
        top = self.texts is not None or "top" in depths
        if len(shots.unseen) > _MOST_KEPT:
            return
        done, layers = 0, layers_of(depths)
        for shard in self.lm.read(self.template, shots.unseen, depths=layers, top=top, cache=self.cache):
            done += len(shard)
            yield Progress(done, len(shots.unseen))

    def _evaluated(self, pipeline: Pipeline, shots: Shots) -> Generator[Event, None, Evaluation]:
        task = self.plan.task
        return evaluate(pipeline, Rows(shots.unseen, task.name, shots.split, task.fingerprint), cache=self.cache)


class _Clock:
    """The seconds of each stage, one after the other."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def note(self, stage: str) -> None:
        """The stage has ended."""
        now = time.perf_counter()
        self.seconds[stage], self._since = round(now - self._since, 3), now


def _check_order(lm: LanguageModel, template: Template) -> None:
    """ConfigError for a causal model whose slot stands before all fields: its vectors are the same for every row."""
    before = takewhile(lambda part: not isinstance(part, Mask), template)
    if lm.is_whole_only(template) and not any(isinstance(part, Field) for part in before):
        raise ConfigError(
            f"In {shorten(str(template), 60)!r} the text stands behind the slot, where the causal model {lm.name!r} "
            "has read nothing of it yet, so all rows look alike. Put {mask} behind the text."
        )


def default_depths(layers: int) -> tuple[Depth, ...]:
    """About six layers from half of so many to the last, and the top."""
    half = (layers + 1) // 2
    spread = torch.linspace(half, layers, _DEPTHS).round().int().tolist()
    return (*sorted(set(spread)), "top")


def _depths(lm: LanguageModel, wanted: Wanted) -> Generator[Event, None, tuple[Depth, ...]]:
    """The depths to try, the lowest first; ModelError for one that the model lacks."""
    asked = depths_read(wanted.method, wanted.depths)
    if not asked:
        try:
            asked = default_depths(lm.layers)
        except ModelError as error:
            asked = ("top",)
            yield Note("info", f"Learnt at the top alone. {error}")
    lm.check_depths(layers_of(asked))
    return tuple(sorted(set(asked), key=height))


def _targets(rows: Sequence[Example], task: Task) -> Tensor:
    """The place (N,) of each row's label."""
    return torch.tensor(label_places(task.labels, rows))
