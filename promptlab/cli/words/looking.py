"""``promptlab words list|show|check``: label words of the library and the user's own, and how a model writes them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptlab.cli import console, options
from promptlab.cli.edge import DOES_NOT_HOLD, DONE

if TYPE_CHECKING:
    from promptlab.model import SpeltWord
    from promptlab.verbalizer import LabelWords, Word

Of = Annotated[str | None, typer.Argument(metavar="TASK", help="A task of the library, for its label words.")]
Reference = Annotated[
    str, typer.Argument(metavar="WORDS", help="sst2#manual, file.toml#name, or 'positive=great ...'.")
]


def list_words(task: Of = None, json: options.Json = False) -> None:
    """List the tasks that have label words, or the label words of one task."""
    from promptlab.cli.tables import number, table_lines, text
    from promptlab.verbalizer import own_words

    if task is None:
        entries = [{"task": name, "words": [one.name for one in own_words(name)]} for name in _tasks()]
        columns = (text("task"), number("sets"), text("names"))
        rows = [(str(one["task"]), str(len(one["words"])), ", ".join(one["words"])) for one in entries]
    else:
        found = own_words(task)
        entries = [_entry(words) for words in found]
        columns = (text("words"), number("words"), text("labels"))
        rows = [(one.name, str(len(one.every_word())), _line(one)) for one in found]
    if json:
        console.show_document("words list", entries)
    else:
        console.show_lines(table_lines(columns, rows, width=console.width()))


def show_words(words: Reference, json: options.Json = False) -> None:
    """Show label words whole: each label's words, how they are combined, where they come from."""
    from promptlab.cli.figures import fact_lines
    from promptlab.verbalizer import own_words

    found = own_words(words)
    if json:
        console.show_document("words show", [_entry(one) for one in found])
        return
    for place, one in enumerate(found):
        if place:
            console.show()
        console.show_lines(fact_lines(_facts(one), width=console.width()))


def check_words(
    words: Reference,
    task: options.Task = None,
    template: options.Template = None,
    model: options.Model = None,
    labels: options.Labels = None,
    revision: options.Revision = None,
    device: options.Device = "auto",
    threads: options.Threads = None,
    offline: options.Offline = False,
    json: options.Json = False,
) -> int:
    """Check how a model writes each label word where the template has its slot. Exit code 3 when one is awkward.

    A word of several pieces, an unknown word and a first piece shared by two labels are awkward.
    """
    from promptlab.cli.loading import Machine
    from promptlab.jobs.prompt import choose_prompt
    from promptlab.spec import RunSpec

    spec = RunSpec().override(task=task, template=template, words=words, labels=labels)
    prompt = choose_prompt(spec, offline=offline)
    for note in prompt.notes:
        console.say(note)
    lm = Machine(device, threads, offline, revision=revision).load(model)
    from promptlab.model import spell_words

    lm.check(prompt.template)
    spelt = spell_words(lm, prompt.template, prompt.words)
    if json:
        console.show_document("words check", [_spelt_entry(one) for one in spelt])
    else:
        _show_spelt(spelt)
    return DOES_NOT_HOLD if any(one.problems for one in spelt) else DONE


def _show_spelt(spelt: "Sequence[SpeltWord]") -> None:
    from promptlab.cli.tables import Column, number, table_lines, text
    from promptlab.text import counted

    columns = (text("label"), text("word"), text("pieces"), number("id"), Column(""))
    rows = [
        (
            one.label,
            str(one.word),
            " ".join(one.entries),
            " ".join(map(str, one.ids)),
            "awkward" if one.problems else "",
        )
        for one in spelt
    ]
    console.show_lines(table_lines(columns, rows, width=console.width()))
    problems = list(dict.fromkeys(problem for one in spelt for problem in one.problems))
    for problem in problems:
        console.show(problem)
    if not problems:
        console.say(f"All {counted(len(spelt), 'word')}: one piece each, no two labels alike.")


def _spelt_entry(one: "SpeltWord") -> dict[str, Any]:
    about = {"label": one.label, "word": str(one.word), "ids": list(one.ids), "pieces": list(one.entries)}
    return {**about, "problems": list(one.problems)}


def _tasks() -> list[str]:
    from promptlab.verbalizer import library_verbalizers

    return sorted({*library_verbalizers(), *(path.stem for path in Path("verbalizers").glob("*.toml"))})


def _entry(words: "LabelWords") -> dict[str, Any]:
    from promptlab.verbalizer import to_table

    return {"name": words.name, "labels": list(words.labels), **to_table(words)}


def _line(words: "LabelWords") -> str:
    from promptlab.jobs.plan import words_text

    return words_text(words)


def _shown(word: "Word") -> str:
    return str(word) if word.on else f"{word} (off)"


def _facts(words: "LabelWords") -> list[tuple[str, str]]:
    facts = [("Words", words.name), *((label, ", ".join(map(_shown, words.words[label]))) for label in words.labels)]
    facts += [("Pieces", words.pieces), ("Combined", words.combine), ("Source", words.source)]
    return [(name, value) for name, value in facts if value]
