"""Open a table: a list of what is near, a field for a path, and why something could not be opened."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from promptlab.text import listed, shorten
from promptlab.tui.actions import Action, bindings, declare
from promptlab.tui.nearby import Place, opened_before, samples, tables_in
from promptlab.tui.opening import open_table
from promptlab.tui.path_input import PathInput, completions
from promptlab.tui.shown import plain
from promptlab.tui.state.session import TaskChoice
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp

ESCAPE = Action("open.back", "escape", "back", "Back", "Go back without opening anything.", True)


class Opener(Vertical):
    """Samples, tables opened before, tables of this folder, and a path; tells the screen when one is open."""

    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("open.samples", "s", "samples", "Samples", "Step through the samples.", True),
        Action("open.path", "o", "path", "Path", "Type the path of a file or folder; tab completes it.", True),
    )

    class Opened(Message):
        """A table is open in the workbench."""

    def compose(self) -> ComposeResult:
        """The list, the path, what would complete it, and the problem."""
        yield OptionList(id="places", markup=False)
        yield PathInput("path", placeholder="o: path of a csv, tsv, json, jsonl or parquet file, or of a folder")
        yield Static("", id="near", markup=False)
        yield Static("", id="problem", markup=False)

    def on_mount(self) -> None:
        """List what is near; the first sample is marked."""
        self.places: dict[str, Place] = {}
        app = cast("PromptlabApp", self.app)
        before = opened_before(app.workspace)
        groups = (
            ("Samples", samples()),
            ("Opened before", before),
            ("In this folder", tables_in(Path(), apart_from=before)),
        )
        places = self.query_one("#places", OptionList)
        for title, found in groups:
            if found:
                places.add_options([*self._options(title, found)])
        places.highlighted = 1
        places.focus()

    def _options(self, title: str, found: list[Place]) -> Iterable[Option]:
        yield Option(Content.styled(title, "bold"), disabled=True)
        for place in found:
            name = f"place-{len(self.places)}"
            self.places[name] = place
            shown = Content.assemble("  ", plain(shorten(place.shown, 60)), ("  " + shorten(place.about, 60), "dim"))
            yield Option(shown, id=name)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open what was chosen."""
        event.stop()
        self.open(self.places[str(event.option_id)].choice)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Open what was typed."""
        event.stop()
        if event.value.strip():
            self.open(TaskChoice(event.value.strip()))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what the path could become."""
        event.stop()
        found = completions(event.value, event.input.accepts) if isinstance(event.input, PathInput) else []
        names = [name.rstrip("/").rpartition("/")[2] + "/" * name.endswith("/") for name in found]
        self.query_one("#near", Static).update(plain(listed(names) if event.value else ""))
        self._say("")

    def action_samples(self) -> None:
        """Mark the next sample."""
        places, count = self.query_one("#places", OptionList), len(samples())
        places.focus()
        now = places.highlighted or 0
        places.highlighted = now % count + 1 if 1 <= now <= count else 1

    def action_path(self) -> None:
        """Go to the path."""
        self.query_one("#path", PathInput).focus()

    def back(self) -> bool:
        """Go back from the path to the list; whether that was something to go back from."""
        if not self.query_one("#path", PathInput).has_focus:
            return False
        self.query_one("#places", OptionList).focus()
        return True

    def open(self, choice: TaskChoice) -> None:
        """Open a table; instead of one that is still being opened."""
        work(self, "open", self._open, choice)

    async def _open(self, choice: TaskChoice) -> None:
        self._say(f"Opening {shorten(choice.reference, 60)} …")
        problem = await open_table(cast("PromptlabApp", self.app), choice)
        self._say(problem or "")
        if problem == "":
            self.post_message(self.Opened())

    def _say(self, sentence: str) -> None:
        self.query_one("#problem", Static).update(plain(sentence))


class OpenTask(ModalScreen[None]):
    """The same over whatever is open; escape leaves that as it is."""

    BINDINGS: ClassVar[list[BindingType]] = bindings([ESCAPE])

    def compose(self) -> ComposeResult:
        """A dialog with the list."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = plain("Open a table")
            dialog.border_subtitle = plain("enter opens · o path · esc back")
            yield Opener()

    def on_opener_opened(self) -> None:
        """Done."""
        self.dismiss()

    def action_back(self) -> None:
        """From the path to the list, from the list to where one was."""
        if not self.query_one(Opener).back():
            self.dismiss()
