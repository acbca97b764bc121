"""Save a bundle: which folder, and afterwards the command that uses it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.paths import is_taken
from promptlab.text import shorten
from promptlab.tui.line_input import LineInput
from promptlab.tui.path_input import PathInput, is_no_file
from promptlab.tui.shown import plain
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp
    from promptlab.tui.desk import Desk

_WHAT = (
    "A bundle is a folder with the template, the label words, the calibration, and how accurate they were on which "
    "rows. The model itself is named, not copied."
)


class SaveBundle(ModalScreen[None]):
    """Asks for a folder and a sentence about the bundle; stays, with the reason, when it cannot be saved."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back")]

    def compose(self) -> ComposeResult:
        """Two fields and a place for what went wrong."""
        with Vertical(classes="dialog", id="save-bundle") as dialog:
            dialog.border_title = plain("Save a bundle")
            dialog.border_subtitle = plain("enter saves · tab completes the path · esc back")
            yield Static(_WHAT, markup=False)
            yield Label("Folder")
            yield PathInput("folder", proposed_folder(cast("PromptlabApp", self.app).desk), accepts=is_no_file)
            yield Label("About (may stay empty)")
            yield LineInput(placeholder="what it is for, in a sentence", id="about")
            yield Static("", id="problem", markup=False)

    def on_mount(self) -> None:
        """Begin with the folder."""
        self.query_one("#folder").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Save it."""
        work(self, "save", self._save)

    def action_back(self) -> None:
        """Save nothing."""
        self.dismiss()

    async def _save(self) -> None:
        app = cast("PromptlabApp", self.app)
        folder = self.query_one("#folder", PathInput).value.strip().rstrip("/")
        about = self.query_one("#about", Input).value.strip()
        folder = str(Path(folder).expanduser()) if folder.startswith("~") else folder
        if problem := _problem(folder):
            return self._say(problem)
        self._say("Saving …")
        try:
            saved = await app.desk.ask("save", what="bundle", folder=folder, about=about)
        except EngineGone as error:
            return self._say(f"{error} Press esc, then ctrl+r to start it again.")
        except EngineError as error:
            return self._say(_why(error))
        app.leaving = str(saved["command"])
        app.desk.saved_bundle(str(saved["folder"]))
        self.dismiss()

    def _say(self, sentence: str) -> None:
        self.query_one("#problem", Static).update(plain(sentence, newlines=True))


def proposed_folder(desk: "Desk") -> str:
    """``bundles/<task>-<template>``, with a number behind it when that is taken."""
    task = str(desk.task["name"]) if desk.task else "task"
    names = (Path(task).stem, desk.session.template_name.rpartition("#")[2])
    name = "-".join(filter(None, (re.sub(r"[^\w.-]+", "-", each).strip("-.")[:40] for each in names))) or "bundle"
    folders = [f"bundles/{name}", *(f"bundles/{name}-{number}" for number in range(2, 1000))]
    return next((folder for folder in folders if not _is_taken(folder)), folders[-1])


def _is_taken(folder: str) -> bool:
    try:
        return is_taken(Path(folder))
    except OSError:
        return False


def _problem(folder: str) -> str:
    if not folder:
        return "Type a folder for the bundle."
    if _is_taken(folder):
        return f"{shorten(folder, 80)!r} is taken already. Type the name of a new folder."
    return ""


def _why(error: EngineError) -> str:
    if error.kind == "unread":
        return "The rows are still being read. Wait until the accuracy is complete, then press enter again."
    return " ".join(part for part in (error.what, error.remedy) if part)
