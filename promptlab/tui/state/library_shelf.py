"""Reading all that the library's tree is made of: tables, files, bundles."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from promptlab.tui.nearby import opened_before, samples, tables_in
from promptlab.tui.state.library_files import read_library
from promptlab.tui.state.library_tree import Shelf

_MOST = 500  # bundles that are listed


def read_shelf(shelf: Shelf, folder: Path, workspace: Path) -> Shelf:
    """The shelf with what lies in a folder now, its tables those that were opened from it first."""
    before = opened_before(workspace)
    tables = (*before, *tables_in(folder, apart_from=before), *samples())
    bundles: tuple[str, ...] = ()
    with suppress(OSError):
        found = sorted((folder / "bundles").glob("*/bundle.toml"), key=lambda path: path.parent.name)
        bundles = tuple(f"bundles/{path.parent.name}" for path in found[:_MOST])
    return replace(shelf, tables=tables, files=read_library(folder), bundles=bundles)
