"""The library on the screen: its files read after the first frame, drawn as a tree, and narrowed by a filter."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from promptlab.tui.panes.entry_line import EntryLine
from promptlab.tui.panes.library_drawn import about_line, draw_line
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.panes.pane import Pane
from promptlab.tui.shown import plain
from promptlab.tui.state.library_tree import Line, Shelf, tree
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.desk import Topic

_READING = "Reading the library …"
_NOTHING = "Nothing has these words in it. esc shows all again."


class LibraryView(Pane):
    """The tree; it is read after the first frame stands, in a thread."""

    place = "library"
    title = "Library"
    inner = "LineList"
    HELP = """# Library

Tables to open, templates and label words, and the bundles of this folder. What goes with the open table stands first
and open; below it is all the rest. Your own files are those in `templates/` and `verbalizers/` of this folder.

`enter` opens and closes a heading, and takes what is under the cursor: a template goes into the editor, label words
into their table, a table is opened, a bundle is shown. `*` marks what is in the editors now. `-` stands before what
does not go with the open table; below the tree it says why.

`/` filters. `d` moves an entry of yours to the trash, `u` brings it back. `.` reads the files again.
"""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf()
        self.lines: tuple[Line, ...] = ()
        self._is_read = False

    def compose(self) -> ComposeResult:
        """The tree, the filter, what is under the cursor."""
        yield LineList(self._draw)
        yield Static(plain(_READING), id="empty", markup=False)
        yield EntryLine()
        yield Static("", id="about", markup=False)

    def on_mount(self) -> None:
        """Read once the first frame stands."""
        super().on_mount()
        self.call_after_refresh(self.action_look)

    def heard(self, topic: "Topic") -> None:
        """Another table has other things that fit; what was saved stands in the tree."""
        if topic == "task":
            self.shelf = replace(self.shelf, turned=frozenset())
            self._show()
        if topic in ("template", "words"):
            self.query_one(LineList).refresh()
        if topic == "saved" or (topic == "task" and self._is_read):
            self.action_look()

    @property
    def marked(self) -> Line | None:
        """The line under the cursor."""
        at = self.query_one(LineList).cursor
        return self.lines[at] if 0 <= at < len(self.lines) else None

    # -- reading and showing --------------------------------------------------------------------------------------

    def action_look(self) -> None:
        """Read the files again; the cursor stays."""
        work(self, "look", self._look)

    async def _look(self) -> None:
        from promptlab.tui.state.library_shelf import read_shelf

        app = cast("PromptlabApp", self.app)
        self.shelf = await asyncio.to_thread(read_shelf, self.shelf, Path(), app.workspace)
        self._is_read = True
        self._show()

    def _show(self) -> None:
        """Draw the tree, the cursor on the line where it was."""
        desk, before = self.desk, self.marked
        kind = str(desk.task["kind"] or "") if desk.task else ""
        self.shelf = replace(self.shelf, fields=tuple(desk.fields), labels=tuple(desk.labels), kind=kind)
        self.lines = tree(self.shelf)
        lines, keys = self.query_one(LineList), [line.key for line in self.lines]
        lines.show(len(keys), keys.index(before.key) if before and before.key in keys else lines.cursor)
        lines.display = bool(keys)
        empty = self.query_one("#empty", Static)
        empty.display = not keys
        empty.update(plain(_NOTHING if self._is_read else _READING))
        self._show_about()

    def _draw(self, at: int, width: int) -> Text:
        if at < 0:
            filtered = f"with: {self.shelf.wanted}" if self.shelf.wanted else "* in use"
            return draw_line(None, filtered, width)
        line = self.lines[at]
        return draw_line(line, "*" if self._is_used(line) else "", width)

    def _is_used(self, line: Line) -> bool:
        """Whether it stands in the editors, as it was loaded."""
        session, desk = self.desk.session, self.desk
        if line.place is not None:
            return session.task is not None and session.task.reference == line.place.choice.reference
        if line.entry is None or line.file is None:
            return False
        if line.file.kind == "template":
            return session.template_name == line.entry.reference and desk.is_template_saved
        return session.words is not None and session.words.name == line.entry.reference and desk.are_words_saved

    def _show_about(self) -> None:
        line = self.marked
        self.query_one("#about", Static).update(plain(about_line(line) if line else "", newlines=True))

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Say what is there."""
        self._show_about()

    # -- the filter -------------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Ask for words."""
        self.query_one(EntryLine).ask("filter", "filter", self.shelf.wanted)

    def on_entry_line_changed(self, event: EntryLine.Changed) -> None:
        """Filter while it is typed."""
        self._filter(event.text)

    def on_entry_line_entered(self, event: EntryLine.Entered) -> None:
        """Go to what was found."""
        self.query_one(EntryLine).close()
        self._filter(event.text)
        self.enter()
        first = next((at for at, line in enumerate(self.lines) if line.kind != "heading"), 0)
        self.query_one(LineList).action_go(first)

    def on_entry_line_left(self, event: EntryLine.Left) -> None:
        """Show all again."""
        self.query_one(EntryLine).close()
        self._filter("")

    def _filter(self, wanted: str) -> None:
        self.shelf = replace(self.shelf, wanted=wanted)
        self._show()

    def action_leave(self) -> None:
        """Show all again; then to the frame."""
        if self.shelf.wanted:
            self._filter("")
        elif not self.has_focus:
            self.focus()
