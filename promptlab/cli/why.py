"""``promptlab why``: one prediction taken apart, of a row or of a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptlab.cli import console, options
from promptlab.cli.loading import EMBEDDED, Machine
from promptlab.errors import ConfigError

if TYPE_CHECKING:
    from promptlab.pipeline import Pipeline
    from promptlab.spec import RunSpec
    from promptlab.task import Example

Texts = Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="A text; for a template of two, both.")]
Row = Annotated[str | None, typer.Option(metavar="ROW", help="A row's id, or its number in the split from 1.")]
Run = Annotated[str | None, typer.Option(metavar="RUN", help="The stored run to explain: number, last, or hash.")]


def why(
    texts: Texts = None,
    task: options.Task = None,
    row: Row = None,
    run: Run = None,
    template: options.Template = None,
    words: options.Words = None,
    model: options.Model = None,
    bundle: options.Bundle = None,
    split: options.Split = None,
    text: options.Text = None,
    label: options.Label = None,
    labels: options.Labels = None,
    encoding: options.Encoding = None,
    revision: options.Revision = None,
    device: options.Device = "auto",
    dtype: options.Dtype = None,
    threads: options.Threads = None,
    offline: options.Offline = False,
    max_length: options.MaxLength = None,
    workspace: options.Workspace = options.WORKSPACE,
    json: options.Json = False,
) -> None:
    """Explain one prediction: the prompt as the model saw it, its likeliest words, each label word, each label.

    Name a text, a row of a task (--task T --row ROW) or a row of a stored run (--run RUN --row ROW).
    """
    from promptlab.spec import RunSpec

    given: dict[str, Any] = {"task": task, "template": template, "words": words, "model": model, "split": split}
    spec = RunSpec().override(**given, text=text, label=label, labels=labels)
    machine = Machine(device, threads, offline, dtype, max_length, revision)
    asked = _Asked(tuple(texts or ()), row, run, bundle, spec, machine, encoding, workspace)
    asked.check()
    pipeline, example = _stored(asked) if run is not None else _fresh(asked)
    _explain(pipeline, example, asked, json=json)


@dataclass(frozen=True)
class _Asked:
    """What the options ask for."""

    texts: tuple[str, ...]
    row: str | None
    run: str | None
    bundle: Path | None
    spec: "RunSpec"
    machine: Machine
    encoding: str | None
    workspace: Path

    def check(self) -> None:
        """ConfigError for options that do not go together, or that name nothing to explain."""
        if bool(self.texts) == (self.row is not None):
            raise ConfigError("Name one thing to explain: a text, or --row with --task or --run.")
        if self.row is not None and self.run is None and self.spec.task is None:
            raise ConfigError("--row needs --task or --run, whose row it is.")
        settled = "a stored run" if self.run is not None else "a bundle" if self.bundle is not None else ""
        if not settled:
            return
        self.machine.refuse_for(settled)
        given: dict[str, object] = {"--template": self.spec.template, "--words": self.spec.words}
        given["--model"] = self.spec.model != (EMBEDDED,)
        if self.run is not None:
            given |= {"--task": self.spec.task, "--bundle": self.bundle}
        for option, value in given.items():
            if value:
                raise ConfigError(f"{option} does not go with {settled}, which has its own.")


def _stored(asked: _Asked) -> "tuple[Pipeline, Example]":
    """The classifier of a stored run, and the text or the run's row."""
    from promptlab.cli.store import read_runs

    (run,) = read_runs(asked.workspace, [asked.run or ""])
    console.say(f"Loading what run {run.id} was made with.")
    from promptlab.jobs.plan import plan_rows
    from promptlab.jobs.record import classifier_of, spec_of

    pipeline = _single(classifier_of(run, **asked.machine.place()))
    if asked.row is None:
        return pipeline, _typed(pipeline, asked.texts)
    plan = plan_rows(spec_of(run), encoding=run.spec["encoding"], offline=asked.machine.offline)
    if plan.task.fingerprint != run.fingerprint:
        console.warn(f"The data changed since run {run.id}: this may be another row.")
    return pipeline, _row(plan.rows, asked.row, f"Run {run.id}")


def _fresh(asked: _Asked) -> "tuple[Pipeline, Example]":
    """A bundle, or the template, words and model of the options, and the text or the task's row."""
    example = None
    if asked.row is not None:
        from promptlab.jobs.plan import plan_rows

        plan = plan_rows(asked.spec, encoding=asked.encoding, offline=asked.machine.offline)
        example = _row(plan.rows, asked.row, f"{plan.task.name} {plan.split}")
    pipeline = _of_bundle(asked) if asked.bundle is not None else _of_options(asked)
    return pipeline, example or _typed(pipeline, asked.texts)


def _of_bundle(asked: _Asked) -> "Pipeline":
    console.say(f"Loading the bundle {asked.bundle}.")
    from promptlab.pipeline import load

    return _single(load(asked.bundle or "", **asked.machine.place()))


def _of_options(asked: _Asked) -> "Pipeline":
    from promptlab.jobs.prompt import choose_prompt

    prompt = choose_prompt(asked.spec, encoding=asked.encoding, offline=asked.machine.offline)
    for note in prompt.notes:
        console.say(note)
    lm = asked.machine.load(asked.spec.model[0])
    from promptlab.pipeline import Pipeline

    return Pipeline.of(lm, prompt.template, prompt.words)


def _single(classifier: object) -> "Pipeline":
    from promptlab.pipeline import Pipeline

    if not isinstance(classifier, Pipeline):
        raise ConfigError("This is an ensemble: why explains one template at a time. Name a template and words.")
    return classifier


def _typed(pipeline: "Pipeline", texts: tuple[str, ...]) -> "Example":
    from promptlab.pipeline.inputs import as_examples

    return next(as_examples([texts], pipeline.fields))


def _row(rows: "Sequence[Example]", reference: str, where: str) -> "Example":
    from promptlab.jobs.rows import find_row

    return find_row(rows, reference, where=where)


def _explain(pipeline: "Pipeline", example: "Example", asked: _Asked, *, json: bool) -> None:
    from promptlab.jobs import explain

    explanation = explain(pipeline, example)
    if json:
        about = {"id": example.id if asked.row else None, "label": example.label}
        console.show_document("why", [{**about, **explanation.to_json()}])
        return
    from promptlab.cli.explanation import explanation_lines

    label = example.label if asked.row else None
    console.say("")
    console.show_lines(explanation_lines(explanation, label=label, width=console.width()))
