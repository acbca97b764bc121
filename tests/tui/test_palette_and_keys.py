"""The palette has everything by name, on its own pane; and every key can be another one, unless it cannot work."""

from typing import Any

import pytest
from on_screen import screen_text, until
from scripted_engine import ScriptedEngine
from textual.command import CommandPalette
from textual.widgets import DataTable

from promptlab.tui.actions import ACTIONS, Action
from promptlab.tui.modes import load_all
from promptlab.tui.palette import Actions, Objects
from promptlab.tui.screens.record_key import RecordKey
from promptlab.tui.state.keymap import key_problem, shown_key, usable_keys
from promptlab.tui.state.settings import read_settings, settings_path

SAVE = Action("app.save", "ctrl+s", "save", "Save", "Save.")
OPEN = Action("app.open", "ctrl+o", "open", "Open", "Open.")
EXPAND = Action("words.expand", "w", "expand", "Expand", "Expand.")
MENU = Action("words.menu", "m", "menu", "Menu", "Menu.")
NEXT = Action("preview.next", "n", "next", "Next", "Next.")
SOME = [SAVE, OPEN, EXPAND, MENU, NEXT]


def chosen(app: Any) -> Action:
    table = app.focused
    name = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
    return next(action for action in ACTIONS if action.id == name)


@pytest.mark.parametrize(
    ("action", "key", "sentence"),
    [
        (SAVE, "ctrl+t", ""),
        (SAVE, "ctrl+a", "Editors use ctrl+a"),
        (SAVE, "f6", "Editors use f6"),
        (SAVE, "x", "Editors use x"),
        (SAVE, "question_mark", r"Editors use ?"),
        (SAVE, "ctrl+o", "key of 'Open'"),
        (SAVE, "ctrl+m", "Most terminals send enter"),
        (SAVE, "escape", "esc stays"),
        (SAVE, "ctrl+q", "ctrl+q stays"),
        (EXPAND, "x", ""),
        (EXPAND, "n", ""),
        (EXPAND, "m", "key of 'Menu'"),
        (EXPAND, "ctrl+s", "key of 'Save'"),
    ],
)
def test_a_key_is_refused_where_it_would_do_nothing_or_two_things(action: Action, key: str, sentence: str) -> None:
    problem = key_problem(action, key, SOME, {})
    assert (problem == "") == (sentence == "") and sentence in problem


def test_two_actions_may_change_their_keys_with_each_other() -> None:
    swapped = {"app.save": "ctrl+o", "app.open": "ctrl+s"}
    assert usable_keys(swapped, SOME) == (swapped, [])


def test_a_key_that_two_want_is_neither_ones() -> None:
    keys, problems = usable_keys({"words.expand": "x", "words.menu": "x", "preview.next": "x", "no.such": "y"}, SOME)
    assert keys == {"preview.next": "x"} and len(problems) == 3


@pytest.mark.parametrize(
    ("key", "shown"), [("f1,question_mark", "f1 or ?"), ("ctrl+s", "ctrl+s"), ("slash", "/"), ("", "")]
)
def test_keys_are_shown_as_they_are_printed_on_the_keyboard(key: str, shown: str) -> None:
    assert shown_key(key) == shown


async def test_every_action_is_in_the_palette_with_its_key_and_its_sentence(start: Any) -> None:
    async with start() as (app, _, _):
        load_all()
        entries = {(entry.kind, entry.name): entry for entry in Actions(app.screen).entries()}
        for action in ACTIONS:
            if action.place == "app" and action.id != "app.palette":
                entry = entries["promptlab", action.name]
                assert entry.help == action.help and shown_key(action.key) in str(entry.shown())


async def test_the_palette_finds_an_action_by_a_word_and_runs_it(start: Any) -> None:
    async with start() as (app, pilot, _):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"settings")
        await until(pilot, lambda: "promptlab: Settings" in screen_text(app))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.current_mode == "settings")


