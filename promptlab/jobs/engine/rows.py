"""``row``: one live row with its prompt, what was cut, the likeliest words and every label; without a model call."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from promptlab.errors import ConfigError, DataError
from promptlab.jobs.engine.asked import calibration_of, fitted_words
from promptlab.jobs.engine.cut import cut_of, shown_fields, within_reach
from promptlab.jobs.engine.held import Held, Say, Unread
from promptlab.jobs.engine.known import Known, judge, nothing_known
from promptlab.jobs.why import explain_read, shown
from promptlab.jobs.wire import Request
from promptlab.model import NeedsReading, Readout

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Reading
    from promptlab.pipeline import Pipeline

Find = Literal["next", "previous", "next-wrong", "previous-wrong"]
_TOP = 10
_PROMPT = 100_000  # characters


def row(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """The row at ``place``, or the one that ``find`` names from there, explained with the request's words.

    A row that is not read yet has no prediction, and no prompt while the model is being loaded. Raises Unread for words
    that must be read whole and are not, and what keeps the words from being scored.
    """
    reading = held.current(request)
    known, pipeline = _judged(reading, request)
    place = find(known, int(request.fields.get("place", 0)), request.fields.get("find"))
    return _about(reading, known, place) | _explained(reading, pipeline, place)


def _judged(reading: "Reading", request: Request) -> "tuple[Known, Pipeline | None]":
    """What is known of the rows, and the pipeline that says so; None while the model is being loaded."""
    words, calibration = fitted_words(request, reading), calibration_of(request, reading)
    try:
        known, judged = judge(reading, words, calibration)
        return known, judged.pipeline
    except NeedsReading as need:
        raise Unread(f"{str(need)!r} has not been read whole yet.") from need
    except Unread:
        known = nothing_known(reading)
    try:
        return known, reading.pipeline(words, None)
    except Unread:
        return known, None


def find(known: Known, place: int, step: Find | None) -> int:
    """The place, or the next or previous one from it, past the ends to the other side.

    Where nothing is wrong, the next wrong row is the row itself. Raises DataError without rows, ConfigError for an
    unknown step.
    """
    if not len(known):
        raise DataError("There are no rows to look at.")
    here = min(max(place, 0), len(known) - 1)
    match step:
        case None:
            return here
        case "next" | "previous":
            return (here + (1 if step == "next" else -1)) % len(known)
        case "next-wrong" | "previous-wrong":
            return _nearest(np.flatnonzero(known.wrong()), here, is_ahead=step == "next-wrong")
    raise ConfigError(f"Unknown step {step!r}.")


def _nearest(places: NDArray[np.int64], here: int, *, is_ahead: bool) -> int:
    if not len(places):
        return here
    at = np.searchsorted(places, here, "right") if is_ahead else np.searchsorted(places, here, "left") - 1
    return int(places[at % len(places)])


def _about(reading: "Reading", known: Known, place: int) -> dict[str, Any]:
    example = reading.rows[place]
    fields, left = shown_fields(example, reading.template.fields())
    return {
        "place": place,
        "id": example.id,
        "n": len(known),
        "label": known.label(place),
        "prediction": known.prediction(place),
        "right": known.is_right(place),
        "wrong": int(known.wrong().sum()),
        "fields": fields,
        "fields_left": left,
    }


def _explained(reading: "Reading", pipeline: "Pipeline | None", place: int) -> dict[str, Any]:
    """The prompt and, where the row was read, what it was given."""
    nothing: dict[str, Any] = {"top": [], "words": [], "labels": {}, "raw": {}}
    if pipeline is None:
        return {"prompt": "", "pieces": 0, "cut": {}, "dropped": 0, **nothing}
    near = within_reach(reading.rows[place], reading.template, reading.lm.max_length)
    (prompt,) = pipeline.encode([near])
    one = _readout(reading, place)
    if one is None:
        text = shown(pipeline, prompt)[:_PROMPT]
        return {
            "prompt": text,
            "pieces": len(prompt.ids),
            "cut": dict(prompt.cut),
            "dropped": prompt.dropped,
            **nothing,
        }
    seen = explain_read(pipeline, prompt, one, top=_TOP).to_json()
    return {
        **{name: seen[name] for name in ("pieces", "top", "words", "labels", "raw")},
        "prompt": seen["prompt"][:_PROMPT],
        "cut": cut_of(seen["cut"], near, int(one.cut[0])),
        "dropped": seen["demonstrations_dropped"],
    }


def _readout(reading: "Reading", place: int) -> Readout | None:
    """What was read of one row; None where it is not read yet."""
    try:
        readout, _ = reading.snapshot()
    except Unread:
        return None
    at = torch.searchsorted(readout.rows, place)  # rows stand in the data's order
    is_read = int(at) < len(readout) and int(readout.rows[at]) == place
    return readout.select(at[None]) if is_read else None
