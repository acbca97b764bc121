"""The members of an ensemble: checked against model and task, and what the model says to their prompts, read once."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args
from weakref import WeakKeyDictionary

import torch

from promptlab.errors import ConfigError, MemoryFull, PromptlabError
from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.engine.kept import complete
from promptlab.jobs.evaluation import Cost
from promptlab.jobs.plan import cell_name
from promptlab.jobs.wire import Request
from promptlab.model import Readout
from promptlab.pipeline import Pipeline
from promptlab.task import Example, sample_rows
from promptlab.task.rows import pick
from promptlab.template import Template, check_template
from promptlab.text import counted, listed
from promptlab.verbalizer import Word, fit_labels, from_table

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Reading

Weights = Literal["uniform", "accuracy", "hand"]
Where = Literal["live", "train"]
# Train rows on which members are weighed.
WEIGHED_ON = 200
_KEPT = 24  # readouts that are kept for a reading
_EVERY = 0.1  # seconds between two events of progress


class Key(NamedTuple):
    """What a readout is of: the template's text, where its fields are cut, and which rows."""

    template: str
    truncate: str
    where: Where


@dataclass(frozen=True, eq=False)
class Member:
    """One pipeline under its name; ``weight`` counts where weights are set by hand."""

    name: str
    pipeline: Pipeline
    weight: float

    def key(self, where: Where) -> Key:
        """What its readout of these rows is kept under."""
        return Key(str(self.pipeline.template), self.pipeline.template.truncate, where)

    def whole_words(self) -> tuple[Word, ...]:
        """Its words that the model must read whole."""
        return self.pipeline.verbalizer.whole_words(self.pipeline.lm, self.pipeline.template)


@dataclass(frozen=True, eq=False)
class Team:
    """The members that this model can answer, how they are weighed, and a sentence for each that was left out.

    ``train`` are the rows that they are weighed on; empty where these are the live rows, or none.
    """

    reading: "Reading"
    members: tuple[Member, ...]
    weights: Weights
    train: Sequence[Example]
    left_out: tuple[str, ...]

    def readout(self, member: Member, where: Where = "live") -> Readout:
        """What was read for a member."""
        found = _found(self.reading, member.key(where))
        assert found is not None
        return found


@dataclass(eq=False)
class _Kept:
    """What was read for the ensembles of one reading, and why some templates could not be read."""

    readouts: dict[Key, Readout] = field(default_factory=dict)
    problems: dict[Key, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Lacking:
    """What is still to be read: one template on some rows, with words that are read whole."""

    key: Key
    template: Template
    rows: Sequence[Example]
    words: tuple[Word, ...]


_OF_READING: "WeakKeyDictionary[Reading, _Kept]" = WeakKeyDictionary()


def team_of(held: Held, request: Request) -> Team:
    """The request's members on the rows of its reading.

    Raises Unread while not all rows are read, ConfigError for unknown weights and where no member is left.
    """
    reading, fields = complete(held, request), request.fields
    weights: Weights = fields.get("weights") or "uniform"
    if weights not in get_args(Weights):
        raise ConfigError(f"Unknown weights {weights!r}. Known: {listed(get_args(Weights))}.")
    members: dict[str, Member] = {}
    left_out: list[str] = []
    for table in fields.get("members") or ():
        try:
            member = _member(reading, table, taken=members)
        except PromptlabError as error:
            left_out.append(f"{table.get('name') or table.get('template')} is left out. {error}")
        else:
            members[member.name] = member
    if not members:
        raise ConfigError(" ".join(["No member is left to combine. Tick one or more.", *left_out]))
    return Team(reading, tuple(members.values()), weights, _train(reading, weights), tuple(left_out))


def lacking(team: Team) -> list[Lacking]:
    """What the members still need of the model."""
    needed: dict[Key, tuple[Template, Sequence[Example], dict[str, Word]]] = {}
    places: list[tuple[Where, Sequence[Example]]] = [("live", team.reading.rows)]
    if len(team.train):
        places.append(("train", team.train))
    for member in team.members:
        for where, rows in places:
            words = needed.setdefault(member.key(where), (member.pipeline.template, rows, {}))[2]
            words |= {str(word): word for word in member.whole_words()}
    return [
        Lacking(key, template, rows, tuple(words.values()))
        for key, (template, rows, words) in needed.items()
        if (found := _found(team.reading, key)) is None or not words.keys() <= found.columns.keys()
    ]


def read_lacking(held: Held, request: Request, team: Team, say: Say) -> Cost:
    """Read what the members lack, on the reading thread, and keep it; what that took.

    A template that cannot be read is left out from then on. Raises Abandoned between batches.
    """
    wanted, reading = lacking(team), team.reading
    calls, started = reading.lm.calls, time.monotonic()
    if wanted:
        say({"kind": "phase", "text": f"reading {counted(len(wanted), 'template')}"})
    progress = _Progress(sum(len(one.rows) for one in wanted), say)
    kept = _OF_READING.setdefault(reading, _Kept())
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


def _member(reading: "Reading", table: Mapping[str, Any], *, taken: Mapping[str, Member]) -> Member:
    template = Template.parse(str(table["template"]), truncate=table.get("truncate") or "tail")
    check_template(template, reading.task.fields)
    words = fit_labels(from_table(table["words"], where="the label words"), reading.task.labels)
    weight = float(table.get("weight", 1.0))
    if not math.isfinite(weight) or weight < 0:
        raise ConfigError(f"Its weight must be 0 or more, not {weight}.")
    pipeline = Pipeline.of(reading.lm, template, words)
    name = str(table.get("name") or cell_name(template, words))
    names = (name, *(f"{name} ({number})" for number in range(2, len(taken) + 2)))
    member = Member(next(one for one in names if one not in taken), pipeline, weight)
    kept = _OF_READING.get(reading, _Kept())
    for where in get_args(Where):
        if problem := kept.problems.get(member.key(where)):
            raise ConfigError(problem)
    return member


def _train(reading: "Reading", weights: Weights) -> Sequence[Example]:
    """Rows that are not those that are evaluated; none where weights need none, or there is no train split."""
    if weights != "accuracy" or reading.split == "train" or not len(reading.task.train):
        return ()
    return sample_rows(reading.task.train, WEIGHED_ON, seed=reading.seed)


def _found(reading: "Reading", key: Key) -> Readout | None:
    kept = _OF_READING.get(reading)
    if kept is not None and key in kept.readouts:
        return kept.readouts[key]
    own = Key(str(reading.template), reading.template.truncate, "live")
    return reading.snapshot()[0] if key == own else None


def _shards(
    held: Held, request: Request, reading: "Reading", one: Lacking, progress: "Callable[[int], None]"
) -> Iterator[Readout]:
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


def _forget(kept: _Kept, team: Team) -> None:
    """Let the oldest readouts go that this team does not need."""
    needed = {member.key(where) for member in team.members for where in get_args(Where)}
    for key in [key for key in kept.readouts if key not in needed][: max(len(kept.readouts) - _KEPT, 0)]:
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
