"""Key order: what is typed in one chunk, as a slow line delivers it, is done in the order in which it was typed."""

from typing import Any

from on_screen import until
from textual import events


def chunk(app: Any, *keys: str) -> None:
    """Keys that come all at once."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_a_letter_does_not_overtake_a_key_that_moves_the_cursor_or_deletes(start: Any) -> None:
    async with start() as (app, pilot, _):
        await pilot.press("shift+tab", "end")
        before = app.desk.session.template
        chunk(app, "home", "a", "b", "backspace", "c", "end", "left", "x")
        await until(pilot, lambda: app.desk.session.template == f"ac{before[:-1]}x{before[-1]}")


async def test_a_word_typed_behind_the_key_that_opens_the_line_is_typed_into_it(start: Any) -> None:
    async with start() as (app, pilot, _):
        chunk(app, "i", *"superb", "enter")  # u and e are keys of the table
        await until(pilot, lambda: "superb" in map(str, app.desk.session.words.every_word()))
        assert len(app.desk.session.words.every_word()) == 3


async def test_what_is_pasted_waits_for_what_was_typed_before(start: Any) -> None:
    async with start() as (app, pilot, _):
        await pilot.press("shift+tab")
        before = app.desk.session.template
        chunk(app, "home")
        app.post_message(events.Paste("Seen: "))
        chunk(app, "end", "!")
        await until(pilot, lambda: app.desk.session.template == f"Seen: {before}!")