async def test_an_action_of_a_pane_in_another_mode_goes_there(start: Any) -> None:
    async with start() as (app, pilot, _):
        load_all()
        settings_path().write_text('[keys]\n"app.save" = "ctrl+t"\n')
        (entry,) = [entry for entry in Actions(app.screen).entries() if entry.kind == "keys"]
        await entry.choose()
        await until(pilot, lambda: app.current_mode == "settings" and app.screen.current_pane().place == "keys")
        await until(pilot, lambda: app.focused is app.screen.current_pane().query_one(DataTable))


async def test_the_palette_has_templates_words_and_themes_by_name(start: Any) -> None:
    async with start() as (app, _, _):
        objects = Objects(app.screen)
        await objects.startup()
        by_text = {entry.text: entry for entry in objects.entries()}
        await by_text["template: sst2#all-in-all"].choose()
        assert app.desk.session.template_name == "sst2#all-in-all" and app.desk.is_saved
        words = next(entry for text, entry in by_text.items() if text.startswith("words: sst2#"))
        await words.choose()
        assert app.desk.session.words.name == words.name
        by_text["theme: nord"].choose()
        assert app.theme == "nord" and read_settings(settings_path())[0].theme == "nord"


async def test_markup_in_a_name_is_shown_as_it_stands(start: Any, tmp_path: Any) -> None:
    name = "[b]x [MASK] [@click=app.quit]q"
    (tmp_path / "bundles" / name).mkdir(parents=True)
    (tmp_path / "bundles" / name / "bundle.toml").write_text("")
    async with start() as (app, pilot, _):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"bundle: [b")
        await until(pilot, lambda: f"bundle: {name}" in screen_text(app))


async def record(pilot: Any, app: Any, action: str, *keys: str) -> None:
    """Press enter on an action of the list of keys, and then keys."""
    await pilot.press("7")
    await until(pilot, lambda: isinstance(app.focused, DataTable))
    await pilot.press("tab")
    await until(pilot, lambda: app.screen.current_pane().place == "keys")
    app.focused.move_cursor(row=app.focused.get_row_index(action))
    assert chosen(app).id == action
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, RecordKey))
    await pilot.press(*keys)


async def test_a_recorded_key_works_at_once_and_at_the_next_start(start: Any) -> None:
    async with start() as (app, pilot, _):
        await pilot.press("escape")
        await record(pilot, app, "app.log", "f9")
        await until(pilot, lambda: not isinstance(app.screen, RecordKey))
        assert "f9 *" in screen_text(app)
        await pilot.press("f9")
        await until(pilot, lambda: "What promptlab said" in screen_text(app))
        await pilot.press("escape", "f12")
        assert "What promptlab said" not in screen_text(app)
    async with start() as (app, pilot, _):
        await pilot.press("f9")
        await until(pilot, lambda: "What promptlab said" in screen_text(app))


async def test_a_key_that_cannot_be_is_refused_in_place_and_nothing_is_written(start: Any) -> None:
    async with start() as (app, pilot, _):
        await pilot.press("escape")
        await record(pilot, app, "app.log", "ctrl+a")
        await until(pilot, lambda: "Editors use ctrl+a" in screen_text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "key of 'Save'" in screen_text(app))
        await pilot.press("escape")
        assert not isinstance(app.screen, RecordKey) and not settings_path().exists()


async def test_backspace_gives_the_default_back(start: Any) -> None:
    settings_path().write_text('[keys]\n"app.log" = "f9"\n')
    async with start() as (app, pilot, _):
        await pilot.press("escape")
        await record(pilot, app, "app.log", "backspace")
        await until(pilot, lambda: not isinstance(app.screen, RecordKey))
        assert "app.log" not in settings_path().read_text()
        await pilot.press("f12")
        await until(pilot, lambda: "What promptlab said" in screen_text(app))


async def test_an_action_without_a_key_can_be_given_one(start: Any) -> None:
    settings_path().write_text('[keys]\n"app.fresh" = "f9"\n')
    async with start(engine=ScriptedEngine()) as (app, pilot, _):
        await pilot.press("f9")
        await until(pilot, lambda: app.desk.session.task is None)
