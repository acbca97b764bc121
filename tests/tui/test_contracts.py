"""What holds of every action, every pane and every mode."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from on_screen import screen_text, until
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Footer, Input, TextArea
from textual.widgets._footer import FooterKey

from promptlab.tui.actions import ACTIONS
from promptlab.tui.modes import every_mode, load_all
from promptlab.tui.palette import Actions
from promptlab.tui.panes.pane import Pane
from promptlab.tui.state.keymap import EATEN, key_problem, types_character

load_all()
MODES = list(every_mode())
PROBED = [
    *(f"ctrl+{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
    *(f"f{number}" for number in range(1, 13)),
    *("escape", "enter", "space", "tab", "backspace", "delete", "home", "end", "up", "down", "left", "right"),
    *("pageup", "pagedown", "question_mark", "slash", "a", "1", "plus", "full_stop"),
]
# Keys that move or leave on purpose in an editor, and the digits that are modes outside editors alone.
MEANT = {"tab", "shift+tab", *"1234567"}


def every_pane() -> list[type[Pane]]:
    found: list[type[Pane]] = []
    waiting: list[type[Pane]] = [Pane]
    while waiting:
        below = waiting.pop().__subclasses__()
        found += [pane for pane in below if pane.__module__.startswith("promptlab.") and not pane.__subclasses__()]
        waiting += below
    return found


class Probe(App[None]):
    """Counts the keys that a focused widget lets through."""

    BINDINGS = [Binding(key, f"hit('{key}')", key, show=False) for key in PROBED if key != "ctrl+q"]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield TextArea()
        yield Input("some text", select_on_focus=False)

    def on_mount(self) -> None:
        self.hits: set[str] = set()

    def action_hit(self, key: str) -> None:
        self.hits.add(key)


@pytest.mark.parametrize("editor", [TextArea, Input])
async def test_the_keys_that_editors_eat_are_those_that_are_listed(editor: type[Any]) -> None:
    app = Probe()
    async with app.run_test() as pilot:
        for key in PROBED:
            if key not in ("ctrl+q", "ctrl+p", "ctrl+c", "tab"):
                app.query_one(editor).focus()
                await pilot.press(key)
    eaten = {key for key in PROBED if key not in app.hits} - {"ctrl+q", "ctrl+p", "ctrl+c", "tab"}
    assert {key for key in eaten if key not in EATEN and not types_character(key)} == set()
    if editor is TextArea:
        assert {key for key in EATEN & set(PROBED) if key not in eaten} <= {"tab", "enter", "space", "home", "end"}


def test_every_action_has_an_id_of_its_own_a_name_and_a_sentence() -> None:
    counts = Counter(action.id for action in ACTIONS)
    assert [name for name, count in counts.items() if count > 1] == []
    for action in ACTIONS:
        place, _, verb = action.id.partition(".")
        assert place and verb and action.name and action.does, action
        assert action.help.endswith((".", "?")) and action.help[:1].isupper() and "[" not in action.help, action


def test_no_key_that_holds_everywhere_is_eaten_by_an_editor() -> None:
    for action in ACTIONS:
        keys = [key for key in action.key.split(",") if key]
        if action.place == "app" and keys and not set(keys) <= MEANT:
            assert any(key not in EATEN and not types_character(key) for key in keys), action


def test_no_two_actions_of_a_place_have_one_key() -> None:
    for action in ACTIONS:
        for key in action.key.split(","):
            others = [other for other in ACTIONS if other.place == action.place and other.id != action.id]
            assert not key or not any(key in other.key.split(",") for other in others), (action, key)


def test_no_pane_takes_a_key_that_holds_everywhere() -> None:
    panes = {pane.place for pane in every_pane()}
    everywhere = {key: action for action in ACTIONS if action.place == "app" for key in action.key.split(",") if key}
    for action in ACTIONS:
        if action.place in panes:
            assert not set(action.key.split(",")) & set(everywhere), action


def test_the_default_keys_are_keys_that_could_be_recorded() -> None:
    for action in ACTIONS:
        if action.place == "app" and action.key and not set(action.key.split(",")) & {*MEANT, "ctrl+p", "ctrl+q"}:
            assert key_problem(action, action.key, [], {}) == "", action


def test_every_pane_says_what_it_is_for() -> None:
    missing = [pane.__name__ for pane in every_pane() if not pane.HELP or not pane.place or not pane.title]
    assert missing == []


async def test_every_action_of_a_pane_is_in_the_palette_and_its_pane_is_found(start: Any) -> None:
    async with start() as (app, _, _):
        entries = {entry.choose.args[1].id for entry in Actions(app.screen).entries()}
        panes = {pane.place for pane in every_pane()}
        for action in ACTIONS:
            if action.place in panes or (action.place == "app" and action.id != "app.palette"):
                assert action.id in entries, action
        from promptlab.tui.doing import _go_to

        for place in sorted({action.place for action in ACTIONS} & panes):
            assert await _go_to(app, place) is not None, place


async def test_escape_leaves_every_editor_for_the_frame_of_its_pane(start: Any) -> None:
    async with start() as (app, pilot, _):
        for mode in MODES:
            await app.switch_mode(mode)
            await pilot.pause()
            for editor in [*app.screen.query(TextArea), *app.screen.query(Input)]:
                pane = next((node for node in editor.ancestors if isinstance(node, Pane)), None)
                if pane is None or not editor.display or not editor.focusable:
                    continue
                editor.focus()
                await until(pilot, lambda editor=editor: app.focused is editor)
                await pilot.press("escape")
                await pilot.pause()
                assert not isinstance(app.focused, TextArea | Input), (mode, pane.place, editor)


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (100, 30), (160, 48)], ids=str)
async def test_every_mode_can_be_used_at_every_size(start: Any, size: tuple[int, int]) -> None:
    async with start(size=size) as (app, pilot, _):
        for mode in MODES:
            await app.switch_mode(mode)
            await pilot.pause()
            await until(pilot, lambda: " Help" in screen_text(app).splitlines()[-1] or size[0] < 80)
            text = screen_text(app)
            assert app.focused is not None, mode
            assert app.screen.query_one(Footer).region.height == 1 and text.splitlines()[-1].strip(), (mode, text)
            assert any(pane.display and pane.region.area for pane in app.screen.query(Pane)), (mode, text)


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 48)], ids=str)
async def test_tab_comes_to_every_pane_that_is_shown_and_back(start: Any, size: tuple[int, int]) -> None:
    async with start(size=size) as (app, pilot, _):
        for mode in MODES:
            await app.switch_mode(mode)
            await pilot.pause()
            panes = app.screen.every_pane()
            if len(panes) < 2:
                continue
            seen = []
            for step in range(len(panes)):
                await pilot.press(*(["escape"] if isinstance(app.focused, TextArea | Input) else []), "tab")
                await pilot.pause()
                seen.append(app.screen.current_pane())
                assert app.focused is not None and seen[-1] in app.focused.ancestors_with_self, (mode, step)
            assert set(seen) == set(panes), mode


async def test_the_footer_has_at_most_seven_keys_at_80_columns(start: Any) -> None:
    async with start(size=(80, 24)) as (app, pilot, _):
        for mode in MODES:
            await app.switch_mode(mode)
            await pilot.pause()
            for pane in app.screen.every_pane():
                app.screen.show_pane(pane)
                for focused in (pane, None):
                    focused.focus() if focused else pane.enter()
                    await pilot.pause()
                    await pilot.pause()
                    keys = [key for key in app.screen.query(FooterKey) if key.region.width]
                    assert len(keys) <= 7, (mode, pane.place, [key.description for key in keys])


async def test_below_the_least_size_one_plain_line_stands_there_and_nothing_is_lost(start: Any) -> None:
    async with start(size=(80, 24)) as (app, pilot, _):
        session = app.desk.session
        await pilot.press("f1")
        await pilot.resize_terminal(52, 14)
        await until(pilot, lambda: screen_text(app).strip() == "promptlab needs at least 60x16 (now 52x14)")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "any other key closes" in screen_text(app))
        assert app.desk.session == session


async def test_the_mouse_works_the_footer(start: Any) -> None:
    async with start() as (app, pilot, _):
        (help_key,) = [key for key in app.screen.query(FooterKey) if key.description == "Help"]
        await pilot.click(help_key)
        await until(pilot, lambda: "any other key closes" in screen_text(app))


def test_without_colours_the_screen_is_written_in_more_than_one_shade(tmp_path: Path) -> None:
    code = f"""
