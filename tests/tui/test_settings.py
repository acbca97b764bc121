"""Settings: chosen on the screen, kept in a file, applied at the next start; what cannot be used is a sentence."""

import os
from pathlib import Path
from typing import Any

import pytest
from on_screen import screen_text, until
from textual.widgets import DataTable

from promptlab.errors import ConfigError
from promptlab.tui import themes
from promptlab.tui.app import PromptlabApp
from promptlab.tui.preferences import Preferences
from promptlab.tui.screens.choose import Choose
from promptlab.tui.state.settings import Settings, read_settings, settings_path, write_setting


def said(app: PromptlabApp) -> str:
    return "\n".join(app.said.lines())


def test_the_file_lies_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTLAB_CONFIG", str(tmp_path / "mine.toml"))
    assert settings_path() == tmp_path / "mine.toml"
    monkeypatch.delenv("PROMPTLAB_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_path().name == "config.toml" and settings_path().parent.name == "promptlab"


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.toml") == (Settings(), [])


def test_a_setting_is_changed_in_place_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "below" / "config.toml"
    write_setting(path, "theme", "nord")
    path.write_text("# mine\n" + path.read_text() + '[keys]\n"app.save" = "ctrl+t" # as elsewhere\n')
    write_setting(path, "threads", 2)
    assert "# mine" in path.read_text() and "# as elsewhere" in path.read_text()
    assert read_settings(path) == (Settings(theme="nord", threads=2, keys={"app.save": "ctrl+t"}), [])
    write_setting(path, "threads", None)
    assert read_settings(path)[0].threads is None


def test_a_damaged_file_is_a_sentence_and_the_defaults_hold(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"theme = \xff")
    settings, problems = read_settings(path)
    assert settings == Settings() and len(problems) == 1 and "The defaults hold" in problems[0]
    with pytest.raises(ConfigError, match="not saved"):
        write_setting(path, "theme", "nord")
    assert path.read_bytes() == b"theme = \xff"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("threads = 0", "whole number from 1"),
        ("threads = true", "whole number from 1"),
        ('precision = "int3"', "'float32'"),
        ("theme = 5", "it is text"),
        ('device = ""', "it is empty"),
        ("keys = 5", "table of actions"),
        ("colour = 1", "'colour' is no setting"),
    ],
)
def test_one_wrong_setting_costs_only_itself(tmp_path: Path, line: str, sentence: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'animation = "full"\n{line}\n')
    settings, problems = read_settings(path)
    assert settings == Settings(animation="full") and len(problems) == 1 and sentence in problems[0]


async def test_settings_are_applied_at_the_start(start: Any, workspace: Path) -> None:
    settings_path().write_text('theme = "nord"\nmodel = "other"\ndevice = "cpu"\nthreads = 2\nprecision = "float32"\n')
    async with start() as (app, _, engine):
        assert app.theme == "nord"
        wanted = {"name": "other", "device": "cpu", "threads": 2, "dtype": "float32"}
        assert engine.last("read")["model"] == wanted


async def test_a_damaged_file_and_an_unknown_theme_are_said_and_the_application_starts(
    start: Any, workspace: Path
) -> None:
    settings_path().write_text('theme = "no such"\nthreads = -1\n[keys]\n"app.fly" = "f9"\n"app.save" = "ctrl+a"\n')
    async with start() as (app, _, _):
        assert app.theme == themes.DEFAULT
        for sentence in ("no theme 'no such'", "threads cannot be -1", "no action 'app.fly'", "Editors use ctrl+a"):
            assert sentence in said(app)


@pytest.mark.parametrize(
    ("name", "no_color", "used"),
    [("ansi-dark", True, themes.DEFAULT), ("ansi-dark", False, "ansi-dark"), ("nord", True, "nord")],
)
def test_without_colours_a_theme_of_the_terminal_is_replaced_by_ours(name: str, no_color: bool, used: str) -> None:
    from textual.theme import BUILTIN_THEMES

    theme, sentence = themes.usable_theme(name, BUILTIN_THEMES, no_color=no_color)
    assert theme == used and bool(sentence) == (used != name)


def test_no_color_is_seen_before_the_framework_takes_it_away(monkeypatch: pytest.MonkeyPatch, workspace: Path) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    settings_path().write_text('theme = "ansi-light"\n')
    app = PromptlabApp(workspace)
    assert app.theme == themes.DEFAULT and "NO_COLOR" in " ".join(app.preferences.problems)


async def test_a_theme_is_shown_while_it_is_looked_for_and_kept_when_chosen(start: Any) -> None:
    async with start(path="reviews") as (app, pilot, _):
        await pilot.press("escape", "7")
        await until(pilot, lambda: isinstance(app.focused, DataTable))
        await pilot.press("enter", "down", "down")
        await until(pilot, lambda: app.theme != themes.DEFAULT)
        seen = app.theme
        await pilot.press("escape")
        assert app.theme == themes.DEFAULT and not settings_path().exists()
        await pilot.press("enter", "down", "down", "enter")
        await until(pilot, lambda: not isinstance(app.screen, Choose))
        assert app.theme == seen and f'theme = "{seen}"' in settings_path().read_text()
        assert seen in screen_text(app)


async def test_threads_are_used_at_once_and_remembered(start: Any) -> None:
    async with start(path="reviews") as (app, pilot, engine):
        read = engine.count("read")
        await pilot.press("escape", "7")
        await until(pilot, lambda: isinstance(app.focused, DataTable))
        await pilot.press(*["down"] * 5, "enter", "down", "enter")
        await until(pilot, lambda: engine.count("read") > read)
        assert engine.last("read")["model"]["threads"] == 1 and "threads = 1" in settings_path().read_text()


async def test_a_file_that_cannot_be_written_is_said_and_the_setting_holds(start: Any, workspace: Path) -> None:
    async with start(path="reviews") as (app, pilot, _):
        app.preferences.path = workspace.parent / "a file" / "config.toml"
        (workspace.parent / "a file").write_text("")
        await pilot.press("escape", "7")
        await until(pilot, lambda: isinstance(app.focused, DataTable))
        await pilot.press("enter", "up", "enter")
        await until(pilot, lambda: "was not saved" in said(app))
        assert app.theme == "promptlab-contrast"


def test_animation_follows_the_setting_unless_the_environment_says_otherwise(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_path().write_text('animation = "full"\n')
    assert "TEXTUAL_ANIMATIONS" in os.environ and PromptlabApp(workspace).animation_level == "none"
    monkeypatch.delenv("TEXTUAL_ANIMATIONS")
    assert PromptlabApp(workspace).animation_level == "full"
    assert Preferences().settings.animation == "full"
