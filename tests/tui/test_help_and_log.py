"""Help explains the pane in focus and finds a key; the log keeps what was said, and both are closed by a key."""

from pathlib import Path
from typing import Any

from on_screen import screen_text, until
from textual.widgets import Input

from promptlab.tui.screens.help import Help
from promptlab.tui.screens.log import Log, engine_lines


async def test_help_is_about_the_pane_in_focus_and_its_keys_come_first(start: Any) -> None:
    async with start() as (app, pilot, _):
        await pilot.press("escape", "7")
        await until(pilot, lambda: app.current_mode == "settings" and app.screen.current_pane())
        await pilot.press("tab", "f1")
        await until(pilot, lambda: isinstance(app.screen, Help))
        await until(pilot, lambda: "Every action with its key" in screen_text(app))
        text = screen_text(app)
        assert "Help: Keys" in text and text.index("Default key") < text.index("Everywhere")


async def test_a_question_mark_helps_outside_editors_and_any_key_closes(start: Any) -> None:
    async with start() as (app, pilot, _):
        await pilot.press("escape", "7")
        await until(pilot, lambda: app.current_mode == "settings")
        for key in ("x", "escape", "f1", "1", "space"):
            await pilot.press("question_mark")
            await until(pilot, lambda: isinstance(app.screen, Help))
            await pilot.press(key)
            await until(pilot, lambda: not isinstance(app.screen, Help))
            assert app.current_mode == "settings"


async def test_the_keys_are_searched_by_words_in_any_order(start: Any) -> None:
    async with start() as (app, pilot, _):
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, Help))
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press(*"screen pane large")
        await until(pilot, lambda: "f8" in screen_text(app) and "ctrl+o" not in screen_text(app))
        await pilot.press(*" zzz")
        await until(pilot, lambda: "No key fits" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Everywhere" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Help))


async def test_arrows_scroll_the_help_and_do_not_close_it(start: Any) -> None:
    async with start(size=(80, 24)) as (app, pilot, _):
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, Help))
        scroll = app.screen.query_one("#help-scroll")
        await until(pilot, lambda: scroll.max_scroll_y > 0)
        await pilot.press("end")
        await until(pilot, lambda: scroll.scroll_y > 0)
        await pilot.press("up", "pageup", "home", "down")
        assert isinstance(app.screen, Help) and scroll.scroll_y <= 1


async def test_the_log_keeps_sentences_that_toasts_no_longer_show(start: Any) -> None:
    async with start() as (app, pilot, _):
        app.desk.say("It was [MASK] [/b] \x1b[31m.", "error")
        await pilot.press("f12")
        await until(pilot, lambda: isinstance(app.screen, Log))
        await until(pilot, lambda: "error: It was [MASK] [/b] ␛[31m." in screen_text(app))
        await pilot.press("f12")
        await until(pilot, lambda: not isinstance(app.screen, Log))


async def test_the_log_shows_the_end_of_what_the_engine_wrote_and_copies_both(start: Any, workspace: Path) -> None:
    async with start() as (app, pilot, _):
        workspace.mkdir(exist_ok=True)
        (workspace / "engine.log").write_text("\n".join(f"line {number} \x1b[2J" for number in range(2000)))
        app.desk.say("Something was said.")
        await pilot.press("f12")
        await until(pilot, lambda: "line 1999 ␛[2J" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: "Something was said." in app.clipboard)
        assert "line 1500 " in app.clipboard and "line 1499 " not in app.clipboard


def test_a_log_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert engine_lines(tmp_path) == []


async def test_help_and_log_fit_the_smallest_screen(start: Any) -> None:
    async with start(size=(60, 16)) as (app, pilot, _):
        await pilot.press("f1")
        await until(pilot, lambda: "any other key closes" in screen_text(app))
        await pilot.press("x", "f12")
        await until(pilot, lambda: "What the engine wrote" in screen_text(app))
