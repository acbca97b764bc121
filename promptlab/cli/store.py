"""The workspace's run store as commands use it: a store that fails costs the record, not the figures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from promptlab.cli.console import say, warn
from promptlab.cli.options import WORKSPACE
from promptlab.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from promptlab.results import Run, RunStore


@contextmanager
def opened(workspace: Path) -> Iterator["RunStore"]:
    """The store of a workspace that is there already, to change it; ConfigError when there is none."""
    from promptlab.results import RunStore

    _require_store(workspace)
    with RunStore.open(workspace) as store:
        for note in store.notes:
            warn(note)
        yield store


@contextmanager
def reading(workspace: Path) -> Iterator["RunStore"]:
    """The store of a workspace that is there already, which may be one that cannot be written."""
    from promptlab.results import RunStore

    _require_store(workspace)
    with RunStore.open_to_read(workspace) as store:
        for note in store.notes:
            warn(note)
        yield store


def read_runs(workspace: Path, references: list[str]) -> "list[Run]":
    """The runs that references name, with their scores."""
    with reading(workspace) as store:
        return [store.get(reference) for reference in references]


def keep(workspace: Path, run: "Run") -> int | None:
    """Store a run and return its number; None, and a warning, when the store cannot be written."""
    from promptlab.results import RunStore

    try:
        with RunStore.open(workspace) as store:
            for note in store.notes:
                warn(note)
            return store.add(run)
    except StoreError as error:
        warn(f"The run was not stored. {error}")
        return None


def workspace_option(workspace: Path) -> str:
    """What a command needs to find this workspace: nothing for the usual one."""
    return "" if workspace == WORKSPACE else f" --workspace {workspace}"


def say_next(number: int, workspace: Path) -> None:
    """Say which commands go on from a stored run."""
    option = workspace_option(workspace)
    say(f"Stored as run {number}.")
    say(f"  its wrong rows:         promptlab runs rows {number} --wrong{option}")
    say(f"  keep it as a bundle:    promptlab bundle save {number} bundles/NAME{option}")


def _require_store(workspace: Path) -> None:
    try:
        if workspace.exists() and not workspace.is_dir():
            raise ConfigError(f"--workspace {str(workspace)!r} is a file, and a workspace is a folder. Name a folder.")
        is_there = (workspace / "runs.db").exists()
    except OSError as error:
        raise StoreError(f"The workspace {str(workspace)!r} cannot be read ({error.strerror}).") from error
    if not is_there:
        raise ConfigError(f"There are no runs in {str(workspace)!r} yet: promptlab eval stores the first.")
