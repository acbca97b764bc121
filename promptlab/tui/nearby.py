"""What can be opened from here: the samples of the package, tables opened before, tables and folders of this folder."""

import os
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from promptlab.paths import PACKAGE
from promptlab.task.formats import ending_of, split_of
from promptlab.text import safe_text, size
from promptlab.tui.state.recent import is_same, recent_tasks
from promptlab.tui.state.session import TaskChoice

_ABOUT = {
    "reviews": "200 short reviews of films and more: positive or negative",
    "tickets": "support tickets: account, billing, feedback, shipping, technical",
}
_ENTRIES = 5000  # looked at in a folder
_MOST = 100  # listed of them


@dataclass(frozen=True, slots=True)
class Place:
    """Something to open: ``shown`` is what it is called and ``about`` what there is to say of it."""

    choice: TaskChoice
    shown: str
    about: str


def samples() -> list[Place]:
    """The samples that come with the package, reviews first."""
    names = sorted(folder.name for folder in (PACKAGE / "task" / "samples").iterdir() if folder.is_dir())
    return [Place(TaskChoice(name), name, _ABOUT.get(name, "")) for name in names]


def is_sample(reference: str) -> bool:
    """Whether a reference means a sample rather than something on the disk."""
    if Path(reference).expanduser().exists():
        return False
    return reference == "sample" or any(reference == place.choice.reference for place in samples())


def opened_before(workspace: Path) -> list[Place]:
    """Tables that were opened from this folder and are still there, newest first."""
    return [
        Place(choice, choice.reference, _columns(choice))
        for choice in recent_tasks(workspace)
        if not is_sample(choice.reference) and (":" in choice.reference or Path(choice.reference).expanduser().exists())
    ]


def tables_in(folder: Path, *, apart_from: list[Place]) -> list[Place]:
    """Tables and folders of tables in a folder, by name; those of another list are left out."""
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in islice(entries, _ENTRIES):
            path = Path(entry.name)
            if entry.name.startswith(".") or safe_text(entry.name) != entry.name:
                continue
            if ending_of(path):
                with suppress(OSError):
                    found.append(Place(TaskChoice(entry.name), entry.name, size(entry.stat().st_size)))
            elif entry.is_dir() and _holds_splits(Path(entry.path)):
                found.append(Place(TaskChoice(entry.name), f"{entry.name}/", "folder of tables"))
    new = [place for place in found if not any(is_same(place.choice, other.choice) for other in apart_from)]
    return sorted(new, key=lambda place: place.shown)[:_MOST]


def _holds_splits(folder: Path) -> bool:
    with suppress(OSError), os.scandir(folder) as entries:
        return any(entry.name == "task.toml" or split_of(Path(entry.name)) for entry in islice(entries, 200))
    return False


def _columns(choice: TaskChoice) -> str:
    chosen = (("text", choice.text), ("label", choice.label))
    return ", ".join(f"{what}: {name}" for what, name in chosen if name)
