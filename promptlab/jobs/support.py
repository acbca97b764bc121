"""The texts that a calibration is fitted on, and the fitting."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.model.language_model import ReadoutStore
from promptlab.pipeline import Ensemble, Pipeline
from promptlab.scoring.calibrate import calibrate, content_free
from promptlab.task import Example, Task, sample_rows
from promptlab.verbalizer import FittedKind

# Train texts that a batch calibration reads.
SUPPORT_ROWS = 500


@dataclass(frozen=True)
class Support:
    """A kind of calibration and its texts; None stands for the evaluated rows themselves. ``name`` says which."""

    kind: FittedKind
    texts: Sequence[Example] | None
    name: str


def choose_support(kind: FittedKind, task: Task, split: str, *, seed: int) -> Support:
    """A kind's default texts: content-free inputs, else a seeded sample of train texts, else the evaluated rows."""
    if kind == "contextual":
        return Support(kind, (), "inputs without content")
    if len(task.train) and split != "train":
        texts = sample_rows(task.train, SUPPORT_ROWS, seed=seed)
        return Support(kind, texts, f"train texts of {task.name}, {task.fingerprint[:12]}")
    return Support(kind, None, f"evaluated texts of {task.name}, {task.fingerprint[:12]}")


def calibratable(classifier: Pipeline | Ensemble) -> Pipeline:
    """The classifier, when a calibration can be fitted to it; ConfigError for an ensemble and without label words."""
    if isinstance(classifier, Ensemble) or classifier.words is None:
        raise ConfigError(
            "A calibration is fitted to one template and its label words; calibrate an ensemble's members."
        )
    return classifier


def calibrate_on(pipeline: Pipeline, support: Support, evaluated: Tensor, *, cache: ReadoutStore | None) -> Pipeline:
    """The pipeline with a calibration fitted on the support texts, or on the evaluated rows' values (N, C)."""
    assert pipeline.words is not None
    values = evaluated
    if support.texts is not None:
        values = _raw(pipeline, support.texts or content_free(pipeline.fields), cache)
    name = f"{len(values):,} {support.name}"
    return pipeline.with_words(calibrate(pipeline.words, values, support.kind, support=name))


def _raw(pipeline: Pipeline, texts: Sequence[Example], cache: ReadoutStore | None) -> Tensor:
    return torch.cat([pipeline.verbalizer.raw(shard) for shard in pipeline.read(texts, cache=cache)])
