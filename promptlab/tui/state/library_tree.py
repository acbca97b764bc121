"""The library as a tree of lines: what fits the open table first and open, the rest below; headings open and close."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from promptlab.text import counted
from promptlab.tui.nearby import Place
from promptlab.tui.state.library_files import Entry, Kind, LibraryFile, unfit

_HEADINGS: Mapping[Kind, str] = {"template": "Templates", "words": "Label words"}
_ABOUT: Mapping[Kind, str] = {
    "template": "Those that fit the open table come first. Yours lie in templates/.",
    "words": "Those that fit the open table come first. Yours lie in verbalizers/.",
}
_TABLES = "Tables that were opened before, those of this folder, and the samples."


@dataclass(frozen=True)
class Line:
    """A line of the tree. ``key`` is its own; a heading has ``is_open``, which is None on a leaf.

    What a leaf stands for: ``place`` a table, ``entry`` with its ``file``, or ``bundle`` a folder. ``problem`` says
    what is wrong with it, or why it does not go with the open table.
    """

    key: str
    depth: int
    text: str
    is_open: bool | None = None
    about: str = ""
    problem: str = ""
    place: Place | None = None
    file: LibraryFile | None = None
    entry: Entry | None = None
    bundle: str = ""

    @property
    def kind(self) -> Literal["heading", "table", "entry", "bundle"]:
        """What it is."""
        if self.entry is not None:
            return "entry"
        return "table" if self.place is not None else "bundle" if self.bundle else "heading"


@dataclass(frozen=True)
class Shelf:
    """All that the tree is made of: what was read, the open table (``labels`` empty without one), and what is open.

    ``turned`` holds the keys of headings that are not as they are at first; ``wanted`` filters by words of the name.
    """

    tables: tuple[Place, ...] = ()
    files: tuple[LibraryFile, ...] = ()
    bundles: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    kind: str = ""
    turned: frozenset[str] = field(default_factory=frozenset)
    wanted: str = ""


def tree(shelf: Shelf) -> tuple[Line, ...]:
    """The lines that are to be seen: all that fit ``wanted``, with their headings, or those below open headings."""
    lines = [*_tables(shelf), *_files(shelf, "template"), *_files(shelf, "words"), *_bundles(shelf)]
    if shelf.wanted.split():
        return _filtered(lines, shelf.wanted)
    seen, shut = [], -1
    for line in lines:
        if 0 <= shut < line.depth:
            continue
        shut = -1
        if line.is_open is not None and line.is_open == (line.key in shelf.turned):
            line, shut = _with(line, is_open=False), line.depth
        elif line.is_open is not None:
            line = _with(line, is_open=True)
        seen.append(line)
    return tuple(seen)


def _filtered(lines: Sequence[Line], wanted: str) -> tuple[Line, ...]:
    """Leaves that have every word, with the headings above them."""
    words = [word.casefold() for word in wanted.split()]
    kept: list[Line] = []
    above: list[Line] = []
    for line in lines:
        above = above[: line.depth]
        if line.kind == "heading":
            above.append(_with(line, is_open=True))
        elif all(word in _searched(line, above) for word in words):
            kept += [heading for heading in above if heading not in kept]
            kept.append(line)
    return tuple(kept)


def _searched(line: Line, above: Iterable[Line]) -> str:
    return " ".join([*(heading.text for heading in above), line.text, line.about]).casefold()


def _tables(shelf: Shelf) -> list[Line]:
    leaves = [
        Line(f"table {one.choice.reference}", 1, one.shown, about=one.about or "A table.", place=one)
        for one in shelf.tables
    ]
    return [Line("tables", 0, "Tables", is_open=not shelf.labels, about=_TABLES), *leaves] if leaves else []


def _files(shelf: Shelf, kind: Kind) -> list[Line]:
    """The heading of a kind, then its files: those that fit, the user's own, and shipped ones for other tasks."""
    first: list[Line] = []
    own: list[Line] = []
    others: list[Line] = []
    for file in shelf.files:
        if file.kind != kind:
            continue
        leaves = sorted((_leaf(file, entry, shelf) for entry in file.entries), key=_is_unfit)
        fits = any(not leaf.problem for leaf in leaves) and (file.is_own or file.task == shelf.kind)
        lines = [_file_line(file, len(leaves), is_open=fits), *leaves]
        if fits:
            first += lines
        elif file.is_own:
            own += lines
        else:
            others += [replace(line, depth=line.depth + 1) for line in lines]
    about = "What comes with promptlab for other tasks than the open one."
    rest = [Line(f"{kind} others", 1, "Other tasks", is_open=False, about=about), *others] if others else []
    return [Line(kind, 0, _HEADINGS[kind], is_open=True, about=_ABOUT[kind]), *first, *own, *rest]


def _file_line(file: LibraryFile, count: int, *, is_open: bool) -> Line:
    """The heading of a file."""
    whose = "yours" if file.is_own else "shipped"
    about = f"{file.path if file.is_own else file.task}: {counted(count, 'entry', 'entries')}, {whose}"
    text = f"{file.task} (yours)" if file.is_own else file.task
    return Line(
        f"{file.kind} {whose} {file.task}", 1, text, is_open=is_open, about=about, problem=file.problem, file=file
    )


def _leaf(file: LibraryFile, entry: Entry, shelf: Shelf) -> Line:
    key = f"{file.kind} {'yours' if file.is_own else 'shipped'} {file.task} {entry.name}"
    problem = unfit(file, entry, shelf.fields, shelf.labels)
    return Line(key, 2, entry.name, about=entry.about, problem=problem, file=file, entry=entry)


def _is_unfit(line: Line) -> bool:
    return bool(line.problem)


def _bundles(shelf: Shelf) -> list[Line]:
    leaves = [
        Line(f"bundle {folder}", 1, folder.rpartition("/")[2], about=f"The bundle {folder}.", bundle=folder)
        for folder in shelf.bundles
    ]
    return [Line("bundles", 0, "Bundles", is_open=True, about="The bundles of this folder."), *leaves] if leaves else []


def _with(line: Line, *, is_open: bool) -> Line:
    return replace(line, is_open=is_open)
