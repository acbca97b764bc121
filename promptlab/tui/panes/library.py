"""Library pane: what enter does with a line of the tree, and the trash for the user's own entries."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.binding import Binding, BindingType

from promptlab.errors import PromptlabError
from promptlab.template import Template
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.library_view import LibraryView
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.state.library_tree import Line
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp


class LibraryPane(LibraryView):
    """The keys of the tree."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *declare(
            Action("library.take", "enter", "take", "Use", "Use what is under the cursor, or open a heading.", True),
            Action("library.filter", "slash", "filter", "Filter", "Show what has these words.", True),
            Action("library.delete", "d,delete", "delete", "Delete", "Move the entry, one of yours, to the trash."),
            Action("library.undo", "u", "undo", "Undo", "Bring back what was moved to the trash last."),
            Action("library.refresh", "full_stop", "look", "Look again", "Read the library's files again."),
            Action("library.leave", "escape", "leave", "Leave", "Show all again; from the tree to the frame."),
        ),
        Binding("left,h", "turn(False)", show=False),
        Binding("right,l", "turn(True)", show=False),
        Binding("space", "take", show=False),
    ]

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click takes it."""
        self.action_take()

    # -- taking -----------------------------------------------------------------------------------------------------

    def action_take(self) -> None:
        """Take what is under the cursor; from the frame, go to the tree first."""
        line = self.marked
        if not self.query_one(LineList).has_focus:
            self.enter()
        elif line is None:
            return
        elif line.is_open is not None:
            self.action_turn(not line.is_open)
        elif line.place is not None:
            work(self.app, "open", self._open, line)
        elif line.bundle:
            work(self.app, "show_bundle", self._show_bundle, line.bundle)
        else:
            self._load(line)

    def action_turn(self, is_open: bool) -> None:
        """Open the heading or close it; to the left of a leaf is its heading."""
        line, at = self.marked, self.query_one(LineList).cursor
        if line is None:
            return
        if line.is_open is not None and line.is_open != is_open:
            self.shelf = replace(self.shelf, turned=self.shelf.turned ^ {line.key})
            self._show()
        elif is_open:
            self.query_one(LineList).action_move(1 if line.is_open else 0)
        else:
            above = (place for place in range(at, -1, -1) if self.lines[place].depth < line.depth)
            self.query_one(LineList).action_go(next(above, at))

    async def _open(self, line: Line) -> None:
        from promptlab.tui.opening import open_table

        if line.place is not None:
            problem = await open_table(cast("PromptlabApp", self.app), line.place.choice)
            if problem:
                self.desk.say(problem, "error")

    async def _show_bundle(self, folder: str) -> None:
        await self.app.switch_mode("bundles")
        show: Callable[[str], Any] | None = getattr(self.app.screen, "show", None)
        if show is not None:
            show(folder)

    def _load(self, line: Line) -> None:
        """Put a template into the editor, or words into their table; what keeps it from there is said."""
        if line.entry is None or line.file is None:
            return
        value, reference = line.entry.value, line.entry.reference
        if not self.desk.labels:
            return self.desk.say("Open a table first: its rows are what templates and words are for.", "warning")
        if value is None:
            return self.desk.say(line.problem, "error")
        if isinstance(value, Template):
            text = str(value)
            self.desk.edit_template(text, name=reference, truncate=value.truncate)
            if self.desk.session.template_name != reference or not self.desk.is_template_saved:
                self.desk.name_template(reference)  # the same text under another name, or cut elsewhere
            if line.problem:
                self.desk.say(line.problem, "warning")
            return
        try:
            self._load_words(reference)
        except PromptlabError as error:
            self.desk.say(str(error), "error")

    def _load_words(self, reference: str) -> None:
        from promptlab.verbalizer import resolve_words

        words = resolve_words(reference, self.desk.labels, shared=True)[0]
        self.desk.edit_words(words, f"load {words.name}")
        self.desk.name_words(words.name)

    # -- the trash --------------------------------------------------------------------------------------------------

    def action_delete(self) -> None:
        """Move the entry to the trash; only those of the user's own files can go."""
        line = self.marked
        if line is None or line.entry is None or line.file is None:
            self.desk.say("Put the cursor on a template or on label words of yours.", "warning")
        elif not line.file.is_own:
            self.desk.say(f"{line.entry.reference} comes with promptlab and cannot be deleted.", "warning")
        else:
            work(self, "trash", self._delete, line.file.path, line.entry.name)

    async def _delete(self, path: Path, name: str) -> None:
        from promptlab.tui.state.trash import delete_entry

        workspace = cast("PromptlabApp", self.app).workspace
        await asyncio.to_thread(delete_entry, workspace, path, name)
        self.desk.say(f"{name} of {path} is in the trash; u brings it back.")
        await self._look()

    def action_undo(self) -> None:
        """Bring back what was deleted last."""
        work(self, "trash", self._bring_back)

    async def _bring_back(self) -> None:
        from promptlab.tui.state.trash import bring_back

        found = await asyncio.to_thread(bring_back, cast("PromptlabApp", self.app).workspace)
        if found is None:
            self.desk.say("Nothing was moved to the trash.")
            return
        self.desk.say(f"{found.name} is back in {found.path.parent.name}/{found.path.name}.")
        await self._look()
