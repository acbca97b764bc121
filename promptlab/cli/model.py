"""``promptlab model``: which models are here, what one is, whether its answers can be trusted; converting, deleting."""

from pathlib import Path
from typing import Annotated, Any

import typer

from promptlab.cli import console, options, training
from promptlab.cli.edge import DOES_NOT_HOLD, DONE

app = typer.Typer(help="Look at language models, convert and train them.", no_args_is_help=True)

app.command("adapt", short_help="Go on with the training of a model, on text of one's own.")(training.adapt)
app.command("pretrain", short_help="Make a tokenizer and a model from nothing but text.")(training.pretrain)

Name = Annotated[
    str, typer.Argument(metavar="MODEL", help="embedded, gemma-3-270m, a folder, a GGUF file or a hub name.")
]
Source = Annotated[Path, typer.Argument(metavar="FILE_OR_FOLDER", help="A GGUF file, or a folder with .bin weights.")]
Out = Annotated[Path, typer.Option(metavar="FOLDER", help="The new folder.")]
Converted = Annotated[str, typer.Argument(metavar="NAME", help="A converted model: its file's name, or its sha256.")]


@app.command("list")
def list_models(json: options.Json = False) -> None:
    """List the models on this machine: embedded, packaged, converted, and those that the hub's cache holds."""
    from promptlab.cli.tables import Column, number, table_lines, text
    from promptlab.jobs.models import models_here
    from promptlab.text import size

    found = models_here()
    if json:
        console.show_document("model list", [one.to_json() for one in found])
        return
    columns = (text("model"), Column("family"), text("type"), number("size"), text("remark"))
    converted = {one.name for one in found if one.kind == "converted"}
    rows = [
        (
            one.name,
            one.family,
            one.type,
            size(one.bytes) if one.bytes else "",
            one.problem or ("installed, see below" if one.kind == "package" else one.remark),
        )
        for one in found
        if one.kind != "package" or one.name not in converted
    ]
    console.show_lines(table_lines(columns, rows, width=console.width()))
    for one in found:
        if one.kind == "package":
            console.show(f"\n{one.name}: {one.remark} {one.problem}".rstrip())


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


@app.command("convert")
def convert_model(source: Source, out: Out, json: options.Json = False) -> None:
    """Write a GGUF file, or a folder with .bin weights, as an ordinary model folder: safetensors, config, tokenizer.

    Weights in .bin form can hold code: they are opened in a process of its own, by PyTorch's loader for numbers alone.
    """
    from dataclasses import asdict

    from promptlab.jobs.converted import convert_model as convert

    origin = convert(source, out, say=console.say)
    if json:
        console.show_document("model convert", [{"folder": str(out), **asdict(origin)}])
    console.say(f"Written: {out}. Use it: promptlab eval --model {out}")


@app.command("delete")
def delete_model(name: Converted, json: options.Json = False) -> None:
    """Delete a converted model from the cache; the file that it came from stays."""
    from promptlab.jobs.converted import delete_model as delete
    from promptlab.text import size

    deleted = delete(name)
    if json:
        about = {"model": deleted.origin.source, "folder": str(deleted.folder), "bytes": deleted.bytes}
        console.show_document("model delete", [about])
        return
    console.show(f"Deleted {deleted.origin.source}: {size(deleted.bytes)} freed.")


def _facts(about: dict[str, Any]) -> list[tuple[str, str]]:
    from promptlab.cli.loading import parameters

    facts = [
        ("Model", about["name"]),
        ("Revision", about["revision"]),
        ("Folder", about["folder"]),
        ("Family", f"{about['family']}, type {about['type']}"),
        ("Size", parameters(about["parameters"])),
        ("Quantized", f"{about['quantization']}, unpacked" if about["quantization"] else ""),
        ("Computes", f"in {about['dtype']} on {about['device']}"),
        ("Vocabulary", f"{about['pieces']:,} pieces"),
        ("Longest", f"{about['max_length']:,} pieces a prompt"),
        *(("Note", note) for note in about["notes"]),
    ]
    return [(name, value) for name, value in facts if value]
