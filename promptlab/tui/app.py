"""The application: its modes, its desk, and what is asked everywhere."""

import asyncio
import gc
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, cast

from textual import events
from textual.app import App
from textual.command import CommandInput, Provider
from textual.screen import ModalScreen, Screen

from promptlab.errors import PromptlabError
from promptlab.jobs.client import EngineClient, EngineError, EngineGone, EngineState
from promptlab.text import safe_text, shorten
from promptlab.tui import actions, modes, themes
from promptlab.tui.desk import Desk, Topic
from promptlab.tui.engine import Engine
from promptlab.tui.hangup import end_in_order
from promptlab.tui.keeping import Keeping
from promptlab.tui.key_order import KeyOrder
from promptlab.tui.opening import open_table
from promptlab.tui.panes.pane import Pane
from promptlab.tui.preferences import Preferences
from promptlab.tui.screens.mode import Mode
from promptlab.tui.screens.too_small import TooSmall, is_too_small
from promptlab.tui.screens.welcome import WELCOME, Welcome
from promptlab.tui.state.drafts import draft_path
from promptlab.tui.state.said import Said
from promptlab.tui.state.session import ModelChoice, Session, TaskChoice
from promptlab.tui.work import work

_STYLES = Path(__file__).parent / "styles"
# Seconds that the engine may take to end, and that a toast stands.
_MOST_TO_STOP = 3.0
_TWICE = 2.0  # seconds between two ctrl+c that together leave
_TOAST = {"information": 3.0, "warning": 6.0, "error": 10.0}
_LONGEST_TOAST = 600  # characters; the log has all of it


def _palette_actions() -> type[Provider]:
    from promptlab.tui.palette import Actions

    return Actions


def _palette_objects() -> type[Provider]:
    from promptlab.tui.palette import Objects

    return Objects


