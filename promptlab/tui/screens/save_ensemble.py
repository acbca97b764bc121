"""Save an ensemble: which folder its bundle goes into, and afterwards the command that uses it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.paths import is_taken
from promptlab.text import counted, shorten
from promptlab.tui.path_input import PathInput, is_no_file
from promptlab.tui.screens.save_bundle import proposed_folder
from promptlab.tui.shown import plain
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp


class SaveEnsemble(ModalScreen[None]):
    """Saves the members that the engine was asked about; stays, with the reason, when they cannot be saved."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back")]

    def __init__(self, asked: Mapping[str, Any]) -> None:
        super().__init__()
        self.asked = asked

    def compose(self) -> ComposeResult:
        """One field and a place for what went wrong."""
        members = counted(len(self.asked["members"]), "member")
        with Vertical(classes="dialog", id="save-ensemble") as dialog:
            dialog.border_title = plain("Save the ensemble")
            dialog.border_subtitle = plain("enter saves · tab completes the path · esc back")
            yield Static(f"A bundle of {members}: templates, label words and weights, in the folder:", markup=False)
            folder = proposed_folder(cast("PromptlabApp", self.app).desk)
            yield PathInput("folder", folder, accepts=is_no_file)
            yield Static("", id="problem", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Save it."""
        work(self, "save", self._save, event.value.strip().rstrip("/"))

    def action_back(self) -> None:
        """Save nothing."""
        self.dismiss()

    async def _save(self, typed: str) -> None:
        app = cast("PromptlabApp", self.app)
        if problem := _problem(typed):
            return self._say(problem)
        folder = str(Path(typed).expanduser()) if typed.startswith("~") else typed
        self._say("Saving …")
        try:
            saved = await app.desk.ask("save", what="ensemble", folder=folder, **self.asked)
        except EngineGone as error:
            return self._say(f"{error} Press esc, then ctrl+r to start it again.")
        except EngineError as error:
            return self._say(" ".join(filter(None, (error.what, error.remedy))))
        app.leaving = str(saved["command"])
        app.desk.say(f"Saved: {saved['folder']}")
        app.desk.hearing.tell("saved")
        self.dismiss()

    def _say(self, sentence: str) -> None:
        self.query_one("#problem", Static).update(plain(sentence, newlines=True))


def _problem(typed: str) -> str:
    if not typed:
        return "Type a folder for the bundle."
    try:
        taken = is_taken(Path(typed).expanduser())
    except (OSError, RuntimeError, ValueError) as error:
        return f"This folder cannot be used: {shorten(str(error), 100)}"
    return f"{shorten(typed, 80)!r} is taken already. Type the name of a new folder." if taken else ""
