"""Save as: under which name template or words are saved, and afterwards how the options name them."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from promptlab.errors import PromptlabError
from promptlab.text import listed, shorten
from promptlab.tui.line_input import LineInput
from promptlab.tui.screens.confirm import Answer, Confirm
from promptlab.tui.shown import plain
from promptlab.tui.state.library_files import Kind
from promptlab.tui.state.saving import OPTIONS, Target, free_version, is_taken, proposed, save, target_of, unsavable
from promptlab.tui.state.session import Session
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.app import PromptlabApp

_NAMES = {"template": "the template", "words": "the label words"}


class SaveAs(ModalScreen[None]):
    """Asks for a name; stays, with the reason, when it cannot be saved. A name that is taken is asked about."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back")]

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind

    @property
    def promptlab(self) -> "PromptlabApp":
        """The application."""
        return cast("PromptlabApp", self.app)

    def compose(self) -> ComposeResult:
        """What is saved, its name, the file that it goes to, and a place for what went wrong."""
        session, task = self.promptlab.desk.session, self.promptlab.desk.task
        self.proposed = proposed(self.kind, session, str(task["name"]) if task else "mine")
        with Vertical(classes="dialog", id="save-as") as dialog:
            dialog.border_title = plain(f"Save {_NAMES[self.kind]}")
            dialog.border_subtitle = plain("enter saves · esc back")
            yield Static(plain(_line(self.kind, session)), id="saved-text", markup=False)
            yield LineInput(self.proposed.reference, id="name", select_on_focus=False)
            yield Static("", id="where", markup=False)
            yield Static("", id="problem", markup=False)

    def on_mount(self) -> None:
        """Begin behind the proposed name."""
        field = self.query_one("#name", Input)
        field.cursor_position = len(field.value)
        field.focus()
        self._show_where()
        self._say(unsavable(self.kind, self.promptlab.desk.session))

    def on_input_changed(self) -> None:
        """Say where it would go."""
        self._say("")
        self._show_where()

    def on_input_submitted(self) -> None:
        """Save it."""
        work(self, "save", self._save)

    def action_back(self) -> None:
        """Save nothing."""
        self.dismiss()

    def _target(self) -> Target:
        return target_of(self.kind, self.query_one("#name", Input).value, task=self.proposed.task)

    def _show_where(self) -> None:
        try:
            target = self._target()
            taken = ", which has this name already: you are asked" if is_taken(target) else ""
            shown = f"goes to {target.path}{taken} · {OPTIONS[self.kind]} {target.reference}"
        except (PromptlabError, OSError) as error:
            shown = str(error)
        self.query_one("#where", Static).update(plain(shown))

    async def _save(self) -> None:
        app = self.promptlab
        try:
            target = self._target()
            if is_taken(target):
                free = free_version(target)
                answer = await app.push_screen_wait(_question(target, free))
                if answer == "back":
                    return
                target = free if answer == "version" else target
            older = await asyncio.to_thread(save, target, app.desk.session, app.workspace)
        except PromptlabError as error:
            return self._say(str(error))
        except OSError as error:
            return self._say(f"The folder cannot be used: {error.strerror or error}. Nothing was lost.")
        self._tell(target, older)
        self.dismiss()

    def _tell(self, target: Target, older: Path | None) -> None:
        """Say it at the desk: the names are known there from now on."""
        desk = self.promptlab.desk
        if self.kind == "template":
            desk.name_template(target.reference)
        else:
            desk.name_words(target.reference)
        trash = f" The older text lies in {older}." if older else ""
        desk.say(f"Saved in {target.path}. To use it: {OPTIONS[self.kind]} {target.reference}{trash}")

    def _say(self, sentence: str) -> None:
        self.query_one("#problem", Static).update(plain(f"✗ {sentence}" if sentence else "", newlines=True))


def _question(target: Target, free: Target) -> Confirm:
    answers = (
        Answer("version", f"Keep both: save this as {free.name}", is_safe=False),
        Answer("replace", f"Replace {target.name}; the older text goes to the trash"),
        Answer("back", "Choose another name", is_safe=True),
    )
    return Confirm(f"{target.path} has {target.name} already.", answers, title="This name is taken")


def _line(kind: Kind, session: Session) -> str:
    """What is saved, in a line."""
    if kind == "template":
        return shorten(session.template, 300)
    words = session.words
    return (
        shorten("   ".join(f"{label}: {listed(map(str, words.active(label)), most=6)}" for label in words.labels), 300)
        if words
        else ""
    )