class PromptlabApp(App[str]):
    """Runs on a workspace; ``path`` is a table to open at once. Its result is the line to print on leaving."""

    TITLE = "promptlab"
    CSS_PATH = sorted(_STYLES.glob("*.tcss"))
    MODES: ClassVar[dict[str, Any]] = {**modes.every_mode(), WELCOME: Welcome}
    FIRST_MODE = DEFAULT_MODE = "workbench"
    BINDINGS = actions.app_bindings()
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[Any]] = {_palette_actions, _palette_objects}

    def __init__(self, workspace: Path, *, path: str | None = None, engine: Engine | None = None) -> None:
        self.preferences = Preferences()
        super().__init__()
        self.workspace, self.path = workspace, path
        if path is None and not draft_path(workspace).exists():
            self.DEFAULT_MODE = WELCOME  # type: ignore[misc]
        self.engine: Engine = engine or EngineClient(workspace, on_state=self._engine_changed)
        self.desk = Desk(self.engine, Session(model=self.preferences.settings.choice()))
        self.keeping = Keeping(self.desk, workspace)
        self.said = Said()
        self._keys = KeyOrder(self)
        self._interrupted = 0.0
        self.leaving = ""  # the line to print afterwards: how to use what was saved
        self.worked: ModelChoice | None = None  # the last model that gave figures
        for theme in themes.OWN:
            self.register_theme(theme)
        self.preferences.apply(self)

    def on_mount(self) -> None:
        """Paint first; the engine starts after the first frame."""
        self.desk.listen(self._heard)
        self.desk.listen(self.keeping.heard)
        for sentence in self.preferences.problems:
            self.desk.say(sentence, "warning")
        for sentence, severity in self.keeping.begin(self.path):
            self.desk.say(sentence, severity)
        if self.path is None and self.keeping.draft is None and self.current_mode != WELCOME:
            self.push_screen(Welcome())
        end_in_order(self)
        self.call_after_refresh(work, self, "begin", self._begin)

    async def _begin(self) -> None:
        gc.enable()
        await self.engine.start()
        if self.keeping.draft is not None:
            await self.keeping.restore()
        elif self.path is not None:
            work(self, "open", self._open_first, TaskChoice(self.path))

    async def _open_first(self, choice: TaskChoice) -> None:
        """Open the table that the application was started with; without it, welcome."""
        problem = await open_table(self, choice)
        if problem:
            self.desk.say(problem, "error")
        if problem != "":
            await self.push_screen(Welcome())

    async def on_unmount(self) -> None:
        """Write the draft, let go of the desk and end the engine, however it takes that."""
        self.keeping.finish()
        self.desk.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.engine.stop(), _MOST_TO_STOP)

    async def open(self, choice: TaskChoice, *, session: Session | None = None) -> bool:
        """Open a table (or take up a saved session); whether that went well, a toast says why not."""
        try:
            if session is None:
                await self.desk.open_task(choice)
            else:
                await self.desk.restore(session)
        except (EngineError, EngineGone, PromptlabError) as error:
            self.desk.say(str(error), "error")
            return False
        return True

    def show_rows(self, wanted: Mapping[str, Any]) -> None:
        """Show the rows that fit a filter, as the engine's ``page`` takes it, on the data screen."""
        work(self, "show_rows", self._show_rows, dict(wanted))

    async def _show_rows(self, wanted: Mapping[str, Any]) -> None:
        from promptlab.tui.screens.data import Data

        await self.switch_mode("data")
        if isinstance(self.screen, Data):
            self.screen.show(wanted)

    def _engine_changed(self, state: EngineState) -> None:
        self.desk.engine_changed(state)

    def _heard(self, topic: Topic) -> None:
        if topic == "said":
            sentence, severity = self.desk.message
            self.said.add(sentence, severity)
            self.notify(sentence, severity=severity, timeout=_TOAST[severity])
        elif topic == "figures" and self.desk.is_current:
            self.worked = self.desk.session.model

    def notify(self, message: str, *, markup: bool = False, **options: Any) -> None:
        """A toast; what it says is text, never markup, and nothing that drives a terminal."""
        super().notify(shorten(message, _LONGEST_TOAST), markup=markup, **options)

    async def on_event(self, event: events.Event) -> None:
        """What is typed is done in the order in which it came.

        What is pasted into the palette, whose line is Textual's own, is marked like all that is shown.
        """
        if isinstance(event, events.Paste) and isinstance(self.focused, CommandInput):
            event.text = safe_text(event.text)
        is_typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if not is_typed or not self._keys.holds_back(cast("events.Key | events.Paste", event)):
            await super().on_event(event)

    def on_resize(self, event: events.Resize) -> None:
        """One line in the place of everything where nothing fits."""
        is_small, lies_above = is_too_small(*event.size), isinstance(self.screen, TooSmall)
        if is_small and not lies_above:
            self.push_screen(TooSmall())
        elif lies_above and not is_small:
            self.pop_screen()

    # -- actions that hold everywhere ---------------------------------------------------------------------------

    def action_mode(self, name: str) -> None:
        """Switch to a mode."""
        self.switch_mode(name)

    def action_next_pane(self, step: int) -> None:
        """Go to the next pane, or the one before."""
        if isinstance(self.screen, Mode):
            self.screen.step_pane(step)
        else:
            self.screen.focus_next() if step > 0 else self.screen.focus_previous()

    def action_zoom(self) -> None:
        """Make the pane in focus large, or small again."""
        screen: Screen[Any] = self.screen
        pane = screen.current_pane() if isinstance(screen, Mode) else None
        if screen.maximized is not None:
            screen.minimize()
        elif isinstance(pane, Pane):
            screen.maximize(pane)

    def action_open_task(self) -> None:
        """Choose another table; what is open stays until then."""
        if not isinstance(self.screen, Welcome | ModalScreen):
            from promptlab.tui.screens.open_task import OpenTask

            self.push_screen(OpenTask())

    def action_pick_model(self) -> None:
        """Choose the model that reads."""
        if not isinstance(self.screen, ModalScreen):
            from promptlab.tui.screens.pick_model import PickModel

            self.push_screen(PickModel())

    def action_save(self) -> None:
        """Save what is in focus under a name: the pane's own way of saving, else the template."""
        if isinstance(self.screen, ModalScreen):
            return
        pane = self.screen.current_pane() if isinstance(self.screen, Mode) else None
        save = getattr(pane, "save", None)
        if save is not None:
            save()
        elif self.desk.session.words is None and not self.desk.session.template.strip():
            self.desk.say("There is nothing to save yet. Open a table first (ctrl+o).", "warning")
        else:
            from promptlab.tui.screens.save_as import SaveAs

            self.push_screen(SaveAs(pane.saves if pane is not None else "template"))

    def action_save_bundle(self) -> None:
        """Save template and words as a bundle."""
        if self.desk.session.words is None:
            self.desk.say("There is nothing to save yet. Open a table first (ctrl+o).", "warning")
        elif not isinstance(self.screen, ModalScreen):
            from promptlab.tui.screens.save_bundle import SaveBundle

            self.push_screen(SaveBundle())

    def action_fresh(self) -> None:
        """Close the task and begin again; the draft goes to the trash."""
        place = self.keeping.forget()
        self.desk.close_task()
        if place is not None:
            self.desk.say(f"The draft lies in the trash: {place}")
        self.switch_mode("workbench")
        if not isinstance(self.screen, Welcome):
            self.push_screen(Welcome())

    def action_help(self) -> None:
        """Explain the pane in focus and list the keys."""
        from promptlab.tui.screens.help import Help

        if not isinstance(self.screen, Help):
            asked = self.focused or self.screen
            nodes = [node for node in asked.ancestors_with_self if getattr(node, "place", "")]
            about = nodes[0] if nodes else None
            named = str(getattr(about, "title", "") or getattr(about, "title_shown", "") or "")
            self.push_screen(Help(getattr(about, "place", ""), named, getattr(about, "HELP", "") or ""))

    def action_log(self) -> None:
        """Show what was said and what the engine wrote."""
        from promptlab.tui.screens.log import Log

        if not isinstance(self.screen, Log):
            self.push_screen(Log())

    async def action_quit(self) -> None:
        """Leave; asked only about long work that runs."""
        from promptlab.tui.screens.quit import Quit, running_work

        running = running_work(self.desk)
        if running and not isinstance(self.screen, Quit):
            self.push_screen(Quit(running), lambda leave: self.exit() if leave else None)
        else:
            self.exit()

    def action_help_quit(self) -> None:
        """Leave when ctrl+c is pressed twice; where text is marked, ctrl+c copies it instead."""
        now = time.monotonic()
        if now - self._interrupted < _TWICE:
            self.call_later(self.action_quit)
        else:
            self._interrupted = now
            self.notify("Press ctrl+c once more to leave, or ctrl+q.", timeout=_TWICE)

    async def action_restart_engine(self) -> None:
        """Start the engine again."""
        await self.desk.restart()
