"""``score``: the rows read so far under other words; what has to be read for them first is read."""

from typing import TYPE_CHECKING, Any

from promptlab.jobs.engine.asked import calibration_of, words_of
from promptlab.jobs.engine.figures import figures, no_figures
from promptlab.jobs.engine.filling import fill
from promptlab.jobs.engine.held import Abandoned, Held, NeedsModel, Say, Unread
from promptlab.jobs.wire import Request
from promptlab.model import NeedsReading
from promptlab.verbalizer import CalibrationKind, LabelWords, fit_labels

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Reading


def score(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """The figures of the rows read so far; the reading goes on with these words.

    Raises Abandoned when newer words came, the error of words that do not fit.
    """
    reading = held.current(request)
    if held.newest_score > request.id:
        raise Abandoned("Newer words came.")
    words, calibration = _asked(request, reading)
    if reading.has_model:
        reading.pipeline(words, None)  # refuses words that do not fit before the reading goes on with them
    reading.take_words(words, calibration, request.score_rev)
    try:
        judged = reading.scores(words, calibration)
    except Unread:
        return {"figures": no_figures(reading, score_rev=request.score_rev)}
    except NeedsReading as need:
        raise NeedsModel(read_first) from need
    found = figures(reading, judged, held, score_rev=request.score_rev)
    if judged.pending:
        say({"kind": "scored", "figures": found})
        raise NeedsModel(read_first)
    return {"figures": found}


def read_first(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """The same on the reading thread, after the words and texts that it needs were read."""
    reading = held.current(request)
    words, calibration = _asked(request, reading)

    def check() -> None:
        held.check_abandoned(request)
        if reading.score_rev > request.score_rev:
            raise Abandoned("Newer words came.")

    fill(held, reading, words, calibration, say, check)
    return {"figures": figures(reading, reading.scores(words, calibration), held, score_rev=request.score_rev)}


def _asked(request: Request, reading: "Reading") -> tuple[LabelWords, CalibrationKind | None]:
    return fit_labels(words_of(request), reading.task.labels), calibration_of(request, reading)
