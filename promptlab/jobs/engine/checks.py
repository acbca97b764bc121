"""``check``: a look through all rows of a task for what makes its figures doubtful."""

from typing import Any

from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.wire import Request
from promptlab.task import check_task


def check(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Whether no finding is an error, and the findings; lengths are in words. Raises DataError and ConfigError."""
    say({"kind": "phase", "text": "looking through the rows"})
    report = check_task(held.task(request.fields["task"])).to_dict()
    return {
        "holds": report["holds"],
        "findings": [{**one, "counts": dict(one["counts"])} for one in report["findings"]],
    }
