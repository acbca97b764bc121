"""Tables of figures on the same rows, for commands that compare label words with those that they began with."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from promptlab.cli.tables import Column, number, table_lines, text
from promptlab.results import wording
from promptlab.text import counted

if TYPE_CHECKING:
    from promptlab.results import Comparison, Scores

_VERDICTS = {"first": "worse", "second": "better", "too few": "too few to tell", "no difference": "no difference"}


def figure_lines(scores: "Mapping[str, Scores]", *, width: int) -> list[str]:
    """A line for each: accuracy, interval, calibration error, Brier score, log-loss, and what can be said against the
    first (McNemar's test, corrected for their number)."""
    from promptlab.results import compare_many

    against: dict[str, Comparison] = {one.names[1]: one for one in compare_many(scores)}
    columns = [Column(""), number("accuracy"), Column("interval"), *map(number, ("ECE", "Brier", "log-loss"))]
    rows = [
        [
            name,
            wording.figure(one.accuracy),
            wording.interval(one.interval()),
            *map(wording.figure, (one.ece(), one.brier, one.log_loss)),
            _VERDICTS[against[name].verdict] if name in against else "",
        ]
        for name, one in scores.items()
    ]
    return table_lines([*columns, text("verdict")], rows, width=width)


def heading(result: Mapping[str, Any], scores: "Scores") -> list[tuple[str, str]]:
    """What was worked on: rows, template and model."""
    from promptlab.cli.figures import template_text

    name = result["template_name"]
    shown = template_text(result)
    return [
        ("Task", f"{result['task']}, {result['split']}, {counted(scores.n, 'row')}"),
        ("Template", f"{name}: {shown}" if name else shown),
        ("Model", f"{result['model']}, {result['dtype']}"),
    ]
