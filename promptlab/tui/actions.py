"""Every action once: its id, key and sentence; bindings, footer, help, palette and the user's keymap come from here."""

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Action:
    """``id`` is the place (``app`` or a pane's) and a verb; ``key`` its default keys with commas between.

    ``does`` is the method ``action_...`` of the place's widget, with arguments where it has some. ``name`` stands in
    the footer, ``help`` is a sentence. ``footer`` says whether it stands in the footer at all.
    """

    id: str
    key: str
    does: str
    name: str
    help: str
    footer: bool = False

    @property
    def place(self) -> str:
        """Where it holds: ``app``, or the pane's place."""
        return self.id.split(".")[0]


_APP = (
    Action("app.palette", "ctrl+p", "command_palette", "Palette", "Find any action by name.", True),
    Action("app.help", "f1,question_mark", "help", "Help", "Explain the pane in focus and list its keys.", True),
    Action(
        "app.save", "ctrl+s", "save", "Save", "Save what is in focus under a name: template, words or a bundle.", True
    ),
    Action("app.quit", "ctrl+q", "quit", "Quit", "Leave; drafts are kept.", True),
    Action("app.mode_workbench", "1", "mode('workbench')", "Workbench", "Write templates and label words."),
    Action("app.mode_expand", "2", "mode('expand')", "Expand", "Find more words for a label."),
    Action("app.mode_ensemble", "3", "mode('ensemble')", "Ensemble", "Combine several prompts."),
    Action("app.mode_data", "4", "mode('data')", "Data", "Look at the rows and what was predicted."),
    Action("app.mode_runs", "5", "mode('runs')", "Runs", "Evaluations that were kept, side by side."),
    Action("app.mode_bundles", "6", "mode('bundles')", "Bundles", "Saved classifiers: what is in them, and try one."),
    Action("app.mode_settings", "7", "mode('settings')", "Settings", "Theme, keys, device, threads, precision, model."),
    Action("app.next_pane", "tab", "next_pane(1)", "Next pane", "Go to the next pane."),
    Action("app.previous_pane", "shift+tab", "next_pane(-1)", "Previous pane", "Go to the pane before."),
    Action("app.open", "ctrl+o", "open_task", "Open", "Open a table or a sample."),
    Action("app.model", "ctrl+g", "pick_model", "Model", "Choose the model that reads."),
    Action("app.zoom", "f8", "zoom", "Zoom", "Make the pane in focus as large as the screen, or small again."),
    Action("app.restart", "ctrl+r", "restart_engine", "Restart", "Start the engine again after it stopped."),
    Action("app.log", "f12", "log", "Log", "Show what happened and what the engine wrote."),
    Action("app.save_bundle", "f2", "save_bundle", "Bundle", "Save template and words as a bundle."),
    Action("app.fresh", "", "fresh", "Start afresh", "Close the task and begin at the welcome screen."),
)
ACTIONS: list[Action] = [*_APP]
# Those that hold in a dialog too, which has no key of the application else.
_EVERYWHERE = ("app.quit",)


def declare(*actions: Action) -> list[BindingType]:
    """Put a pane's actions into the registry and return its bindings: ``BINDINGS = declare(Action(...), ...)``."""
    known = {action.id for action in ACTIONS}
    ACTIONS.extend(action for action in actions if action.id not in known)
    return bindings(actions)


def bindings(actions: Iterable[Action]) -> list[BindingType]:
    """Textual's bindings of these actions; one without a key is reached by the palette, until the user gives it one."""
    return [
        Binding(
            action.key or f"<{action.id}>",  # no key is called so
            action.does,
            action.name,
            show=action.footer and bool(action.key),
            id=action.id,
            tooltip=action.help,
            priority=action.id in _EVERYWHERE,
        )
        for action in actions
    ]


def app_bindings() -> list[BindingType]:
    """The bindings that hold everywhere."""
    return bindings(_APP)
