"""``promptlab words search``: label words out of labelled rows, reported on rows that the search never saw."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from promptlab.cli import console, options
from promptlab.cli.words import out as outs
from promptlab.cli.words.what_if import ListFile, WordsGiven, words_given
from promptlab.errors import ConfigError

if TYPE_CHECKING:
    from promptlab.jobs.words.search import Searched

Method = Annotated[
    Literal["lm-bff", "petal", "autoprompt", "greedy", "beam"],
    typer.Option(
        metavar="METHOD",
        help="petal: several words a label by likelihood ratio. lm-bff: one by trying combinations. autoprompt: by a "
        "regression on slot vectors. greedy, beam: change the words in use one at a time.",
    ),
]
Shots = Annotated[int, typer.Option("--k", metavar="N", min=1, help="Rows a label to choose on.")]
Setting = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An option of the method, such as words=5.")
]
_COMBINED = {"mean": "the mean log-probability", "logsumexp": "the summed probability", "max": "the likeliest"}


def search_words(
    method: Method = "petal",
    k: Shots = 16,
    task: options.Task = None,
    template: options.Templates = None,
    words: options.Words = None,
    model: options.Model = None,
    setting: Setting = None,
    candidates: WordsGiven = None,
    list_file: ListFile = None,
    split: options.ReportOn = None,
    limit: options.Limit = None,
    seed: options.Seed = None,
    out: outs.Reference = None,
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
    """Search for label words on a few labelled rows, and report on rows that the search never saw.

    The model reads once; the methods look through its vocabulary after that. Several --template are searched together.
    """
    from promptlab.cli.loading import Machine, reading_cache
    from promptlab.jobs import finish, make_plan
    from promptlab.jobs.words.shots import draw_shots
    from promptlab.spec import RunSpec

    spec = RunSpec().override(task=task, template=template, words=words, model=model, seed=seed)
    spec = spec.override(text=text, label=label, labels=labels)
    place = outs.Out.parse(out, replace=replace) if out is not None else None
    given, settings = words_given(candidates, list_file), read_settings(setting)
    plan = make_plan(spec, encoding=encoding, offline=offline)
    shots = draw_shots(plan.task, k, seed=spec.seed, split=split, limit=limit)
    # Which rows the plan holds does not matter here: the shots say which are used.
    for note in (*plan.other_notes, shots.sentence):
        console.say(note)
    from promptlab.jobs.words.search import check_settings, search_prompt
    from promptlab.jobs.words.search import search_words as search

    check_settings(method, settings, search_prompt(plan)[0])
    machine = Machine(device, threads, offline, dtype, max_length, revision)
    lm, kept = machine.load(spec.model[0]), reading_cache(cache, len(shots.unseen))
    from promptlab.cli.progress import listening

    with listening("Searching", unit="step") as listen:
        searched = search(lm, plan, shots, method, given, settings=settings, seed=spec.seed, cache=kept)
        found = finish(searched, listen)
    if json:
        console.show_document("words search", [found.to_json()])
    else:
        _show(found)
    if place is not None:
        place.write(found.found.words)


def read_settings(given: Sequence[str] | None) -> dict[str, Any]:
    """``NAME=VALUE`` pairs; ConfigError for another form."""
    settings = {}
    for pair in given or ():
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not name or not equals or not value:
            raise ConfigError(f"--set {pair!r}: write an option of the method and its value, such as words=5.")
        settings[name] = value
    return settings


def _show(searched: "Searched") -> None:
    """The words with where they come from, figures on the unseen rows, and whether they are better in words."""
    from promptlab.cli.words.scored import figure_lines
    from promptlab.text import counted

    words = searched.found.words
    console.say("")
    console.show_lines(_word_lines(searched))
    console.show(f"Chosen among {searched.found.among}; {_COMBINED[words.combine]} of a label's words counts.")
    console.show()
    before, after = searched.evaluations
    scores = {"start": before.raw, "found": after.raw}
    if searched.calibrated is not None:
        scores |= {"start, batch": before.scores, "found, batch": after.scores}
    console.show_lines(figure_lines(scores, width=console.width()))
    console.show()
    console.show(f"On {counted(before.raw.n, 'row')} of {searched.shots.split}: {searched.comparison.sentence}.")
    if searched.calibrated is not None:
        console.show(f"Both batch-calibrated on the texts of the rows chosen on: {searched.calibrated.sentence}.")


def _word_lines(searched: "Searched") -> list[str]:
    from promptlab.cli.tables import table_lines, text

    words = searched.found.words
    rows = [(label, str(word), word.provenance) for label in words.labels for word in words.active(label)]
    return table_lines((text("label"), text("word"), text("from")), rows, width=console.width())
