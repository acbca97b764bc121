"""Nothing is said by colour alone: each state reads differently with all style taken away."""

from typing import Any

from on_screen import until
from poison import text_in

from promptlab.tui.shown import effect


async def test_right_and_wrong_rows_differ_in_text(start: Any) -> None:
    async with start() as (app, pilot, _):
        await app.switch_mode("data")
        await until(pilot, lambda: "✓" in text_in(app, "RowsTable") and "✗" in text_in(app, "RowsTable"))
        app.screen.query_one("RowsTable").focus()
        await pilot.press("enter")
        await until(pilot, lambda: "✓ right" in text_in(app, "RowPane"))
        await pilot.press("right")
        await until(pilot, lambda: "✗ wrong" in text_in(app, "RowPane"))


async def test_a_stale_number_and_a_current_one_differ_in_text(start: Any) -> None:
    async with start(size=(160, 48)) as (app, pilot, engine):
        await until(pilot, lambda: "baseline" in text_in(app, "LivePane"))
        current = {name: text_in(app, name) for name in ("LivePane", "#mini-live")}
        assert "stale" not in current["LivePane"]
        engine.hold("read")
        app.desk.edit_template("{text} In short: {mask}.")
        await until(pilot, lambda: "stale (edited)" in text_in(app, "LivePane"))
        await until(pilot, lambda: "stale (edited)" in text_in(app, "PreviewPane"))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "stale (edited)" in text_in(app, "#mini-live"))
        engine.release("read")
        await until(pilot, lambda: "stale (edited)" not in text_in(app, "#mini-live"))


async def test_words_that_are_on_and_off_differ_in_text(start: Any) -> None:
    async with start() as (app, pilot, _):
        app.screen.query_one("WordsPane LineList").focus()
        await pilot.press("down")
        line = next(line for line in text_in(app, "WordsPane").splitlines() if "terrible" in line)
        assert "✓" in line and "off" not in line
        await pilot.press("space")
        await until(pilot, lambda: "every word is off" in text_in(app, "WordsPane"))
        line = next(line for line in text_in(app, "WordsPane").splitlines() if "terrible" in line)
        assert "✗" in line and "off" in line


async def test_ticked_and_dropped_words_and_ticked_members_differ_in_text(start: Any) -> None:
    async with start() as (app, pilot, _):
        await app.switch_mode("expand")
        await until(pilot, lambda: "[ ] splendid" in text_in(app, "FoundPane"))
        assert "out unputdownable" in text_in(app, "FoundPane")
        app.screen.query_one("FoundPane").action_tick_all()
        await until(pilot, lambda: "[x] splendid" in text_in(app, "FoundPane"))
        await app.switch_mode("ensemble")
        await until(pilot, lambda: "[x]" in text_in(app, "MembersPane") and "[ ]" in text_in(app, "MembersPane"))


def test_better_worse_and_the_same_differ_in_sign_and_arrow() -> None:
    assert [effect(value)[0] for value in (0.02, -0.02, 0.0, None)] == ["▲", "▼", "=", "-"]
    assert effect(0.02).lstrip("▲▼= ") == "+2.0" and effect(-0.02).lstrip("▲▼= ") == "-2.0"


async def test_the_cursor_is_seen_without_colour(start: Any) -> None:
    async with start() as (app, pilot, _):
        app.screen.query_one("WordsPane LineList").focus()
        await until(pilot, lambda: "▸ negative" in text_in(app, "WordsPane"))
        await app.switch_mode("runs")
        await until(pilot, lambda: "▸ [ ]    3" in text_in(app, "RunsPane") or "› [ ]    3" in text_in(app, "RunsPane"))
