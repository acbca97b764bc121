"""The held evaluation as the run that the store keeps of it: what ``promptlab eval`` would have stored."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from promptlab.jobs.engine.held import Held, Unread
from promptlab.jobs.evaluation import Cost, Evaluation, Rows, as_evaluation, awkward
from promptlab.jobs.plan import Plan
from promptlab.jobs.record import as_run
from promptlab.jobs.scored import LeftOut
from promptlab.jobs.wire import Request
from promptlab.model import LanguageModel, NeedsReading
from promptlab.results import Run
from promptlab.spec import RunSpec
from promptlab.text import counted

if TYPE_CHECKING:
    from promptlab.jobs.engine.live import Judged, Reading
    from promptlab.pipeline import Pipeline


def complete(held: Held, request: Request) -> "Reading":
    """The reading that the request is about; raises Unread while not all of its rows are read."""
    reading = held.current(request)
    if not reading.complete:
        raise Unread(f"Only {reading.read:,} of {counted(len(reading.rows), 'row')} are read: ask again when all are.")
    return reading


def judged_of(reading: "Reading", request: Request) -> "Judged":
    """All rows under the words that the request is about; raises Unread where something of them is not read yet."""
    words, calibration, score_rev = reading.newest()
    if request.score_rev not in (0, score_rev):
        raise Unread("These label words have not been scored yet.")
    try:
        judged = reading.scores(words, calibration)
    except NeedsReading as need:
        raise Unread(f"{str(need)!r} has not been read whole yet.") from need
    if judged.pending:
        raise Unread(judged.pending)
    return judged


def run_of(reading: "Reading", judged: "Judged", fields: Mapping[str, Any]) -> Run:
    """The run of a complete reading; ``fields`` may hold ``name``, ``template_name`` and ``words_name``."""
    evaluation = _evaluation(reading, judged, _named(judged.pipeline, fields))
    table = reading.task_table
    plan = Plan(reading.task, reading.split, reading.rows, (), ())
    run = as_run(evaluation, plan, _spec(reading, evaluation), encoding=table.get("encoding") or None)
    return replace(run, name=str(fields.get("name") or run.name))


def _named(pipeline: "Pipeline", fields: Mapping[str, Any]) -> "Pipeline":
    assert pipeline.words is not None
    template = replace(pipeline.template, name=str(fields.get("template_name") or pipeline.template.name))
    named = replace(pipeline.words, name=str(fields.get("words_name") or pipeline.words.name))
    return replace(pipeline.with_words(named), template=template)


def _evaluation(reading: "Reading", judged: "Judged", pipeline: "Pipeline") -> Evaluation:
    task, readout = reading.task, reading.snapshot()[0]
    left_out = LeftOut()
    left_out.add(readout.cut, readout.dropped)
    return as_evaluation(
        pipeline,
        Rows(reading.rows, task.name, reading.split, task.fingerprint),
        judged.scores,
        judged.raw,
        left_out=left_out,
        warnings=[*awkward(pipeline), *judged.warnings],
        cost=Cost(reading.calls, reading.seconds),
    )


def _spec(reading: "Reading", evaluation: Evaluation) -> RunSpec:
    """The options with which ``promptlab eval`` would read these rows again."""
    table, calibration = reading.task_table, evaluation.result["calibration"]
    is_fitted = calibration is not None and reading.newest()[1] is not None
    return RunSpec(
        task=table["reference"],
        model=(_reference(evaluation.classifier.lm),),
        template=(str(reading.template),),
        split=reading.split,
        limit=len(reading.rows) if len(reading.rows) < reading.live.total else None,
        seed=reading.seed,
        calibrate=calibration["kind"] if is_fitted else None,
        labels=table.get("labels") or None,
        text=table.get("text") or None,
        label=table.get("label") or None,
    )


def _reference(lm: LanguageModel) -> str:
    return f"{lm.name}@{lm.revision}" if lm.revision else lm.name
