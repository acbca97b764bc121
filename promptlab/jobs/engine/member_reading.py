"""Reading what an ensemble's members lack, on the reading thread; it is kept for the next ensemble of these rows."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import torch

from promptlab.errors import MemoryFull, PromptlabError
from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.engine.members import Kept, Lacking, Team, Where, kept_of, lacking
from promptlab.jobs.evaluation import Cost
from promptlab.jobs.wire import Request
from promptlab.model import Readout
from promptlab.task.rows import pick
from promptlab.text import counted

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Reading

_MOST = 24  # readouts that are kept for a reading
_EVERY = 0.1  # seconds between two events of progress


def read_lacking(held: Held, request: Request, team: Team, say: Say) -> Cost:
    """Read what the members lack, on the reading thread, and keep it; what that took.

    A template that cannot be read is left out from then on. Raises Abandoned between batches.
    """
    wanted, reading = lacking(team), team.reading
    calls, started = reading.lm.calls, time.monotonic()
    if wanted:
        say({"kind": "phase", "text": f"reading {counted(len(wanted), 'template')}"})
    progress = _Progress(sum(len(one.rows) for one in wanted), say)
    kept = kept_of(reading)
    for one in wanted:
        try:
            readout = Readout.join(_shards(held, request, reading, one, progress))
        except MemoryFull:
            raise
        except PromptlabError as error:
            kept.problems[one.key] = str(error)
            continue
        before = kept.readouts.pop(one.key, None)
        kept.readouts[one.key] = readout if before is None else readout.with_columns(before.columns)
    _forget(kept, team)
    return Cost(reading.lm.calls - calls, time.monotonic() - started)


def _shards(held: Held, request: Request, reading: "Reading", one: Lacking, progress: "_Progress") -> Iterator[Readout]:
    """Shards in the chunks in which a reading of these rows would come, so that one finds what the other kept."""
    chunks = reading.live.chunks() if one.key.where == "live" else [range(len(one.rows))]
    for places in chunks:
        held.check_abandoned(request)
        held.serve_others()
        at = torch.tensor(places)
        examples = list(pick(one.rows, places))
        for shard in reading.lm.read(one.template, examples, words=one.words, cache=held.cache):
            held.check_abandoned(request)
            progress(len(shard))
            yield replace(shard, rows=at[shard.rows])


def _forget(kept: Kept, team: Team) -> None:
    """Let the oldest readouts go that this team does not need."""
    needed = {member.key(where) for member in team.members for where in get_args(Where)}
    for key in [key for key in kept.readouts if key not in needed][: max(len(kept.readouts) - _MOST, 0)]:
        del kept.readouts[key]


class _Progress:
    """Says how many rows are read, not more often than every ``_EVERY`` seconds."""

    def __init__(self, total: int, say: Say) -> None:
        self._total, self._say, self._done = total, say, 0
        self._started = time.monotonic()
        self._last = self._started - _EVERY

    def __call__(self, rows: int) -> None:
        """So many more rows are read."""
        self._done += rows
        now = time.monotonic()
        if now - self._last >= _EVERY:
            self._last = now
            rate = round(self._done / max(now - self._started, 1e-3), 1)
            self._say({"kind": "progress", "done": self._done, "total": self._total, "rate": rate})
