"""``promptlab predict``: a bundle on one text, on the lines of standard input, or on a file."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptlab.cli import console, options
from promptlab.cli.edge import keeping
from promptlab.cli.loading import Machine, describe
from promptlab.errors import ConfigError, DataError
from promptlab.spec import RunSpec
from promptlab.text import counted, shorten

if TYPE_CHECKING:
    from promptlab.jobs.scored import Classifier

_STDIN = "-"
Folder = Annotated[Path, typer.Argument(metavar="BUNDLE", help="The bundle's folder.")]
Inputs = Annotated[
    list[str],
    typer.Argument(metavar="FILE|TEXT", help="A file; a text (for a template of two, both); - for stdin, a line each."),
]
Out = Annotated[Path | None, typer.Option(metavar="FILE", help="Where a file's predictions go: a new .csv or .jsonl.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")]
NoTexts = Annotated[bool, typer.Option("--no-texts", help="Leave the texts out of the file.")]


def predict(
    bundle: Folder,
    inputs: Inputs,
    out: Out = None,
    resume: Resume = False,
    no_texts: NoTexts = False,
    text: options.Text = None,
    label: options.Label = None,
    encoding: options.Encoding = None,
    model: options.Model = None,
    device: options.Device = "auto",
    dtype: options.Dtype = None,
    threads: options.Threads = None,
    offline: options.Offline = False,
    json: options.Json = False,
) -> None:
    """Label a text, or every row of a file: the label, the margin and each label's probability.

    A file streams into OUT.partial and gets its name at the end; --resume goes on after an interruption.
    """
    spec = RunSpec().override(text=text, label=label)
    machine = Machine(device, threads, offline, dtype)
    asked = _Asked(bundle, model, machine, out, resume, not no_texts, spec, encoding, json)
    source = _file(inputs)
    if source is not None:
        _label_file(asked, source)
    elif out is not None or resume:
        raise ConfigError("--out and --resume go with a file of texts.")
    elif inputs == [_STDIN]:
        _label_lines(asked)
    else:
        _label_text(asked, inputs)


@dataclass(frozen=True)
class _Asked:
    """What the options ask for."""

    bundle: Path
    model: str | None
    machine: Machine
    out: Path | None
    resume: bool
    texts: bool
    spec: RunSpec
    encoding: str | None
    json: bool

    def classifier(self) -> "Classifier":
        """The bundle's classifier, with its model said."""
        console.say(f"Loading the bundle {self.bundle}.")
        from promptlab.pipeline import load

        classifier = load(self.bundle, self.model, dtype=self.machine.dtype, **self.machine.place())
        describe(classifier.lm)
        return classifier


def _file(inputs: list[str]) -> Path | None:
    """The file that the one input names; None for texts. DataError for a name that ends like a file's and is none."""
    from promptlab.task.formats import ending_of

    if len(inputs) != 1 or inputs == [_STDIN]:
        return None
    path = Path(inputs[0]).expanduser()
    try:
        if path.is_file():
            return path
    except OSError:  # a text that is too long for a file's name
        return None
    if ending_of(path) and not any(map(str.isspace, inputs[0])):
        raise DataError(f"There is no file {inputs[0]!r}.")
    return None


def _label_text(asked: _Asked, texts: list[str]) -> None:
    classifier = asked.classifier()
    (scores,) = classifier([tuple(texts)], top_k=None)
    if asked.json:
        console.show_document("predict", [_entry(scores)])
        return
    from promptlab.cli.tables import Column, number, table_lines

    rows = [(entry["label"], f"{entry['score']:.3f}") for entry in scores]
    console.show_lines(table_lines((Column(""), number("")), rows, width=console.width()))


def _label_lines(asked: _Asked) -> None:
    """The lines of standard input, each as a text: label, probability and text, a line each."""
    classifier = asked.classifier()
    texts = (line.rstrip("\r\n") for line in sys.stdin)
    if asked.json:
        console.show_document("predict", [_entry(scores) for scores in classifier(texts, top_k=None)])
        return
    for line in _labelled(classifier, texts):
        console.show_lines([line])


def _labelled(classifier: "Classifier", texts: Iterator[str]) -> Iterator[str]:
    """Label, probability and text of each text, a block of texts at a time."""
    from itertools import islice

    from promptlab.pipeline.classify import CHUNK

    while block := list(islice(texts, CHUNK)):
        for given, entry in zip(block, classifier(block), strict=True):
            yield f"{entry['label']}  {entry['score']:.3f}  {given}"


def _entry(scores: list[dict[str, Any]]) -> dict[str, Any]:
    """The likeliest label, its probability and everyone's."""
    return {
        "label": scores[0]["label"],
        "score": scores[0]["score"],
        "scores": {one["label"]: one["score"] for one in scores},
    }


def _label_file(asked: _Asked, source: Path) -> None:
    from promptlab.jobs.plan import open_task
    from promptlab.task import every_row

    if asked.out is None:
        raise ConfigError(f"The predictions of the file {str(source)!r} need a place: add --out predictions.csv.")
    task = open_task(asked.spec.override(task=str(source)), encoding=asked.encoding)
    for note in task.notes:
        console.say(note)
    rows = every_row(task)
    classifier = asked.classifier()
    from promptlab.cli.progress import listening
    from promptlab.jobs.predict import origin_of, predict_file

    origin = origin_of(asked.bundle, classifier, task.fingerprint)
    events = predict_file(classifier, rows, asked.out, origin=origin, resume=asked.resume, texts=asked.texts)
    kept = f"What was labelled is kept in {asked.out}.partial; the same command with --resume goes on."
    with keeping(lambda: kept), listening(shorten(source.name, 24)) as listen:
        for event in events:
            listen(event)
    console.say(f"Wrote {counted(len(rows), 'row')} to {asked.out}.")
    if asked.json:
        console.show_document("predict", [{"out": str(asked.out), "n": len(rows), "labels": list(classifier.labels)}])
