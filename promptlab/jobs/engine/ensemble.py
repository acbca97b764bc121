"""``ensemble``: several templates and label words as one classifier, beside its members, from what was read."""

from typing import Any

from promptlab.jobs.engine.figures import delta, measured, no_figures
from promptlab.jobs.engine.held import Held, NeedsModel, Say
from promptlab.jobs.engine.member_reading import read_lacking
from promptlab.jobs.engine.members import lacking, team_of
from promptlab.jobs.engine.together import Together, together, weighed_on
from promptlab.jobs.evaluation import Cost, awkward
from promptlab.jobs.wire import Request
from promptlab.task.peek import glance

_MOST = 200  # rows on which members disagree
_WIDTH = 300  # characters of a row's text


def ensemble(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Figures of the whole, its members beside it, and the rows on which they disagree, the most divided first.

    What was never read is read first, on the reading thread. Raises Unread while not all live rows are read,
    ConfigError where no member is left, Abandoned when a newer ensemble or reading came.
    """
    held.check_abandoned(request)
    if lacking(team_of(held, request)):
        raise NeedsModel(read_first)
    return _answer(held, request, Cost(0, 0.0))


def read_first(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """The same on the reading thread, after what the members lack was read."""
    held.check_abandoned(request)
    cost = read_lacking(held, request, team_of(held, request), say)
    return _answer(held, request, cost)


def _answer(held: Held, request: Request, cost: Cost) -> dict[str, Any]:
    found = together(team_of(held, request))  # without members that could not be read
    return {
        "figures": _figures(held, request, found, cost),
        "members": _members(found),
        "weighed_on": weighed_on(found.team),
        "disagreements": _disagreements(found),
    }


def _figures(held: Held, request: Request, found: Together, cost: Cost) -> dict[str, Any]:
    reading = found.team.reading
    return {
        **no_figures(reading, score_rev=request.score_rev),
        **measured(found.scores),
        # A revision that no baseline has: the whole is never the baseline itself.
        "delta": delta(held.baseline, found.scores, {"score_rev": -1}, fingerprint=reading.task.fingerprint),
        "cut": {"rows": int((found.cut > 0).sum()), "pieces": int(found.cut.sum())},
        "calls": cost.calls,
        "from_cache": cost.calls == 0,
        "seconds": round(cost.seconds, 3),
        "rate": None,
        "warnings": [*found.warnings, *awkward(found.ensemble)],
    }


def _members(found: Together) -> list[dict[str, Any]]:
    rows = zip(found.team.members, found.members, found.ensemble.weights, strict=True)
    return [
        {
            "name": member.name,
            "accuracy": scores.accuracy if scores.n else None,
            "interval": list(scores.interval()) if scores.n else None,
            "n": scores.n,
            "weight": weight,
            "agrees": found.agreement(place),
        }
        for place, (member, scores, weight) in enumerate(rows)
    ]


def _disagreements(found: Together) -> list[dict[str, Any]]:
    reading, labels, whole = found.team.reading, found.scores.labels, found.scores
    places = found.most_divided(_MOST).tolist()
    names = found.ensemble.fields
    return [
        {
            "place": place,
            "id": whole.ids[place],
            "text": " | ".join(row.fields[name] for name in names if name in row.fields)[:_WIDTH],
            "label": labels[whole.targets[place]] if whole.targets[place] >= 0 else None,
            "prediction": labels[whole.predictions[place]],
            "votes": {
                member.name: labels[scores.predictions[place]]
                for member, scores in zip(found.team.members, found.members, strict=True)
            },
        }
        for place, row in zip(places, glance(reading.rows, places, names, width=_WIDTH), strict=True)
    ]
