"""``promptlab runs``: the evaluations that a workspace keeps, and the rows of each."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptlab.cli import console, options
from promptlab.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime

    from promptlab.jobs.rows import RowSeen
    from promptlab.results import Run

app = typer.Typer(help="Look at stored runs: list, show, rows, pin, delete.", no_args_is_help=True)

# Rows that are shown when no limit is given; a file gets them all.
_SHOWN = 20
Runs = Annotated[list[str], typer.Argument(metavar="RUN", help="Numbers, last, last-1, or the starts of hashes.")]
Most = Annotated[int | None, typer.Option("--limit", metavar="N", min=1, help="How many to list, the newest first.")]
Wrong = Annotated[bool, typer.Option("--wrong", help="Only rows that were given another label.")]
Label = Annotated[str | None, typer.Option(metavar="LABEL", help="Only rows with this label.")]
Predicted = Annotated[str | None, typer.Option(metavar="LABEL", help="Only rows that were given this label.")]
Limit = Annotated[
    int | None, typer.Option(metavar="N", min=1, help=f"How many rows. Default: {_SHOWN}, all into a file.")
]
Out = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the rows to this new CSV file.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Unpin = Annotated[bool, typer.Option("--off", help="Take the mark away.")]


@app.command("list")
def list_runs(limit: Most = None, workspace: options.Workspace = options.WORKSPACE, json: options.Json = False) -> None:
    """List the runs, the newest first."""
    from promptlab.cli.store import reading

    with reading(workspace) as store:
        runs = store.runs(limit=limit)
    if json:
        console.show_document("runs list", [_about(run) for run in runs])
    else:
        console.show_lines(_list_lines(runs))


@app.command("show")
def show_run(run: options.Run, workspace: options.Workspace = options.WORKSPACE, json: options.Json = False) -> None:
    """Show one run as eval printed it."""
    from promptlab.cli.figures import fact_lines, result_lines
    from promptlab.cli.store import read_runs

    (found,) = read_runs(workspace, [run])
    if json:
        console.show_document("runs show", [_about(found)])
        return
    pinned = ", pinned" if found.pinned else ""
    facts = [("Run", f"{found.id}, {_local(found.created):%Y-%m-%d %H:%M}{pinned}"), ("Hash", found.spec_hash[:12])]
    console.show_lines(fact_lines(facts, width=console.width()))
    console.show_lines(["", *result_lines(found.result, width=console.width())])


@app.command("rows")
def show_rows(
    run: options.Run,
    wrong: Wrong = False,
    label: Label = None,
    predicted: Predicted = None,
    limit: Limit = None,
    out: Out = None,
    workspace: options.Workspace = options.WORKSPACE,
    json: options.Json = False,
) -> None:
    """Show the rows of a run, the most confidently wrong first, with their texts and probabilities.

    The margin is how far the true label is ahead of the best other one, in log-probability: below 0 where it is wrong.
    """
    from promptlab.cli.store import read_runs
    from promptlab.jobs.rows import choose_places, fields_of, rows_at, with_texts, write_rows

    (found,) = read_runs(workspace, [run])
    if found.scores is None:
        raise ConfigError(f"Run {found.id} kept no scores of single rows. Evaluate it again.")
    places = choose_places(found.scores, wrong=wrong, label=label, predicted=predicted)
    most = limit if limit is not None or out is not None or json else _SHOWN
    rows, note = with_texts(found, rows_at(found.scores, places[:most].tolist()))
    if note:
        console.warn(note)
    if out is not None:
        write_rows(rows, found.scores.labels, out, fields=fields_of(found))
        console.say(f"Wrote {len(rows):,} rows to {out}.")
    elif json:
        console.show_document("runs rows", [row.to_json() for row in rows])
    else:
        _show_rows(found, rows, total=len(places))


@app.command("pin")
def pin_run(run: options.Run, off: Unpin = False, workspace: options.Workspace = options.WORKSPACE) -> None:
    """Mark a run as one to keep."""
    from promptlab.cli.store import opened

    with opened(workspace) as store:
        found = store.get(run)
        store.pin(found.id, pinned=not off)
    console.say(f"Run {found.id} is {'no longer pinned' if off else 'pinned'}.")


@app.command("delete")
def delete_runs(runs: Runs, yes: Yes = False, workspace: options.Workspace = options.WORKSPACE) -> None:
    """Delete runs for good, after asking."""
    from promptlab.cli.store import opened
    from promptlab.text import counted

    with opened(workspace) as store:
        found = [store.get(reference) for reference in runs]
        numbers = ", ".join(str(run.id) for run in found)
        if not yes and not console.confirm(f"Delete run {numbers} for good?"):
            console.say("Nothing was deleted.")
            return
        store.delete(run.id for run in found)
    console.say(f"Deleted {counted(len({run.id for run in found}), 'run')}: {numbers}.")


def _list_lines(runs: "Sequence[Run]") -> list[str]:
    from promptlab.cli.figures import template_text, words_text
    from promptlab.cli.tables import Column, number, table_lines, text
    from promptlab.results import wording

    if not runs:
        return ["There are no runs."]
    columns = [number("run"), Column("when"), text("task"), Column("accuracy"), number("rows")]
    columns += [text("template"), text("words")]
    rows = []
    for run in runs:
        result = run.result
        low, high = result["interval"]
        row = [
            f"pinned {run.id}" if run.pinned else str(run.id),
            _when(run.created),
            f"{result['task']} {result['split']}",
        ]
        row += [f"{wording.figure(result['accuracy'])} ({wording.interval((low, high))})", f"{result['n']:,}"]
        row += [result.get("template_name") or template_text(result), result.get("words_name") or words_text(result)]
        rows.append(row)
    return table_lines(columns, rows, width=console.width())


def _about(run: "Run") -> dict[str, Any]:
    """A run in JSON's types: its result, and where it stands in the store."""
    place = {"run": run.id, "created": run.created, "name": run.name, "pinned": run.pinned, "hash": run.spec_hash}
    return {**run.result, **place, "spec": dict(run.spec)}


def _local(created: str) -> "datetime":
    """The time of a run on this machine's clock."""
    from datetime import datetime

    return datetime.fromisoformat(created).astimezone()


def _when(created: str) -> str:
    """The time for a run of today, the date for others."""
    from datetime import datetime

    moment = _local(created)
    return f"{moment:%H:%M}" if moment.date() == datetime.now().date() else f"{moment:%Y-%m-%d}"


def _show_rows(run: "Run", rows: "Sequence[RowSeen]", *, total: int) -> None:
    from promptlab.cli.rows import row_lines
    from promptlab.jobs.rows import fields_of
    from promptlab.text import counted

    console.show_lines(row_lines(rows, fields=fields_of(run), width=console.width()))
    shown = "" if len(rows) == total else f", {len(rows):,} shown (--limit N for more, --out rows.csv for all)"
    console.say(f"{counted(total, 'row')} of {run.result['n']:,}{shown}.")
