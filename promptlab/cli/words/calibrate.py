"""``promptlab words calibrate``: the kinds of calibration beside each other, and one of them kept with the words."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptlab.cli import console, options
from promptlab.cli.words import out as outs
from promptlab.errors import ConfigError
from promptlab.verbalizer.words import CalibrationKind

if TYPE_CHECKING:
    from promptlab.jobs.words.calibrate import Calibrations

Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        help="batch, contextual, domain, pmi or word; several times for several. Default: all.",
    ),
]
Premise = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT", help="What pmi reads: 'The quote has a tone that is'. Default: the template with empty fields."
    ),
]


def calibrate_words(
    task: options.Task = None,
    template: options.Template = None,
    words: options.Words = None,
    kind: Kinds = None,
    premise: Premise = None,
    out: outs.Reference = None,
    replace: outs.Replace = False,
    model: options.Model = None,
    split: options.Split = None,
    limit: options.Limit = None,
    seed: options.Seed = None,
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
    json: options.Json = False,
) -> None:
    """Divide out what label words get before any text speaks, in several ways on the same rows.

    Each kind is fitted on its own texts: batch and word on train texts (else the evaluated ones), domain on random
    words of theirs, contextual and pmi on none. --out keeps the words with the one kind that --kind names.
    """
    from promptlab.cli.loading import Machine
    from promptlab.cli.progress import listening
    from promptlab.cli.words.prompted import prepare
    from promptlab.options import convert
    from promptlab.spec import RunSpec

    kinds: list[CalibrationKind] = [
        convert(name, CalibrationKind, where="--kind") for name in dict.fromkeys(kind or ())
    ]
    if out is not None and len(kinds) != 1:
        raise ConfigError("--out keeps one kind of calibration: name it with one --kind.")
    if premise is not None and kinds and "pmi" not in kinds:
        raise ConfigError("--premise goes with --kind pmi, which alone reads it.")
    kept = None if out is None else outs.Out.parse(out, source=words, replace=replace)
    given: dict[str, Any] = {"task": task, "template": template, "words": words, "model": model, "split": split}
    given |= {"limit": limit, "seed": seed, "text": text, "label": label, "labels": labels, "dtype": dtype}
    spec = RunSpec().override(**given)
    machine = Machine(device, threads, offline, spec.dtype, max_length, revision)
    from promptlab.jobs.support import parse_premise

    asked = None if premise is None else parse_premise(premise)
    prompted = prepare(spec, machine, encoding=encoding, cache=cache)
    from promptlab.jobs.evaluation import finish
    from promptlab.jobs.words.calibrate import calibrate_by_kinds

    events = calibrate_by_kinds(prompted.plan, prompted.lm, kinds, premise=asked, seed=spec.seed, cache=prompted.cache)
    with listening("Calibrating") as listen:
        found = finish(events, listen)
    if json:
        console.show_document("words calibrate", found.to_json())
    else:
        _show(found)
    if kept is not None:
        kept.write(found.kinds[0].words)


def _show(found: "Calibrations") -> None:
    from promptlab.cli.figures import fact_lines
    from promptlab.cli.words.scored import figure_lines, heading

    width = console.width()
    console.say("")
    console.show_lines(fact_lines(heading(found.about, found.raw), width=width))
    console.show()
    rows = {"uncalibrated": found.raw, **{str(one.kind): one.scores for one in found.kinds}}
    console.show_lines(figure_lines(rows, width=width))
    console.show()
    console.show_lines(fact_lines([(one.kind, f"on {one.support}") for one in found.kinds], width=width))
