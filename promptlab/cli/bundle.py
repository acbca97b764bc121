"""``promptlab bundle``: a stored run as a folder that can be shipped, and what such a folder holds."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from promptlab.cli import console, options

app = typer.Typer(help="Keep a run's classifier as a folder: save, show.", no_args_is_help=True)

New = Annotated[Path, typer.Argument(metavar="FOLDER", help="The new folder, such as bundles/reviews.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The bundle's folder.")]


@app.command("save")
def save_bundle(
    run: options.Run,
    folder: New,
    device: options.Device = "auto",
    threads: options.Threads = None,
    offline: options.Offline = False,
    workspace: options.Workspace = options.WORKSPACE,
    json: options.Json = False,
) -> None:
    """Save the classifier of a stored run: template, label words, calibration, the model's name, the figures."""
    from promptlab.cli.loading import Machine
    from promptlab.cli.store import read_runs

    (found,) = read_runs(workspace, [run])
    console.say(f"Loading what run {found.id} was made with.")
    from promptlab.jobs.record import save_run
    from promptlab.pipeline.using import predict_command

    written = save_run(found, folder, **Machine(device, threads, offline).place())
    if json:
        console.show_document("bundle save", [{"run": found.id, "folder": str(written)}])
    console.say(f"Saved run {found.id} in {written}. Use it:")
    console.say(f"  {predict_command(str(written))}")
    console.say(f"  promptlab eval --bundle {shlex.quote(str(written))} --task FILE")


@app.command("show")
def show_bundle(folder: Folder, json: options.Json = False) -> None:
    """Show what a bundle holds; its model is not loaded."""
    from promptlab.cli.figures import fact_lines
    from promptlab.pipeline.manifest import read_manifest

    table = read_manifest(folder)
    if json:
        console.show_document("bundle show", [table])
        return
    console.show_lines(fact_lines(_facts(table), width=console.width()))


def _facts(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    from promptlab.pipeline.described import method_text
    from promptlab.results import wording

    model = table["model"]
    revision = f" at {model['revision'][:12]}" if model["revision"] else ""
    packed = wording.unpacked(model.get("quantization", ""))
    facts = [("About", table["about"])] if table.get("about") else []
    facts += [("Model", f"{model['name']}{revision}, {model['family']}{packed}, {model['dtype']}")]
    for member in table.get("member") or [table]:
        facts += _classifier(member)
    if method := method_text(table.get("method", {})):
        facts.append(("Learnt", method))
    facts += _measured(table)
    if "weights" in table:
        facts.append(("Weights", f"trained, sha256 {table['weights']['sha256'][:12]}"))
    made = ", ".join(f"{name} {version}" for name, version in table.get("versions", {}).items())
    return [*facts, ("Made", f"{table.get('created', 'at an unknown time')} with {made}" if made else "unknown")]


def _classifier(member: Mapping[str, Any]) -> list[tuple[str, str]]:
    from promptlab.cli.figures import words_text
    from promptlab.pipeline.described import labels_of, verbalizer_text
    from promptlab.text import counted, listed

    verbalizer = member["verbalizer"]
    facts = [("Template", member["template"]["text"].replace("\n", "\\n"))]
    if verbalizer.get("kind", "words") == "words":
        facts.append(("Words", words_text({"words": verbalizer})))
    else:
        facts += [("Labels", listed(labels_of(verbalizer), most=40)), ("Verbalizer", verbalizer_text(verbalizer))]
    if "weight" in member:
        facts.append(("Weight", f"{member['weight']:g}"))
    if "calibration" in verbalizer:
        calibration = verbalizer["calibration"]
        facts.append(("Calibrated", f"{calibration['kind']}, on {calibration.get('support', 'unknown texts')}"))
    if member.get("demonstration"):
        facts.append(("Shown", counted(len(member["demonstration"]), "solved example")))
    return facts


def _measured(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    from promptlab.cli.figures import accuracy

    metrics, data = table.get("metrics", {}), table.get("data", {})
    if not {"accuracy", "interval", "n"} <= metrics.keys():
        return []
    on = " ".join(str(data[key]) for key in ("task", "split") if key in data)
    return [("Accuracy", f"{accuracy(metrics)} on {on}" if on else accuracy(metrics))]
