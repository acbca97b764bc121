"""``promptlab model``: which models are here, what one is, and whether its answers can be trusted."""

from typing import Annotated, Any

import typer

from promptlab.cli import console, options
from promptlab.cli.edge import DOES_NOT_HOLD, DONE

app = typer.Typer(help="Look at language models: list, show, check.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="MODEL", help="embedded, a folder, or a hub name.")]


@app.command("list")
def list_models(json: options.Json = False) -> None:
    """List the models on this machine: the embedded one, and those that the hub's cache holds."""
    from promptlab.cli.tables import Column, number, table_lines, text
    from promptlab.jobs.models import models_here
    from promptlab.text import size

    found = models_here()
    if json:
        console.show_document("model list", [one.to_json() for one in found])
        return
    columns = (text("model"), Column("family"), text("type"), number("size"), text("remark"))
    rows = [(one.name, one.family, one.type, size(one.bytes), one.problem) for one in found]
    console.show_lines(table_lines(columns, rows, width=console.width()))


@app.command("show")
def show_model(
    model: Name,
    revision: options.Revision = None,
    device: options.Device = "auto",
    dtype: options.Dtype = None,
    offline: options.Offline = False,
    json: options.Json = False,
) -> None:
    """Show what a model is: family, size, longest prompt, precision; of the embedded model also how it was made."""
    from promptlab.cli.figures import fact_lines
    from promptlab.cli.loading import EMBEDDED, Machine

    lm = Machine(device, None, offline, dtype, revision=revision).load(model)
    from promptlab.jobs.models import describe_model, readme

    about = describe_model(lm)
    if json:
        console.show_document("model show", [about])
        return
    console.show_lines(fact_lines(_facts(about), width=console.width()))
    if lm.name == EMBEDDED:
        console.show()
        console.show(readme(lm).rstrip())


@app.command("check")
def check_model(
    model: Name,
    revision: options.Revision = None,
    device: options.Device = "auto",
    offline: options.Offline = False,
    json: options.Json = False,
) -> int:
    """Check that a model is safe to open and that its answers are its own. Exit code 3 when it cannot be used.

    Its scores at the slots are held against its own full pass, in float32. Exit code 2 when there is no such model.
    """
    from promptlab.errors import ModelError

    console.say(f"Checking {model}.")
    from promptlab.jobs.models import check_model as check
    from promptlab.model.source import find

    place: dict[str, Any] = {"device": device, "offline": offline, "say": console.say}
    source = find(model, revision=revision or "", offline=offline, say=console.say)
    problem = ""
    try:
        lm = check(model, revision=source.revision, **place)
        passed = f"{lm.name}: passed. Its scores equal the model's own in float32 ({lm.family}, {lm.model_type})."
    except ModelError as error:
        if not (source.folder / "config.json").is_file():
            raise  # a folder, but no model's
        problem = str(error)
    if json:
        console.show_document("model check", [{"model": model, "holds": not problem, "problem": problem}])
    else:
        console.show(problem or passed)
    return DOES_NOT_HOLD if problem else DONE


def _facts(about: dict[str, Any]) -> list[tuple[str, str]]:
    from promptlab.cli.loading import parameters

    facts = [
        ("Model", about["name"]),
        ("Revision", about["revision"]),
        ("Folder", about["folder"]),
        ("Family", f"{about['family']}, type {about['type']}"),
        ("Size", parameters(about["parameters"])),
        ("Computes", f"in {about['dtype']} on {about['device']}"),
        ("Vocabulary", f"{about['pieces']:,} pieces"),
        ("Longest", f"{about['max_length']:,} pieces a prompt"),
        *(("Note", note) for note in about["notes"]),
    ]
    return [(name, value) for name, value in facts if value]
