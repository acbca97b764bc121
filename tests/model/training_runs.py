"""Text that can be learnt, and short runs on it, for the tests of training."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from promptlab.model.training import Place, Settings
from promptlab.results.events import Done, Event, Note

FLOAT = Place(dtype="float32", threads=1)
FEW = Settings(steps=40, batch_pieces=256, sequence=32, learning_rate=1e-2, held_out=0.05)

_SENTENCES = (
    "one two three four five six seven eight nine ten.",
    "the movie is a terrible bore.",
    "the team won the game on Sunday.",
    "what is the answer?",
)


def toy_text(path: Path, *, documents: int = 200, seed: int = 0) -> Path:
    """A file of documents, a line each: three sentences drawn from four, and a number, so that none repeats."""
    rng = np.random.default_rng(seed)
    lines = [" ".join([*rng.choice(_SENTENCES, 3), str(number)]) for number in range(documents)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def finished(events: Iterable[Event]) -> dict[str, Any]:
    """The result of a run that ends well."""
    (last,) = [event for event in events if isinstance(event, Done)]
    assert last.outcome == "finished"
    return dict(last.result)


def notes(events: Iterable[Event]) -> list[str]:
    """The sentences of a run."""
    return [event.text for event in events if isinstance(event, Note)]
