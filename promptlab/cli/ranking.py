"""Several evaluations beside each other: a line each, the most accurate first, and what can be said of the best."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from promptlab.cli.figures import always, fact_lines, model_text, template_text, words_text
from promptlab.cli.tables import number, table_lines, text
from promptlab.results import wording
from promptlab.text import counted

if TYPE_CHECKING:
    from promptlab.cli.evaluations import Evaluated


def ranking_lines(done: "Sequence[Evaluated]", *, width: int) -> list[str]:
    """The table of the evaluations; templates and words by name where they have one."""
    results = [one.result for one in _ranked(done)]
    is_calibrated = any(result["calibration"] for result in results)
    has_models = len({result["model"] for result in results}) > 1
    columns = [number("run"), text("accuracy"), *([number("raw")] if is_calibrated else [])]
    columns += [text("template"), text("words"), *([text("model")] if has_models else [])]
    rows = [_row(result, is_calibrated=is_calibrated, has_models=has_models) for result in results]
    first = results[0]
    facts = [("Task", f"{first['task']}, {first['split']}, {counted(first['n'], 'row')}")]
    if not has_models:
        facts.append(("Model", model_text(first)))
    facts.append(("Baseline", always(first)))
    return [*fact_lines(facts, width=width), "", *table_lines(columns, rows, width=width), ""]


def best_of(done: "Sequence[Evaluated]") -> str:
    """Whether the best can be told from the second, corrected for having been chosen among all the others."""
    from promptlab.results import compare_many

    ranked = _ranked(done)
    against_second, *_ = compare_many({_called(one, line): one.evaluation.scores for line, one in enumerate(ranked, 1)})
    chosen = f"It is the best of {len(done)} on these rows; expect a little less on others."
    return f"Best against second: {against_second.sentence}. {chosen}"


def _ranked(done: "Sequence[Evaluated]") -> "list[Evaluated]":
    return sorted(done, key=lambda one: -one.evaluation.scores.accuracy)


def _called(one: "Evaluated", line: int) -> str:
    """A name that no other line of the table has."""
    return f"run {one.run}" if one.run is not None else f"line {line}"


def _row(result: Mapping[str, Any], *, is_calibrated: bool, has_models: bool) -> list[str]:
    low, high = result["interval"]
    row = [str(result["run"] or "-"), f"{wording.figure(result['accuracy'])} ({wording.interval((low, high))})"]
    if is_calibrated:
        row.append(wording.figure(result["calibration"]["raw"]["accuracy"]) if result["calibration"] else "")
    row += [result.get("template_name") or template_text(result), result.get("words_name") or words_text(result)]
    return [*row, result["model"]] if has_models else row
