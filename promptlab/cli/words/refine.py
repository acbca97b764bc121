"""``promptlab words refine``: which of many label words a model can use, why not the others, and what it changes."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from promptlab.cli import console, options
from promptlab.cli.words import out as outs
from promptlab.errors import ConfigError

if TYPE_CHECKING:
    from promptlab.jobs.words.refine import Refined
    from promptlab.scoring.refinement import Judged

# Words of a label that are shown without --all.
_KEPT, _DROPPED = 8, 5

Form = Annotated[
    Literal["paper", "code"],
    typer.Option(metavar="FORM", help="paper or code: KPT as it was published, or as its released code has it."),
]
Keep = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Words outside this share of the model's vocabulary, the likeliest first, are rare and dropped; 1 keeps "
        "all. Default: 0.5, for sentiment 1.",
    ),
]
Relevance = Annotated[
    bool | None,
    typer.Option(
        "--relevance/--no-relevance",
        help="Drop words that are nearer to other labels' names than to their own. Default: yes, for sentiment no.",
    ),
]
Texts = Annotated[
    int, typer.Option(metavar="N", min=1, help="Unlabelled texts (of train, else the evaluated ones) to read.")
]
BringBack = Annotated[
    str | None, typer.Option(metavar="WORD,...", help="Words to switch on again, whatever is found about them.")
]
AlsoOff = Annotated[bool, typer.Option("--also-off", help="Judge words too that are off without having been dropped.")]
Calibrate = Annotated[
    bool, typer.Option("--calibrate", help="Divide out each word's prior as well (KPT's last two steps).")
]
All = Annotated[bool, typer.Option("--all", help="Show every word.")]


def refine_words(
    task: options.Task = None,
    template: options.Template = None,
    words: options.Words = None,
    form: Form = "paper",
    keep: Keep = None,
    relevance: Relevance = None,
    texts: Texts = 200,
    bring_back: BringBack = None,
    also_off: AlsoOff = False,
    calibrate: Calibrate = False,
    every: All = False,
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
    """Drop label words that a model hardly ever says or that are nearer to another label (knowledgeable prompt-tuning).

    Works on unlabelled texts; labelled rows only show what it changed. A label's first word is its name and stays. A
    dropped word stays in the file, off, with the reason, and --bring-back switches it on again.
    """
    from promptlab.cli.loading import Machine
    from promptlab.cli.progress import listening
    from promptlab.cli.words.prompted import prepare
    from promptlab.spec import RunSpec

    back = [name for name in map(str.strip, (bring_back or "").split(",")) if name]
    if bring_back is not None and not back:
        raise ConfigError("--bring-back holds no word. Write them with commas: --bring-back 'great,fine'.")
    kept = None if out is None else outs.Out.parse(out, source=words, replace=replace)
    given: dict[str, Any] = {"task": task, "template": template, "words": words, "model": model, "split": split}
    given |= {"limit": limit, "seed": seed, "text": text, "label": label, "labels": labels, "dtype": dtype}
    spec = RunSpec().override(**given)
    machine = Machine(device, threads, offline, spec.dtype, max_length, revision)
    prompted = prepare(spec, machine, encoding=encoding, cache=cache, shared_words=True)
    from promptlab.jobs.evaluation import finish
    from promptlab.jobs.words.refine import Wanted, refine_words

    wanted = Wanted(form, keep, relevance, texts, back, also_off, calibrate, spec.seed)
    with listening("Refining") as listen:
        found = finish(refine_words(prompted.plan, prompted.lm, wanted, cache=prompted.cache), listen)
    if json:
        console.show_document("words refine", [found.to_json()])
    else:
        _show(found, every=every)
    if kept is not None:
        kept.write(found.words)


def _show(found: "Refined", *, every: bool) -> None:
    from promptlab.cli.figures import fact_lines
    from promptlab.cli.tables import number, table_lines, text
    from promptlab.cli.words.scored import figure_lines, heading

    width = console.width()
    console.say("")
    console.show_lines(fact_lines(heading(found.result, found.after), width=width))
    console.show()
    judged = found.refinement.judged
    has_relevance = any(one.relevance is not None for one in judged)
    figures = ("pieces", "prior", "rank", *(["R"] if has_relevance else []))
    columns = (text("label"), text("word"), *map(number, figures), text(""))
    rows = _rows(judged, every=every, has_relevance=has_relevance)
    console.show_lines(table_lines(columns, rows, width=width))
    console.show()
    for line in _counts(found):
        console.show(line)
    console.show()
    console.show_lines(figure_lines({"as given": found.before, "refined": found.after}, width=width))
    console.show(f"{found.comparison.sentence}. No label was used to refine.")


def _rows(judged: "Sequence[Judged]", *, every: bool, has_relevance: bool) -> Iterator[tuple[str, ...]]:
    """Label by label: the words that are kept, then those that are dropped, the first of each."""
    for label, group in groupby(judged, key=lambda one: one.label):
        words = list(group)
        for is_on, most, what in ((True, _KEPT, "kept"), (False, _DROPPED, "dropped")):
            chosen = [one for one in words if one.word.on == is_on]
            shown = chosen if every else chosen[:most]
            yield from (_row(one, has_relevance=has_relevance) for one in shown)
            if len(chosen) > len(shown):
                yield (label, f"... {len(chosen) - len(shown):,} more", *[""] * (4 if has_relevance else 3), what)


def _row(one: "Judged", *, has_relevance: bool) -> tuple[str, ...]:
    from promptlab.scoring.refinement.frequency import probability

    return (
        one.label,
        str(one.word),
        str(one.pieces),
        "" if one.prior is None else probability(one.prior),
        "" if one.rank is None else f"{one.rank:,}",
        *(["" if one.relevance is None else f"{one.relevance:.2f}"] if has_relevance else []),
        "kept" if one.word.on else one.word.dropped,
    )


def _counts(found: "Refined") -> Iterator[str]:
    """How many words of each label stay, and what the others were dropped for."""
    from collections import Counter

    for label, row in found.words.words.items():
        on = len(found.words.active(label))
        causes = Counter(_cause(word.dropped) for word in row if word.dropped)
        why = ", ".join(f"{count:,} {cause}" for cause, count in causes.most_common())
        yield f"{label}: {on:,} kept" + (f", {sum(causes.values()):,} dropped ({why})" if why else "")


def _cause(reason: str) -> str:
    """What a reason begins with, without its numbers: ``rare``, ``nearer to 'sports'``."""
    return reason.split(":")[0].split(" than to ")[0]
