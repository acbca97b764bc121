"""``promptlab templates``: the library and the user's own, shown and checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptlab.cli import console, options
from promptlab.cli.edge import DOES_NOT_HOLD, DONE
from promptlab.errors import PromptlabError

if TYPE_CHECKING:
    from promptlab.model import LanguageModel
    from promptlab.template import Template

app = typer.Typer(help="Look at templates: list, show, check.", no_args_is_help=True)

Of = Annotated[str | None, typer.Argument(metavar="TASK", help="A task of the library, for its templates.")]
Reference = Annotated[str, typer.Argument(metavar="TEMPLATE", help="sst2#it-was, sst2, file.toml, or one written out.")]


@app.command("list")
def list_templates(task: Of = None, json: options.Json = False) -> None:
    """List the tasks that have templates, or the templates of one task."""
    from promptlab.cli.tables import number, table_lines, text

    if task is None:
        entries = [_task_entry(name, own=own) for name, own in _tasks()]
        columns = [text("task"), text("kind"), number("templates"), text("labels")]
        rows = [[one["task"], one["kind"], str(one["templates"]), ", ".join(one["labels"])] for one in entries]
    else:
        from promptlab.template import resolve_templates

        found = resolve_templates(task)
        entries = [_entry(template) for template in found]
        columns = [text("template"), text("text")]
        rows = [[one.name, _line(one)] for one in found]
    if json:
        console.show_document("templates list", entries)
        return
    console.show_lines(table_lines(columns, rows, width=console.width()))
    if task is None:
        console.say("The templates of one task: promptlab templates list TASK")


@app.command("show")
def show_templates(template: Reference, json: options.Json = False) -> None:
    """Show templates whole: text, fields, slots, source."""
    from promptlab.cli.figures import fact_lines
    from promptlab.template import resolve_templates

    found = resolve_templates(template)
    if json:
        console.show_document("templates show", [_entry(one) for one in found])
        return
    for place, one in enumerate(found):
        if place:
            console.show()
        console.show_lines(fact_lines(_facts(one), width=console.width()))


@app.command("check")
def check_templates(
    template: Reference,
    task: options.Task = None,
    model: options.Model = None,
    offline: options.Offline = False,
    json: options.Json = False,
) -> int:
    """Check that templates parse, have a slot, and name only fields of the task. Exit code 3 when one does not.

    With --model, also that the model can answer them.
    """
    fields = _fields(task, offline=offline)
    lm = None
    if model is not None:
        from promptlab.cli.loading import Machine

        lm = Machine(offline=offline).load(model)
    checks = list(_checked(template, fields, lm))
    if json:
        results = [
            {"template": one.name, "holds": not one.problem, "problem": one.problem, "notes": list(one.notes)}
            for one in checks
        ]
        console.show_document("templates check", results)
    else:
        for one in checks:
            console.show(f"{one.name}: {one.problem}" if one.problem else f"{one.name}: good")
            for note in one.notes:
                console.show(f"  {note}")
    return DOES_NOT_HOLD if any(one.problem for one in checks) else DONE


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    problem: str = ""
    notes: tuple[str, ...] = ()


def _checked(reference: str, fields: tuple[str, ...] | None, lm: "LanguageModel | None") -> Iterator[_Check]:
    """Each template that the reference names, and what is wrong with it."""
    from promptlab.template import check_template, resolve_templates

    for name in _names(reference):
        try:
            (template,) = resolve_templates(name)
            check_template(template, template.fields() if fields is None else fields)
            if lm is not None:
                lm.check(template)
            yield _Check(name, notes=() if lm is None else tuple(lm.chat.notes(template)))
        except PromptlabError as error:
            yield _Check(name, str(error))


def _names(reference: str) -> list[str]:
    """A reference for each entry of a file or task, so that one wrong entry does not hide the others."""
    from promptlab.template import library_file, library_tasks, read_templates, split_reference

    if "{" in reference or "\n" in reference:
        return [reference]
    path, name = split_reference(reference)
    if name:
        return [reference]
    own = Path("templates") / f"{path}.toml"
    names: dict[str, None] = {}
    if ".toml" in reference:
        names |= dict.fromkeys(read_templates(Path(path).expanduser()).entries)
    elif own.is_file():
        names |= dict.fromkeys(read_templates(own).entries)
    if ".toml" not in reference and path in library_tasks():
        names |= dict.fromkeys(library_file(path).entries)
    return [f"{path}#{entry}" for entry in names] or [reference]


def _fields(task: str | None, *, offline: bool) -> tuple[str, ...] | None:
    if task is None:
        return None
    from promptlab.task import load_task

    return load_task(task, offline=offline).fields


def _tasks() -> list[tuple[str, bool]]:
    """The tasks that have templates, and whether a file of the working folder has some."""
    from promptlab.template import library_tasks

    own = {path.stem for path in Path("templates").glob("*.toml")}
    return [(name, name in own) for name in sorted({*own, *library_tasks()})]


def _task_entry(name: str, *, own: bool) -> dict[str, Any]:
    from promptlab.template import library_file, library_tasks, read_templates

    file = library_file(name) if name in library_tasks() else read_templates(Path("templates") / f"{name}.toml")
    labels = list(file.labels[0]) if file.labels else []
    return {"task": name, "kind": file.kind, "templates": len(file.entries), "labels": labels, "own": own}


def _entry(template: "Template") -> dict[str, Any]:
    about = {"template": template.name, "text": str(template), "fields": list(template.fields())}
    shape = {"slots": template.slots(), "turns": list(template.turns()), "truncate": template.truncate}
    return {**about, **shape, "source": template.source}


def _facts(template: "Template") -> list[tuple[str, str]]:
    facts = [("Template", template.name), ("Text", _line(template)), ("Fields", ", ".join(template.fields()))]
    facts += [("Slots", str(template.slots())), ("Turns", ", ".join(template.turns()))]
    facts += [("Cut at", template.truncate), ("Source", template.source)]
    return [(name, value) for name, value in facts if value]


def _line(template: "Template") -> str:
    """The text on one line, as ``--template`` takes it."""
    return str(template).replace("\n", "\\n")
