"""``read``: load the model, read the rows chunk by chunk in a random order, and say the figures after each."""

import time
from collections.abc import Sequence
from typing import Any

from promptlab.errors import ConfigError
from promptlab.jobs.engine.asked import calibration_of, words_of
from promptlab.jobs.engine.figures import figures
from promptlab.jobs.engine.filling import fill, fill_words
from promptlab.jobs.engine.gathered import Chunk
from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.engine.live import Reading
from promptlab.jobs.engine.live_rows import SEED, LiveRows, choose_live
from promptlab.jobs.engine.loading import load_torch
from promptlab.jobs.wire import Request
from promptlab.task.rows import pick
from promptlab.template import Template, check_template
from promptlab.text import listed
from promptlab.verbalizer import check_words, fit_labels

# Seconds between two events of one kind.
EVERY = 0.1
_WHICH = ("live", "all", "test")


def read(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """The figures of all the rows, after events with those of the rows read so far.

    Raises the error of what does not fit, Abandoned when a newer reading came.
    """
    held.check_abandoned(request)
    load_torch(held, say)
    reading = _begin(held, request)
    held.reading = reading
    _take_newest(held, request, reading)  # from now on a score finds the reading
    try:
        lm = held.load(request.fields["model"], say)
        held.check_abandoned(request)
        reading.begin(lm)
        say({"kind": "phase", "text": "reading"})
        _read_chunks(held, request, reading, say)
    except BaseException:
        if not reading.chunks and held.reading is reading:
            held.reading = None
        raise
    return _finish(held, request, reading, say)


def _begin(held: Held, request: Request) -> Reading:
    """The reading that is asked for, checked as far as it can be without the model."""
    fields = request.fields
    task = held.task(fields["task"])
    template = Template.parse(fields["template"], truncate=fields.get("truncate") or "tail")
    check_template(template, task.fields)
    reading = Reading(
        request.read_rev,
        task,
        fields["task"],
        _live_rows(held, request),
        template,
        words=fit_labels(words_of(request), task.labels),
        score_rev=request.score_rev,
        seed=int(fields.get("seed") or SEED),
    )
    _take_newest(held, request, reading)
    check_words(reading.words, task.labels, template.slots())
    return reading


def _take_newest(held: Held, request: Request, reading: Reading) -> None:
    """The words of the request, or those of a score that came while there was no reading yet to score."""
    asked = held.newest_words(request)
    words = fit_labels(words_of(asked), reading.task.labels)
    reading.take_words(words, calibration_of(asked, reading), asked.score_rev)


def _live_rows(held: Held, request: Request) -> LiveRows:
    which = request.fields.get("rows", "live")
    if which not in _WHICH:
        raise ConfigError(f"Unknown rows {which!r}. Known: {listed(_WHICH)}.")
    return choose_live(held.task(request.fields["task"]), which, seed=int(request.fields.get("seed") or SEED))


def _read_chunks(held: Held, request: Request, reading: Reading, say: Say) -> None:
    def check() -> None:
        held.check_abandoned(request)

    often = _Often()
    for places in reading.live.chunks():
        held.serve_others()
        check()
        _read_chunk(held, request, reading, places, say, often)
        if reading.read < len(reading.rows):  # the last figures are the result
            words, calibration, _ = reading.newest()
            fill_words(held, reading, words, say, check)
            if often.may("scored"):
                _say_scored(held, reading, say)
            fill(held, reading, words, calibration, say, check)


def _read_chunk(
    held: Held, request: Request, reading: Reading, places: Sequence[int], say: Say, often: "_Often"
) -> None:
    chunk = Chunk(places, list(pick(reading.rows, places)))
    words = reading.whole_words(reading.newest()[0])
    total, before, done, shards = len(reading.rows), reading.read, 0, []
    with reading.counting_calls():
        for shard in reading.lm.read(reading.template, chunk.examples, words=words, cache=held.cache):
            shards.append(shard)
            done += len(shard)
            if often.may("progress"):
                say({"kind": "progress", "done": before + done, "total": total, "rate": reading.rate(before + done)})
            held.check_abandoned(request)
    reading.add(chunk, shards)


def _say_scored(held: Held, reading: Reading, say: Say) -> None:
    words, calibration, score_rev = reading.newest()
    if reading.lacking(words):
        return  # newer words came this moment: the next figures have them
    found = figures(reading, reading.scores(words, calibration), held, score_rev=score_rev)
    say({"kind": "scored", "figures": found})


def _finish(held: Held, request: Request, reading: Reading, say: Say) -> dict[str, Any]:
    """The figures of all rows with the newest words, and what these need."""
    while True:
        words, calibration, score_rev = reading.newest()
        fill(held, reading, words, calibration, say, lambda: held.check_abandoned(request))
        judged = reading.scores(words, calibration)
        if reading.score_rev == score_rev:
            reading.complete = True
            return {"figures": figures(reading, judged, held, score_rev=score_rev)}


class _Often:
    """Whether an event of a kind is due again."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def may(self, kind: str) -> bool:
        """True at most every ``EVERY`` seconds a kind."""
        now = time.monotonic()
        if now - self._last.get(kind, -EVERY) < EVERY:
            return False
        self._last[kind] = now
        return True
