"""What requests share: a table of label words, and a calibration, from their fields."""

from typing import TYPE_CHECKING, get_args

from promptlab.errors import ConfigError
from promptlab.jobs.wire import Request
from promptlab.text import listed
from promptlab.verbalizer import CalibrationKind, LabelWords, fit_labels, from_table
from promptlab.verbalizer.words import LabelPriorKind, WordPriorKind

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Reading

KINDS: tuple[CalibrationKind, ...] = (*get_args(LabelPriorKind), *get_args(WordPriorKind))


def words_of(request: Request) -> LabelWords:
    """The request's label words; ConfigError for a table that is none."""
    return from_table(request.fields["words"], where="the label words")


def fitted_words(request: Request, reading: "Reading") -> LabelWords:
    """The request's label words under the task's labels, in their order; ConfigError where they do not fit."""
    return fit_labels(words_of(request), reading.task.labels)


def calibration_of(request: Request, reading: "Reading") -> CalibrationKind | None:
    """The request's calibration, the reading's newest where it names none; ConfigError for an unknown kind."""
    kind: CalibrationKind | None = request.fields.get("calibration", reading.calibration)
    if kind is not None and kind not in KINDS:
        raise ConfigError(f"Unknown calibration {kind!r}. Known: {listed(KINDS)}.")
    return kind
