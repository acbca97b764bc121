"""Word lists: files of words to look in; a path is typed with completion."""

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input, Static

from promptlab.text import fold, listed, shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.panes.source_words import SourcePane, source_said
from promptlab.tui.path_input import PathInput
from promptlab.tui.shown import plain

# Files of this kind hold words alone, so that they are all for the label that is looked for.
_PLAIN = ("", ".txt", ".text", ".lst", ".list", ".words")
_TABLES = (".csv", ".tsv", ".json", ".toml")


def is_list(path: Path) -> bool:
    """Whether the name may be that of a word list."""
    return path.suffix.casefold() in (*_PLAIN, *_TABLES)


def list_reference(typed: str, label: str, labels: tuple[str, ...]) -> str:
    """The file as the engine takes it: from the root, with ``label=`` before one that holds words alone."""
    named, equals, rest = typed.partition("=")
    own = next((one for one in labels if equals and fold(one) == fold(named)), None)
    path = Path(rest.strip() if own is not None else typed.strip()).expanduser().absolute()
    if own is None and path.suffix.casefold() in _PLAIN:
        own = label
    return str(path) if own is None else f"{own}={path}"


class ListsPane(SourcePane):
    """The words of files, and which files."""

    title = "Word lists"
    source = "list"
    place = "lists"
    inner = "PathInput"
    HELP = """# Word lists

Look for words in files of yours: one word a line, or a table (CSV, JSON, TOML) with labels. `i` types a path, `tab`
completes it, `label=path` says whose words they are. `d` leaves the last file out again.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        *declare(
            Action("lists.add", "i", "type", "Path", "Type the path of a word list.", True),
            Action("lists.remove", "d", "remove", "Leave out", "Leave the last file out again."),
        ),
        Binding("escape", "leave", show=False),
    ]

    class Named(Message):
        """Other files are to be looked in."""

    def compose(self) -> ComposeResult:
        """The path, the files, their words."""
        yield PathInput(name="list", accepts=is_list, placeholder="path of a word list")
        yield Static("", id="said", markup=False)
        yield LineList(self._draw)

    def said(self) -> str:
        """Which files, and what came of them."""
        files = listed(shorten(Path(reference.rpartition("=")[2]).name, 30) for reference in self.expansion.lists)
        return f"{files}: {source_said(self.expansion, 'list')}" if files else "No list yet: i types the path of one."

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Look in the file too."""
        event.stop()
        expansion = self.expansion
        if not event.value.strip() or expansion.label is None:
            return
        reference = list_reference(event.value, expansion.label, self.desk.labels)
        path = Path(reference.partition("=")[2] if not reference.startswith("/") else reference)
        if not Path(str(path).partition("#")[0]).is_file():
            self.query_one("#said", Static).update(plain(f"There is no file {shorten(event.value, 60)!r}."))
            return
        event.input.value = ""
        expansion.name_lists([*expansion.lists, reference])
        self.post_message(self.Named())
        self.lines.focus()

    def action_type(self) -> None:
        """Type a path."""
        self.query_one(PathInput).focus()

    def action_remove(self) -> None:
        """Leave the last file out."""
        if self.expansion.lists:
            self.expansion.name_lists(self.expansion.lists[:-1])
            self.post_message(self.Named())

    def action_leave(self) -> None:
        """From the path to the frame."""
        self.focus()
