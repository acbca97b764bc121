"""The members of an ensemble: checked against model and task, and what is kept of what was read for them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args
from weakref import WeakKeyDictionary

from promptlab.errors import ConfigError, PromptlabError
from promptlab.jobs.engine.held import Held
from promptlab.jobs.engine.kept import complete
from promptlab.jobs.plan import cell_name
from promptlab.jobs.wire import Request
from promptlab.model import Readout
from promptlab.pipeline import Pipeline
from promptlab.task import Example, sample_rows
from promptlab.template import Template, check_template
from promptlab.text import listed
from promptlab.verbalizer import Word, fit_labels, from_table

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Reading

Weights = Literal["uniform", "accuracy", "hand"]
Where = Literal["live", "train"]
# Train rows on which members are weighed.
WEIGHED_ON = 200


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
class Kept:
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


_OF_READING: "WeakKeyDictionary[Reading, Kept]" = WeakKeyDictionary()


def kept_of(reading: "Reading") -> Kept:
    """What is kept for a reading."""
    return _OF_READING.setdefault(reading, Kept())


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
    for where in get_args(Where):
        if problem := kept_of(reading).problems.get(member.key(where)):
            raise ConfigError(problem)
    return member


def _train(reading: "Reading", weights: Weights) -> Sequence[Example]:
    """Rows that are not those that are evaluated; none where weights need none, or there is no train split."""
    if weights != "accuracy" or reading.split == "train" or not len(reading.task.train):
        return ()
    return sample_rows(reading.task.train, WEIGHED_ON, seed=reading.seed)


def _found(reading: "Reading", key: Key) -> Readout | None:
    if (kept := kept_of(reading).readouts.get(key)) is not None:
        return kept
    own = Key(str(reading.template), reading.template.truncate, "live")
    return reading.snapshot()[0] if key == own else None
