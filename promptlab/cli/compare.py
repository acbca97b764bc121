"""``promptlab compare``: stored runs against the first of them, on the rows that both have."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from promptlab.cli import console, options

if TYPE_CHECKING:
    from promptlab.results import Comparison, Run

Runs = Annotated[list[str], typer.Argument(metavar="RUN", help="The first is what the others are held against.")]


def compare(runs: Runs, workspace: options.Workspace = options.WORKSPACE, json: options.Json = False) -> None:
    """Say whether one run is better than another, or whether it may be luck.

    On the rows that both scored: exact McNemar test, paired bootstrap interval, Holm's correction for several.
    """
    from promptlab.cli.store import read_runs
    from promptlab.results import compare_runs

    found = read_runs(workspace, runs)
    comparisons = compare_runs(found)
    if json:
        console.show_document("compare", [one.to_json() for one in comparisons])
        return
    console.show_lines(_lines(found, comparisons))
    for one in comparisons:
        console.show(f"{one.sentence[:1].upper()}{one.sentence[1:]}.")
        for note in one.notes:
            console.show(note)


def _lines(runs: "Sequence[Run]", comparisons: "Sequence[Comparison]") -> list[str]:
    from promptlab.cli.figures import template_text, words_text
    from promptlab.cli.tables import Column, number, table_lines, text
    from promptlab.results import wording

    columns = (number("run"), Column("accuracy"), number("difference"), number("p"), text("template"), text("words"))
    rows = []
    for place, run in enumerate(runs):
        low, high = run.result["interval"]
        row = [str(run.id), f"{wording.figure(run.result['accuracy'])} ({wording.interval((low, high))})"]
        row += _against(comparisons[place - 1]) if place else ["", ""]
        name = run.result.get("template_name") or template_text(run.result)
        rows.append([*row, name, run.result.get("words_name") or words_text(run.result)])
    return [*table_lines(columns, rows, width=console.width()), ""]


def _against(one: "Comparison") -> list[str]:
    """The difference in points and its p."""
    from promptlab.results import wording

    return [wording.points(one.difference), wording.p_value(one.adjusted).removeprefix("p ").removeprefix("= ")]
