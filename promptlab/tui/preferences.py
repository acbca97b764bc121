"""Preferences: the settings as this application uses them, applied at the start and when one is changed."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from promptlab.errors import ConfigError
from promptlab.tui import actions, themes
from promptlab.tui.modes import load_all
from promptlab.tui.state.keymap import clash, key_problem, usable_keys
from promptlab.tui.state.settings import ANIMATIONS, changed, read_settings, settings_path, write_setting

if TYPE_CHECKING:
    from textual.types import AnimationLevel

    from promptlab.tui.app import PromptlabApp

# Settings that a session's model is chosen by, with the names that they have there.
_OF_MODEL = {"model": "name", "device": "device", "precision": "dtype", "threads": "threads"}


class Preferences:
    """Reads the settings once; ``problems`` are the sentences about what in the file cannot be used."""

    def __init__(self, *, no_color: bool | None = None) -> None:
        self.path = settings_path()
        self.settings, self.problems = read_settings(self.path)
        self._no_color = "NO_COLOR" in os.environ if no_color is None else no_color

    def apply(self, app: "PromptlabApp") -> None:
        """Give the application its theme, its animation and its keys."""
        self.show_theme(app, self.settings.theme)
        animation = os.environ.get("TEXTUAL_ANIMATIONS", "")
        app.animation_level = cast("AnimationLevel", animation if animation in ANIMATIONS else self.settings.animation)
        if self.settings.keys:
            load_all()
        keys, problems = usable_keys(self.settings.keys, actions.ACTIONS)
        self.settings = replace(self.settings, keys=keys)
        self.problems = [*self.problems, *problems]
        app.set_keymap(keys)

    def show_theme(self, app: "PromptlabApp", name: str) -> None:
        """Use a theme, or the one that takes its place."""
        theme, problem = themes.usable_theme(name, app.available_themes, no_color=self._no_color)
        if problem:
            self.problems = [*self.problems, problem]
        app.theme = theme

    def change(self, app: "PromptlabApp", name: str, value: Any) -> None:
        """Change one setting, use it and write it; ConfigError for a value that cannot be or a file that cannot be.

        A setting that was not written holds all the same until the application ends.
        """
        self.settings = changed(self.settings, name, value)
        if name == "theme":
            self.show_theme(app, value)
        elif name == "animation":
            app.animation_level = value
        elif name == "keys":
            app.set_keymap(self.settings.keys)
        elif name in _OF_MODEL:
            model = app.desk.session.model
            change: dict[str, Any] = {_OF_MODEL[name]: value or None if name == "precision" else value}
            used = replace(model, **change)
            if used != model:
                app.desk.use_model(used)
        write_setting(self.path, name, value)

    def give_key(self, app: "PromptlabApp", action: actions.Action, key: str) -> None:
        """Another key for an action, empty for its default; ConfigError, with the sentence, when it cannot be."""
        keys = dict(self.settings.keys)
        keys.pop(action.id, None)
        check = key_problem if key else clash
        if problem := check(action, key or action.key, actions.ACTIONS, keys):
            raise ConfigError(problem)
        if key and key != action.key:
            keys[action.id] = key
        self.change(app, "keys", keys)

    def key_of(self, action: actions.Action) -> str:
        """The keys of an action as they are now."""
        return self.settings.keys.get(action.id, action.key)
