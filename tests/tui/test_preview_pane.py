"""The preview: one row as the model sees it, stepped through, and asked for again when something changed."""

from on_screen import Start, screen_text, until
from scripted_engine import refuse, row

from promptlab.tui.panes.preview import PreviewPane, seen


def test_a_row_is_told_with_words_beside_the_signs() -> None:
    shown = seen({**row(1), "cut": {"text": 120}}).plain
    assert shown.startswith("✗ wrong  label negative · predicted positive")
    assert "cut to fit: 120 pieces of text" in shown
    assert "likeliest  great 0.31 · good 0.20" in shown
    unlikely = seen({**row(1), "words": [{"label": "negative", "word": "dire", "logprob": -9.2, "rank": 970}]}).plain
    assert "dire <0.001 (rank 970)" in unlikely  # not 0.000
    assert "great 0.301 (rank 1)" in shown and "labels  positive 0.819 · negative 0.183" in shown


def test_a_row_that_is_not_read_says_so() -> None:
    unread = {**row(0), "right": None, "prediction": None, "top": [], "words": [], "labels": {}, "raw": {}}
    assert seen(unread).plain.startswith("· not read yet  label positive")


async def test_keys_step_through_the_rows_and_the_wrong_ones(start: Start) -> None:
    async with start() as (app, pilot, _):
        app.screen.query_one(PreviewPane).focus()
        await until(pilot, lambda: "1 of 60" in screen_text(app))
        await pilot.press("right")
        await until(pilot, lambda: "2 of 60" in screen_text(app))
        assert "✗ wrong" in screen_text(app)
        await pilot.press("n")
        await until(pilot, lambda: "5 of 60" in screen_text(app))
        await pilot.press("N")
        await until(pilot, lambda: "2 of 60" in screen_text(app))
        await pilot.press("left")
        await until(pilot, lambda: "1 of 60" in screen_text(app))


async def test_markup_in_a_row_is_text(start: Start) -> None:
    async with start() as (app, pilot, _):
        app.screen.query_one(PreviewPane).focus()
        app.desk.show_row(3)
        await until(pilot, lambda: "[MASK] [/b] [@click=app.quit]x[/] not my cup of tea" in screen_text(app))


async def test_the_row_is_asked_for_again_when_a_word_changed(start: Start) -> None:
    from promptlab.tui.state.word_edits import add_words
    from promptlab.verbalizer import Word

    async with start() as (app, pilot, engine):
        await until(pilot, lambda: engine.count("row") and "1 of 60" in screen_text(app))
        words = app.desk.session.words
        assert words is not None
        app.desk.edit_words(add_words(words, "positive", [Word("superb")]), "add superb")
        await until(pilot, lambda: "superb" in str(engine.last("row")["words"]))


async def test_a_row_that_cannot_be_shown_is_a_sentence(start: Start) -> None:
    answers = {"row": refuse("data", "Row 3 cannot be read again: the file changed.")}
    async with start(answers=answers) as (app, pilot, _):
        await until(pilot, lambda: "the file changed" in screen_text(app))


async def test_a_row_of_before_the_edit_is_said_to_be_stale_until_the_new_one_comes(start: Start) -> None:
    async with start() as (app, pilot, engine):
        preview = app.screen.query_one(PreviewPane)
        await until(pilot, lambda: "1 of 60" in str(preview.border_title))
        engine.hold("row")
        app.desk.edit_template("{text} So {mask}.")
        assert preview.has_class("-stale")
        await until(pilot, lambda: "1 of 60  stale (edited)" in screen_text(app))
        engine.release("row")
        await until(pilot, lambda: not preview.has_class("-stale"))
        assert "stale" not in str(preview.border_title)


async def test_no_step_is_lost_while_rows_are_slow_to_come(start: Start) -> None:
    async with start() as (app, pilot, engine):
        app.screen.query_one(PreviewPane).focus()
        await until(pilot, lambda: "1 of 60" in screen_text(app))
        engine.hold("row")
        await pilot.press("right", "right", "right")
        app.desk.hearing.tell("figures")  # asks for the row again
        engine.release("row")
        await until(pilot, lambda: "4 of 60" in screen_text(app))


async def test_the_row_of_a_table_that_was_closed_is_gone(start: Start) -> None:
    async with start() as (app, pilot, _):
        await until(pilot, lambda: "a gripping, witty film" in screen_text(app))
        app.desk.close_task()
        await pilot.pause()
        assert "a gripping, witty film" not in screen_text(app) and "1 of 60" not in screen_text(app)
        assert "once a table is open" in screen_text(app)