import asyncio, os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
import conftest
os.environ["NO_COLOR"] = "1"
from scripted_engine import ScriptedEngine
from promptlab.tui.app import PromptlabApp
Path({str(tmp_path)!r}, "config.toml").write_text('theme = "ansi-dark"')
async def main():
    app = PromptlabApp(Path({str(tmp_path / ".promptlab")!r}), engine=ScriptedEngine())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        from textual.color import Color
        worst = 99.0
        for strip in app.screen._compositor.render_strips():
            for segment in strip:
                style = segment.style
                if any(map(str.isalnum, segment.text)) and style and style.color and style.bgcolor:
                    front = Color.from_rich_color(style.color)
                    back = Color.from_rich_color(style.bgcolor)
                    worst = min(worst, abs(front.brightness - back.brightness))
        print(app.theme, worst)
asyncio.run(main())
"""
    environment = {**os.environ, "PROMPTLAB_CONFIG": str(tmp_path / "config.toml"), "NO_COLOR": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
    )
    theme, worst = ran.stdout.split()
    assert theme == "promptlab-dark" and float(worst) > 0.1


async def test_a_click_on_a_name_of_the_strip_goes_to_that_pane(start: Any) -> None:
    async with start(size=(80, 24)) as (app, pilot, _):
        strip = app.screen.query_one("PaneStrip")
        await pilot.click(strip, offset=(screen_text(app).splitlines()[1].index("Words"), 0))
        await until(pilot, lambda: app.screen.current_pane().title == "Words")


@pytest.mark.parametrize("width", [30, 40, 58, 78, 140])
async def test_the_status_line_fits_and_leaves_out_what_matters_least(start: Any, width: int) -> None:
    from promptlab.tui.panes.status_line import status_text

    async with start() as (app, _, _):
        app.desk.edit_template("{text} Edited {mask}.")
        line = status_text(app.desk, width=width)
        assert len(line) <= width and "*unsaved" in line and ("embedded" in line) == (width > 40)
