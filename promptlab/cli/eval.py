"""``promptlab eval``: templates and label words on labelled rows, one evaluation or a table of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptlab.cli import console, options
from promptlab.cli.store import say_next
from promptlab.verbalizer.words import CalibrationKind

if TYPE_CHECKING:
    from promptlab.cli.evaluations import Asked, Evaluated
    from promptlab.spec import RunSpec

Calibrate = Annotated[
    CalibrationKind | None,
    typer.Option(
        metavar="KIND",
        help="Divide out what labels or words get anyway: batch, word (over train texts), contextual, pmi (over empty "
        "ones), domain (over random words).",
    ),
]
Demos = Annotated[
    int | None, typer.Option(metavar="N", help="Solved train examples a label, where the template has {demos}.")
]
Spec = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A TOML file with these options; those given here go first.")
]


def evaluate(
    task: options.Task = None,
    template: options.Templates = None,
    words: options.WordsList = None,
    model: options.Models = None,
    split: options.Split = None,
    limit: options.Limit = None,
    seed: options.Seed = None,
    calibrate: Calibrate = None,
    demos: Demos = None,
    bundle: options.Bundle = None,
    spec: Spec = None,
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
    cache: options.Cache = None,
    workspace: options.Workspace = options.WORKSPACE,
    json: options.Json = False,
    events: options.Events = False,
) -> None:
    """Measure how accurate a prompt is on labelled rows.

    Without options it runs the sample. Several --template, --words or --model make a table of all their pairs.
    """
    from promptlab.cli.evaluations import Asked, evaluate_all
    from promptlab.cli.loading import Machine
    from promptlab.cli.progress import EventStream

    console.refuse_both(json, events)
    given: dict[str, Any] = {"task": task, "template": template, "words": words, "model": model, "split": split}
    given |= {"limit": limit, "seed": seed, "calibrate": calibrate, "text": text, "label": label, "labels": labels}
    asked_spec = _read_spec(spec).override(**given, dtype=dtype)
    # The precision stays with the spec, which a run's identity is made of.
    machine = Machine(device, threads, offline, max_length=max_length, revision=revision)
    asked = Asked(asked_spec, machine, encoding, demos, bundle, cache, workspace)
    asked.check()
    stream = EventStream("eval", asked_spec.hash()) if events else None
    _report(asked, evaluate_all(asked, stream), stream=stream, json=json)


def _read_spec(path: Path | None) -> "RunSpec":
    from promptlab.spec import RunSpec

    if path is None:
        return RunSpec()
    spec = RunSpec.from_toml(path)
    unused = [key for key in ("k", "seeds", "minutes", "out", "search", "fit") if key in spec.to_table()]
    if unused:
        console.say(f"{path}: eval has no use for {', '.join(unused)}.")
    return spec


def _report(asked: "Asked", done: "Sequence[Evaluated]", *, stream: Any, json: bool) -> None:
    """Print the results as asked, and the commands that go on from the best."""
    from promptlab.cli.ranking import best_of, ranking_lines
    from promptlab.results.events import Done

    results = [one.result for one in done]
    if stream is not None:
        stream(Done("finished", result=console.document("eval", results)))
    elif json:
        console.show_document("eval", results)
    elif len(done) == 1:
        _show_one(results[0])
    else:
        console.show_lines(ranking_lines(done, width=console.width()))
        console.show(best_of(done))
    best = max(done, key=lambda one: one.evaluation.scores.accuracy)
    if best.run is not None:
        say_next(best.run, asked.workspace)


def _show_one(result: dict[str, Any]) -> None:
    from promptlab.cli.figures import result_lines

    console.say("")
    console.show_lines(result_lines(result, width=console.width()))
    console.say("")
