"""``promptlab data``: a task looked through before it is measured, and one file split into three."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptlab.cli import console, options
from promptlab.cli.edge import DOES_NOT_HOLD, DONE
from promptlab.spec import RunSpec

if TYPE_CHECKING:
    from promptlab.task import Report

app = typer.Typer(help="Look at labelled data: check, split.", no_args_is_help=True)

Given = Annotated[str, typer.Argument(metavar="TASK", help="A file, a folder, a sample, or hub:name/config@revision.")]
New = Annotated[Path, typer.Argument(metavar="FOLDER", help="The new folder.")]
Dev = Annotated[float, typer.Option(metavar="SHARE", help="The share of labelled rows for dev.")]
Test = Annotated[float, typer.Option(metavar="SHARE", help="The share of labelled rows for test.")]
Against = Annotated[str | None, typer.Option("--model", "-m", metavar="MODEL", help="Count lengths in its pieces.")]
# Rows that are named below a finding.
_SHOWN = 5


@app.command("check")
def check_data(
    task: Given,
    model: Against = None,
    text: options.Text = None,
    label: options.Label = None,
    labels: options.Labels = None,
    encoding: options.Encoding = None,
    offline: options.Offline = False,
    json: options.Json = False,
) -> int:
    """Look for what makes figures doubtful: leakage between splits, repeated texts, odd labels, long texts.

    Exit code 3 when an error was found: a text in two splits, one text under two labels, a split without any text.
    """
    from promptlab.jobs.plan import open_task
    from promptlab.task import check_task

    spec = RunSpec().override(task=task, text=text, label=label, labels=labels)
    found = open_task(spec, encoding=encoding, offline=offline)
    for note in found.notes:
        console.say(note)
    lengths, limit = _lengths(model, offline=offline) if model is not None else (None, None)
    report = check_task(found, lengths=lengths, limit=limit)
    if json:
        console.show_document("data check", [report.to_dict()])
    else:
        _show(report)
    return DONE if report.holds else DOES_NOT_HOLD


@app.command("split")
def split_data(
    task: Given,
    folder: New,
    dev: Dev = 0.1,
    test: Test = 0.2,
    seed: options.Seed = None,
    text: options.Text = None,
    label: options.Label = None,
    labels: options.Labels = None,
    encoding: options.Encoding = None,
    json: options.Json = False,
) -> None:
    """Make a folder of train, dev and test out of one task, seeded, each label in the same shares."""
    from promptlab.jobs.plan import open_task
    from promptlab.task import split_file
    from promptlab.text import counted

    spec = RunSpec().override(task=task, text=text, label=label, labels=labels, seed=seed)
    found = open_task(spec, encoding=encoding)
    for note in found.notes:
        console.say(note)
    rows = split_file(found, folder, dev=dev, test=test, seed=spec.seed)
    if json:
        console.show_document("data split", [{"folder": str(folder), "seed": spec.seed, "rows": rows}])
        return
    sizes = ", ".join(f"{split} {counted(count, 'row')}" for split, count in rows.items())
    console.show(f"{folder}: {sizes} (seed {spec.seed}).")
    console.say(f"Next: promptlab eval --task {folder}")


def _lengths(model: str, *, offline: bool) -> tuple[Callable[[Sequence[str]], Sequence[int]], int]:
    """A count of the model's pieces, and how many it reads."""
    from promptlab.cli.loading import Machine

    lm = Machine(offline=offline).load(model)
    frame = sum(map(len, lm.around()))
    return lambda texts: [len(lm.tokens.ids(each)) for each in texts], lm.max_length - frame


def _show(report: "Report") -> None:
    """What is there, then warnings, then errors, each with the first rows that it is about."""
    from promptlab.text import counted, listed, shorten

    for level in ("info", "warning", "error"):
        for finding in report.findings:
            if finding.level != level:
                continue
            console.show(finding.sentence if level == "info" else f"{level.capitalize()}: {finding.sentence}")
            if finding.ids and level != "info":
                console.show(f"  rows {listed((shorten(each, 40) for each in finding.ids), most=_SHOWN)}")
    errors, warnings = len(report.of_level("error")), len(report.of_level("warning"))
    console.show()
    console.show(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}.")
