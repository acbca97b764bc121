"""``promptlab words whatif``: the accuracy with each candidate word added or alone, and without each word in use."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from promptlab.cli import console, options
from promptlab.errors import ConfigError

if TYPE_CHECKING:
    from promptlab.jobs.words.what_if import WordChanges
    from promptlab.verbalizer import Word

WordsGiven = Annotated[
    str | None, typer.Option("--candidates", metavar="WORD,...", help="The words to try. Default: the model's own.")
]
ListFile = Annotated[
    Path | None, typer.Option("--list", metavar="FILE", help="Words to try: text, CSV, JSON or a verbalizer file.")
]
Count = Annotated[int, typer.Option(metavar="N", min=1, help="Changes shown for each label.")]
Split = Annotated[str | None, typer.Option(metavar="SPLIT", help="train, dev or test. Default: dev, else train.")]
Limit = Annotated[
    int | None, typer.Option(metavar="N", help="A seeded sample of this many rows, at most. Default: 1000.")
]
Calibrate = Annotated[
    Literal["batch"] | None,
    typer.Option(metavar="batch", help="Judge every change after batch calibration on the rows."),
]


def what_if(
    task: options.Task = None,
    template: options.Template = None,
    words: options.Words = None,
    model: options.Model = None,
    candidates: WordsGiven = None,
    list_file: ListFile = None,
    count: Count = 8,
    calibrate: Calibrate = None,
    split: Split = None,
    limit: Limit = None,
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
    """See what each word does: the accuracy if a word were added to a label, stood there alone, or were removed.

    Rows come from dev, else from train, 1,000 at most unless --limit says otherwise, and never from test unless --split
    does. One half of them ranks the words, the other says what to expect.
    """
    from promptlab.cli.loading import Machine, reading_cache
    from promptlab.jobs import finish, make_plan
    from promptlab.jobs.plan import CHOOSING_ORDER
    from promptlab.jobs.words.setting import one_prompt
    from promptlab.jobs.words.what_if import DEFAULT_LIMIT, try_words
    from promptlab.spec import RunSpec

    spec = RunSpec().override(task=task, template=template, words=words, model=model, split=split, seed=seed)
    spec = spec.override(limit=DEFAULT_LIMIT if limit is None else limit, text=text, label=label, labels=labels)
    given = words_given(candidates, list_file)
    plan = make_plan(spec, encoding=encoding, offline=offline, order=CHOOSING_ORDER)
    prompt, in_use = one_prompt(plan)
    for note in plan.notes:
        console.say(note)
    machine = Machine(device, threads, offline, dtype, max_length, revision)
    lm, kept = machine.load(spec.model[0]), reading_cache(cache, len(plan.rows))
    from promptlab.cli.progress import listening

    changes = try_words(lm, prompt, in_use, plan.rows, given, refit=calibrate == "batch", seed=spec.seed, cache=kept)
    with listening("Reading") as listen:
        found = finish(changes, listen)
    if json:
        about = {"task": plan.task.name, "split": plan.split, "n": sum(found.found.rows)}
        console.show_document("words whatif", [{**about, **found.to_json(count=count)}])
    else:
        _show(found, count)


def words_given(candidates: str | None, list_file: Path | None) -> "list[Word] | None":
    """The words of ``--candidates`` and ``--list``; None where neither is given, ConfigError where both hold none."""
    if candidates is None and list_file is None:
        return None
    from promptlab.verbalizer import Word
    from promptlab.verbalizer.word_lists import plain_words

    texts = [text for text in map(str.strip, (candidates or "").split(",")) if text]
    words = [Word(text, provenance="given") for text in texts]
    if list_file is not None:
        words += [Word(text, provenance=list_file.name) for text in plain_words(str(list_file))]
    if not words:
        raise ConfigError("--candidates holds no word. Write them with commas: --candidates 'great,fine,awful'.")
    return words


def _show(changes: "WordChanges", count: int) -> None:
    from promptlab.results.wording import figure
    from promptlab.text import counted

    found, result = changes.found, changes.to_json(count=count)
    chosen, other = found.rows
    console.say("")
    refitted = ", batch-calibrated" if result["refit"] else ""
    console.show(
        f"Now: {figure(found.now[0])} on the half that chooses ({counted(chosen, 'row')}), {figure(found.now[1])} on "
        f"the other ({counted(other, 'row')}){refitted}."
    )
    console.show()
    console.show_lines(_change_lines(result["changes"]))
    console.show(
        f"The best of {counted(found.tried, 'change')} on the half that chooses. The other half had no part in that: "
        "its figures say what to expect."
    )
    console.show()
    console.show_lines(_worth_lines(result["worth"]))
    for pair in result["confused"]:
        first, second = pair["labels"]
        console.show()
        taken = f"{first!r} and {second!r} are taken for each other on {counted(pair['n'], 'row')} of that half."
        console.show(f"{taken} On rows of these two:")
        console.show_lines(_change_lines(pair["words"]))


def _change_lines(changes: Sequence[dict[str, Any]]) -> list[str]:
    from promptlab.cli.tables import number, table_lines, text
    from promptlab.results.wording import figure, points

    columns = (text("label"), text("word"), text("change"), number("chosen"), number("other"), number("effect"))
    rows = [
        (
            one["label"],
            one["word"],
            "added" if one["change"] == "add" else "alone",
            figure(one["chosen"]),
            figure(one["other"]),
            points(one["effect"]),
            str(one["pieces"]),
            one["provenance"],
        )
        for one in changes
    ]
    return table_lines((*columns, number("pieces"), text("from")), rows, width=console.width())


def _worth_lines(worth: Sequence[dict[str, Any]]) -> list[str]:
    """What each word in use is worth: by how many points the accuracy on each half falls without it."""
    from promptlab.cli.tables import number, table_lines, text
    from promptlab.results.wording import points

    rows = [
        (one["label"], one["word"], *(map(points, one["worth"]) if one["worth"] else ("only word", "")))
        for one in worth
    ]
    return table_lines(
        (text("label"), text("word in use"), number("worth, chosen"), number("other")), rows, width=console.width()
    )
