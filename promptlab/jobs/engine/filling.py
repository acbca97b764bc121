"""What words need of the model beyond the rows' own reading: words read whole, and a calibration's texts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from promptlab.jobs.engine.held import Held, Say
from promptlab.text import counted
from promptlab.verbalizer import CalibrationKind, LabelWords

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Reading


def fill(
    held: Held,
    reading: "Reading",
    words: LabelWords,
    calibration: CalibrationKind | None,
    say: Say,
    check: Callable[[], None],
) -> None:
    """Read what the words need, on the reading thread; ``check`` is called in between and may raise."""
    fill_words(held, reading, words, say, check)
    if calibration is not None and reading.lacks_support(words, calibration):
        check()
        say({"kind": "phase", "text": "reading texts for the calibration"})
        with reading.counting_calls():
            reading.read_support(words, calibration, held.cache)


def fill_words(held: Held, reading: "Reading", words: LabelWords, say: Say, check: Callable[[], None]) -> None:
    """Read whole, on the rows read so far, those of the words that need it."""
    if lacking := reading.lacking(words):
        check()
        say({"kind": "phase", "text": f"reading {counted(len(lacking), 'word')}"})
        with reading.counting_calls():
            reading.fill(lacking, held.cache, check)
