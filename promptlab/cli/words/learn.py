"""``promptlab words learn``: a verbalizer learnt on a few labelled rows, reported on rows that it never saw."""

import dataclasses
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from promptlab.cli import console, options
from promptlab.cli.words import out as outs
from promptlab.errors import ConfigError
from promptlab.paths import is_taken

if TYPE_CHECKING:
    from promptlab.jobs.words.learned import LearnedBySeeds
    from promptlab.model import Depth

_ALL = "all"
MethodName = Literal["weights", "soft", "prototype", "linear", "auto"]
Method = Annotated[
    MethodName,
    typer.Option(
        metavar="METHOD",
        help="auto: kinds, depths and mixtures with the words, chosen by rows left out. linear: logistic regression on "
        "slot vectors. prototype: nearness to labels' prototypes. soft: a vector for each label. weights: how much "
        "each label word counts.",
    ),
]
Shots = Annotated[str, typer.Option("--k", metavar="N|all", help="Rows a label to learn from; all of train.")]
Seeds = Annotated[
    str | None, typer.Option(metavar="N,N,...", help="Several draws of the rows learnt from; the first is written.")
]
Depths = Annotated[
    str | None,
    typer.Option(
        metavar="N,N,top",
        help="Layers after which the slot is read, and top. Default: about six from half of the model, and the top.",
    ),
]
Average = Annotated[
    bool, typer.Option("--average", help="Average over all of these depths instead of choosing among them.")
]
Target = Annotated[
    str | None,
    typer.Option(
        "--out", metavar="FOLDER", help="A new bundle such as bundles/mine; weights also into a file.toml#name."
    ),
]


def learn_words(
    method: Method = "auto",
    k: Shots = "16",
    task: options.Task = None,
    template: options.Template = None,
    words: options.Words = None,
    model: options.Model = None,
    seeds: Seeds = None,
    depths: Depths = None,
    average: Average = False,
    split: options.ReportOn = None,
    limit: options.Limit = None,
    seed: options.Seed = None,
    out: Target = None,
    replace: outs.Replace = False,
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
    """Learn a verbalizer on a few labelled rows, the model as it is, and report on rows that it never saw.

    The model reads the rows once; learning takes seconds. The words alone, calibrated, stand beside it.
    """
    from promptlab.cli.loading import Machine, reading_cache
    from promptlab.cli.progress import listening
    from promptlab.jobs import finish, make_plan
    from promptlab.spec import RunSpec

    given: dict[str, Any] = {"task": task, "template": template, "words": words, "model": model, "seed": seed}
    spec = RunSpec().override(**given, limit=limit, text=text, label=label, labels=labels)
    place = _place(out, method, replace=replace)
    count, draws, levels = _count(k), _seeds(seeds, spec.seed), read_depths(depths)
    # The shots are drawn from all rows; the limit is for those that are reported on.
    plan = make_plan(dataclasses.replace(spec, limit=None), encoding=encoding, offline=offline)
    from promptlab.jobs.words.learn import Wanted, learn

    wanted = Wanted(method, count, draws, levels, average, split, spec.limit)
    drawn = wanted.draw(plan.task)
    # Which rows the plan holds does not matter here: the shots say which are used.
    for note in (*plan.other_notes, drawn[0].sentence):
        console.say(note)
    machine = Machine(device, threads, offline, dtype, max_length, revision)
    lm, kept = machine.load(spec.model[0]), reading_cache(cache, len(drawn[0].unseen))
    with listening("Learning") as listen:
        found = finish(learn(lm, plan, drawn, wanted, cache=kept), listen)
    if json:
        console.show_document("words learn", [found.to_json()])
    else:
        from promptlab.cli.words.learned import show_learned

        show_learned(found)
    if place is not None:
        _write(place, found)


def read_depths(given: str | None) -> "tuple[Depth, ...]":
    """``12,14,top`` as depths; ConfigError for what is neither a layer from 1 nor ``top``."""
    found: list[Depth] = []
    for part in (part.strip() for part in (given or "").split(",") if part.strip()):
        if part != "top" and not (_is_whole(part) and int(part) >= 1):
            raise ConfigError(f"--depths {given!r}: write layers from 1 and top, such as 12,14,16,top.")
        found.append("top" if part == "top" else int(part))
    return tuple(dict.fromkeys(found))


def _is_whole(text: str) -> bool:
    """Whether it is a whole number, and none of thousands of digits."""
    return text.isascii() and text.isdigit() and len(text) <= 10


def _count(k: str) -> int | None:
    if k == _ALL:
        return None
    if not (_is_whole(k) and int(k) >= 1):
        raise ConfigError(f"--k {k!r}: write how many rows of each label to learn from, or all.")
    return int(k)


def _seeds(given: str | None, seed: int) -> tuple[int, ...]:
    parts = [part.strip() for part in (given or str(seed)).split(",")]
    if not all(_is_whole(part) and int(part) < 2**32 for part in parts):
        option = "--seed" if given is None else "--seeds"
        raise ConfigError(f"{option} {given or seed!r}: write whole numbers below {2**32:,}, such as 13,14,15.")
    return tuple(dict.fromkeys(map(int, parts)))


def _place(out: str | None, method: str, *, replace: bool) -> outs.Out | Path | None:
    """Where to write: an entry of a verbalizer file for weights, else a new folder; refused before any work."""
    if out is None:
        return None
    if ".toml" in out:
        if method != "weights":
            raise ConfigError(
                f"--out {out!r}: {method} learns no label words, which is what such a file holds. Name a new folder "
                "for a bundle, such as bundles/mine."
            )
        return outs.Out.parse(out, replace=replace)
    folder = Path(out).expanduser()
    if is_taken(folder):
        raise ConfigError(f"{out!r} exists already. Choose another folder, or remove that one first.")
    outs.check_writable(folder, out)
    return folder


def _write(place: outs.Out | Path, found: "LearnedBySeeds") -> None:
    """The first seed's words into their file, or its classifier into a bundle; and how to use it."""
    pipeline = found.first.pipeline
    if len(found.runs) > 1:
        console.say(f"Of {len(found.runs)} seeds, what was learnt with the first ({found.first.seed}) is written.")
    if isinstance(place, outs.Out):
        assert pipeline.words is not None
        place.write(pipeline.words)
        return
    from promptlab.pipeline import save
    from promptlab.pipeline.using import predict_command

    save(pipeline, place, about=found.bundle_about())
    console.say(f"Saved in {place}. Use it:")
    console.say(f"  {predict_command(str(place))}")
    console.say(f"  promptlab eval --bundle {shlex.quote(str(place))} --task FILE")
