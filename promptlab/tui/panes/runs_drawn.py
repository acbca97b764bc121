"""How a kept evaluation is drawn: one line of the list, and whole."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from rich.text import Text
from textual.content import Content

from promptlab.results.wording import accuracy, figure, interval
from promptlab.text import counted
from promptlab.tui.panes.line_columns import Column, draw_cells, fit_columns
from promptlab.tui.shown import plain
from promptlab.tui.state.run_list import Kept

COLUMNS = (
    Column("tick", 3, rank=0),
    Column("#", 4, rank=0, right=True),
    Column("accuracy", 22, rank=1),
    Column("rows", 6, rank=2, right=True),
    Column("name", 20, rank=3, share=3),
    Column("task", 14, rank=4, share=1),
    Column("pinned", 6, rank=5),
    Column("when", 16, rank=6),
    Column("macro-F1", 8, rank=7, right=True),
    Column("split", 5, rank=8),
    Column("calibration", 11, rank=10),
    Column("model", 12, rank=9, share=1),
)
OTHER = "other task"


def names_line(width: int) -> Text:
    """The names of the columns."""
    names = {column.name: column.name for column in COLUMNS} | {"tick": ""}
    return draw_cells(names, COLUMNS, fit_columns(COLUMNS, width), styles={})


def run_line(run: Kept, width: int, *, is_ticked: bool, is_other: bool) -> Text:
    """One evaluation; one of another task than the open one is dimmed and says so."""
    task = f"other: {run['task']}" if is_other else str(run["task"])
    cells: Mapping[str, str] = {
        "tick": "[x]" if is_ticked else "[ ]",
        "#": str(run["id"]),
        "accuracy": short_accuracy(run),
        "rows": f"{run['n']:,}" if run["n"] is not None else "-",
        "name": str(run["name"]),
        "task": task,
        "pinned": "pinned" if run["pinned"] else "",
        "when": when(str(run["created"])),
        "macro-F1": figure(run["macro_f1"]) if run["macro_f1"] is not None else "-",
        "split": str(run["split"] or ""),
        "calibration": str(run["calibration"] or "none"),
        "model": str(run["model"] or ""),
    }
    line = draw_cells(cells, COLUMNS, fit_columns(COLUMNS, width), styles={"accuracy": "bold", "pinned": "bold"})
    if is_other:
        line.stylize("dim")
    return line


def short_accuracy(run: Kept) -> str:
    """``0.842 (0.815 to 0.866)``; a dash for a run without one."""
    if run["accuracy"] is None:
        return "-"
    return figure(run["accuracy"]) + (f" ({interval(run['interval'])})" if run["interval"] else "")


def when(created: str) -> str:
    """The moment in the time of this place, to the minute."""
    with suppress(ValueError):
        return datetime.fromisoformat(created).astimezone().strftime("%Y-%m-%d %H:%M")
    return created[:16].replace("T", " ")


def details(run: Kept, *, is_other: bool) -> Content:
    """The evaluation whole: its figures, its template, its words, the model."""
    task = f"{run['task']}, {run['split'] or 'rows'}" + (f" ({OTHER} than the one that is open)" if is_other else "")
    parts = [
        Content.assemble((f"Run {run['id']}", "bold"), "  pinned" if run["pinned"] else ""),
        plain(run["name"]),
        Content(""),
        Content.styled(_figures(run), "bold"),
        plain(f"macro-F1 {figure(run['macro_f1'])}" if run["macro_f1"] is not None else "no macro-F1"),
        plain(f"calibration: {run['calibration'] or 'none'}"),
        Content(""),
        plain(f"task: {task}"),
        plain(f"model: {run['model']}" + (f", {run['dtype']}" if run.get("dtype") else "")),
        plain(f"kept: {when(str(run['created']))}, by {run['command']}"),
        Content(""),
        Content.styled("Template", "bold"),
        plain(run["template_name"] or "typed by hand"),
        plain(run["template"], newlines=True),
        Content(""),
        Content.styled("Label words", "bold"),
        plain(run["words_name"] or "those of the name above"),
    ]
    return Content("\n").join(parts)


def _figures(run: Kept) -> str:
    if run["accuracy"] is None or not run["interval"]:
        return f"{short_accuracy(run)}, {counted(run['n'] or 0, 'row')}"
    return accuracy(run["accuracy"], tuple(run["interval"]), run["n"])
