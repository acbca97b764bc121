"""Labelled text: tasks read from files, folders, samples and the hub; their splits, few-shot draws and checks."""

from importlib import import_module
from typing import TYPE_CHECKING

from promptlab.task.example import Example, Task

if TYPE_CHECKING:
    from promptlab.task.checks import check_task
    from promptlab.task.columns import Columns, find_pair, guess_columns
    from promptlab.task.labels import bare_numbers, parse_labels
    from promptlab.task.load import load_task, sample_names
    from promptlab.task.make import make_task
    from promptlab.task.report import Finding, Report
    from promptlab.task.select import every_row, sample_rows, select_split, splits_of
    from promptlab.task.shots import few_shot
    from promptlab.task.split import split_file

_PLACES = {
    "checks": ("check_task",),
    "columns": ("Columns", "find_pair", "guess_columns"),
    "labels": ("bare_numbers", "parse_labels"),
    "load": ("load_task", "sample_names"),
    "make": ("make_task",),
    "report": ("Finding", "Report"),
    "select": ("every_row", "sample_rows", "select_split", "splits_of"),
    "shots": ("few_shot",),
    "split": ("split_file",),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [
    "Columns",
    "Example",
    "Finding",
    "Report",
    "Task",
    "bare_numbers",
    "check_task",
    "every_row",
    "few_shot",
    "find_pair",
    "guess_columns",
    "load_task",
    "make_task",
    "parse_labels",
    "sample_names",
    "sample_rows",
    "select_split",
    "split_file",
    "splits_of",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: reading needs Arrow, and a caller may need only ``Example``."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
