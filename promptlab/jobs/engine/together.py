"""An ensemble's numbers: members combined on rows that were read for all of them, and where they disagree."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.jobs.engine.known import targets_of
from promptlab.jobs.engine.members import Member, Team, Where
from promptlab.pipeline import Ensemble, as_scores
from promptlab.results import Scores
from promptlab.task.rows import ids_of
from promptlab.text import counted

_OPTIMISTIC = (
    "The weights are the members' accuracies on the very rows that these figures are of: the figures are optimistic. "
    "Weights of their own need a train split beside the rows that are evaluated."
)
_ALL_WRONG = "No member is right on any row that weights could be taken from: all members weigh the same."


@dataclass(frozen=True, eq=False)
class Together:
    """The members' scores and the whole's on the live rows (N), in the data's order; ``cut`` (N,) lost pieces."""

    team: Team
    ensemble: Ensemble
    members: tuple[Scores, ...]
    scores: Scores
    cut: Tensor
    warnings: tuple[str, ...]

    def agreement(self, place: int) -> float | None:
        """The share of rows on which a member says what the whole says; None without rows."""
        same = self.members[place].predictions == self.scores.predictions
        return float(same.mean()) if len(same) else None

    def most_divided(self, most: int) -> NDArray[np.int64]:
        """Places of up to ``most`` rows on which members disagree: the fewest on one side first, then the closest."""
        votes = np.stack([scores.predictions for scores in self.members])  # (M, N)
        sides = np.stack([(votes == label).sum(axis=0) for label in np.unique(votes)])  # (labels, N)
        largest = sides.max(axis=0)
        places = np.flatnonzero(largest < len(self.members))
        order = np.lexsort((places, self.scores.margins()[places], largest[places]))
        found: NDArray[np.int64] = places[order][:most]
        return found


def together(team: Team) -> Together:
    """The members combined; everything that they need was read. Raises ConfigError for weights that are all 0."""
    ids, targets = tuple(ids_of(team.reading.rows)), targets_of(team.reading)
    logprobs = [_logprobs(team, member) for member in team.members]
    labels = team.members[0].pipeline.labels

    def as_live(values: Tensor) -> Scores:
        return Scores(labels, values.float().numpy(), targets, ids)

    scores = tuple(map(as_live, logprobs))
    weights, warnings = _weights(team, scores)
    ensemble = Ensemble(tuple(member.pipeline for member in team.members), tuple(weights))
    cut = _most([team.readout(member).cut for member in team.members])
    whole = as_live(ensemble.combine(logprobs))
    return Together(team, ensemble, scores, whole, cut, (*team.left_out, *warnings))


def _logprobs(team: Team, member: Member, where: Where = "live") -> Tensor:
    return member.pipeline.verbalizer(team.readout(member, where))


def _most(counts: Sequence[Tensor]) -> Tensor:
    """(N,): the largest count of any member."""
    largest = counts[0]
    for one in counts[1:]:
        largest = largest.maximum(one)
    return largest


def _weights(team: Team, scores: Sequence[Scores]) -> tuple[list[float], list[str]]:
    """A weight for each member, and what has to be said about them."""
    if team.weights == "hand":
        weights = [member.weight for member in team.members]
        if not any(weights):
            raise ConfigError("All weights are 0. Give one member or more a weight above 0.")
        return weights, []
    if team.weights == "uniform":
        return [1.0] * len(team.members), []
    warnings = []
    if len(team.train):
        labels = team.members[0].pipeline.labels
        scores = [as_scores(labels, _logprobs(team, member, "train"), team.train) for member in team.members]
    else:
        warnings.append(_OPTIMISTIC)
    accuracies = [one.accuracy if one.n else 0.0 for one in scores]
    if not any(accuracies):
        return [1.0] * len(accuracies), [_ALL_WRONG]
    return accuracies, warnings


def weighed_on(team: Team) -> str:
    """Which rows the weights come from; empty where they come from none."""
    if team.weights != "accuracy":
        return ""
    return f"{counted(len(team.train), 'train row')}" if len(team.train) else team.reading.sentence
