"""The live pane: the number follows the edits, a stale one says so; its keys pin, read, calibrate, freeze, lead on."""

from typing import Any

from on_screen import Start, screen_text, until
from scripted_engine import ANSWERS, Asked, Emit, figures, refuse
from textual.pilot import Pilot
from textual.widgets import Digits

from promptlab.tui.app import PromptlabApp
from promptlab.tui.panes.live import LivePane
from promptlab.tui.panes.mini_live import MiniLive
from promptlab.tui.screens.confirm import Confirm
from promptlab.tui.screens.data import Data
from promptlab.tui.state.word_edits import add_words
from promptlab.verbalizer import Word


def add(app: PromptlabApp, text: str) -> None:
    """Type one more word for the label positive."""
    words = app.desk.session.words
    assert words is not None
    app.desk.edit_words(add_words(words, "positive", [Word(text)]), f"add {text}")


async def live_pane(app: PromptlabApp, pilot: Pilot[Any]) -> LivePane:
    """The pane, in focus."""
    await until(pilot, lambda: app.screen.query(LivePane))
    pane = app.screen.query_one(LivePane)
    pane.enter()
    await pilot.pause()
    return pane


async def test_the_number_stands_there_large_with_interval_and_rows(start: Start) -> None:
    async with start() as (app, pilot, _):
        pane = await live_pane(app, pilot)
        await until(pilot, lambda: app.desk.live.baseline)
        assert pane.query_one(Digits).value == "0.700"
        shown = screen_text(app)
        for part in ("accuracy 0.700", "(0.600 to 0.800)", "60 rows", "● done", "dev, 60 rows", "r reads all"):
            assert part in shown
        assert "majority 0.500" in shown and "21 of 30" in shown and "this is the baseline" in shown


async def test_an_edited_number_dims_says_so_and_is_replaced_when_the_new_one_comes(start: Start) -> None:
    async with start() as (app, pilot, fake):
        pane = await live_pane(app, pilot)
        await until(pilot, lambda: app.desk.live.baseline)
        fake.hold("score")
        add(app, "superb")
        await pilot.pause()
        number = pane.query_one(Digits)
        assert number.has_class("-stale") and "stale (edited)" in screen_text(app)
        assert "points against" not in screen_text(app)
        fake.release("score")
        await until(pilot, lambda: number.value == "0.750")
        await pilot.pause()
        assert not number.has_class("-stale") and "stale" not in screen_text(app)
        assert "▲ +5.0 points against" in screen_text(app) and "too few examples to tell" in screen_text(app)


async def test_figures_after_an_edit_are_shown_at_once_and_unchanged_parts_are_left_alone(start: Start) -> None:
    async with start() as (app, pilot, fake):
        pane = await live_pane(app, pilot)
        await until(pilot, lambda: app.desk.live.baseline)
        app.desk._reading._figured(
            {**figures(fake.last("read"), accuracy=0.9), "score_rev": app.desk.session.score_rev}
        )
        assert pane.query_one(Digits).value == "0.900"
        drawn: list[str] = []
        for part in ("rows", "calibration", "warnings", "failure"):
            widget = pane.query_one(f"#{part}")
            widget.refresh = lambda *a, part=part, **k: drawn.append(part)  # type: ignore[method-assign, misc]
        app.desk.hearing.tell("figures")
        assert not drawn


async def test_rows_that_stream_in_are_counted_in_words(start: Start) -> None:
    async with start() as (app, pilot, fake):
        await live_pane(app, pilot)
        fake.hold("read")
        await pilot.press("r")
        await until(pilot, lambda: fake.last("read")["rows"] == "all")
        fake.emit("read", {"kind": "progress", "done": 32, "total": 872, "rate": 100.0})
        fake.emit("read", {"kind": "scored", "figures": figures(fake.last("read"), n=32, total=872)})
        await until(pilot, lambda: "32 of 872 rows" in screen_text(app))
        await until(pilot, lambda: "reading 32 of 872 rows, 100 rows/s" in screen_text(app))
        fake.release("read")
        await until(pilot, lambda: app.desk.live.phase == "done")
        await pilot.press("r")
        await until(pilot, lambda: fake.last("read")["rows"] == "live")


async def test_test_rows_are_read_after_a_question_that_counts_and_left_at_the_next_edit(start: Start) -> None:
    async with start() as (app, pilot, fake):
        await live_pane(app, pilot)
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert "not read yet" in screen_text(app)
        await pilot.press("enter")  # the safe answer
        await until(pilot, lambda: not isinstance(app.screen, Confirm))
        assert app.desk.session.rows == "live" and app.desk.session.test_reads == 0
        for reads in (1, 2):
            await pilot.press("T", "down", "enter")
            await until(pilot, lambda reads=reads: app.desk.session.test_reads == reads and app.desk.is_current)
            assert fake.last("read")["rows"] == "test"
            await pilot.pause()
            assert f"evaluation {reads} on them" in screen_text(app)
            add(app, f"word{reads}")
            await until(pilot, lambda: fake.last("read")["rows"] == "live" and app.desk.is_current)
        await pilot.press("T")
        await until(pilot, lambda: "read twice" in screen_text(app))


async def test_a_table_without_test_rows_says_so(start: Start) -> None:
    def guess(asked: Asked, emit: Emit) -> dict[str, Any]:
        return {**ANSWERS["guess"](asked, emit), "splits": {"train": 9, "dev": 60, "test": 0, "unlabelled": 0}}

    async with start(answers={"guess": guess}) as (app, pilot, _):
        await live_pane(app, pilot)
        await pilot.press("T")
        await until(pilot, lambda: "no test rows" in screen_text(app))


async def test_pinning_keeps_the_number_and_makes_it_the_baseline(start: Start) -> None:
    async with start() as (app, pilot, fake):
        await live_pane(app, pilot)
        await until(pilot, lambda: app.desk.live.baseline)
        add(app, "superb")
        await until(pilot, lambda: app.desk.is_current)
        await pilot.press("b")
        await until(pilot, lambda: fake.count("pin") == 2 and app.desk.live.kept == 1)
        assert fake.last("save")["pinned"] is True
        await pilot.pause()
        assert "this is the baseline" in screen_text(app) and "kept as run 1" in screen_text(app)


async def test_a_number_that_is_not_complete_is_not_pinned(start: Start) -> None:
    async with start() as (app, pilot, fake):
        await live_pane(app, pilot)
        await until(pilot, lambda: app.desk.live.baseline)
        fake.hold("score")
        add(app, "superb")
        await pilot.press("b")
        await until(pilot, lambda: "Only a complete, current number" in screen_text(app))
        assert fake.count("pin") == 1
        fake.release("score")


async def test_the_calibration_switch_and_its_menu(start: Start) -> None:
    async with start() as (app, pilot, fake):
        await live_pane(app, pilot)
        for kind in ("batch", "contextual", None):
            await pilot.press("c")
            await until(pilot, lambda kind=kind: app.desk.session.calibration == kind and app.desk.is_current)
        await pilot.press("m", "down", "down", "down", "down", "enter")
        await until(pilot, lambda: app.desk.session.calibration == "pmi")
        await until(pilot, lambda: fake.last("score")["calibration"] == "pmi")


async def test_a_frozen_display_stands_still_and_still_says_that_it_is_stale(start: Start) -> None:
    async with start() as (app, pilot, _):
        pane = await live_pane(app, pilot)
        await pilot.press("f")
        add(app, "superb")
        await until(pilot, lambda: app.desk.is_current)
        await pilot.pause()
        shown = screen_text(app)
        assert (
            "frozen, reading goes on" in shown and "stale (edited)" in shown and pane.query_one(Digits).value == "0.700"
        )
        await pilot.press("f")
        assert pane.query_one(Digits).value == "0.750"


async def test_the_arrows_walk_the_confusions_and_enter_shows_the_rows_of_the_cell(start: Start) -> None:
    async with start() as (app, pilot, fake):
        await live_pane(app, pilot)
        await pilot.press("down", "left", "left")
        assert "positive taken for negative" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Data) and fake.count("page"))
        await until(pilot, lambda: fake.last("page")["filter"] == {"label": "positive", "predicted": "negative"})


async def test_a_failure_stands_in_the_pane_and_the_editors_are_as_they_were(start: Start) -> None:
    full = refuse("memory", "The memory of the device is full: the model needs 3 GB, 1 GB is free.")
    async with start(answers={"read": full}) as (app, pilot, _):
        await live_pane(app, pilot)
        await until(pilot, lambda: "memory of the device is full" in screen_text(app))
        assert "✗ failed" in screen_text(app) and "ctrl+g" in screen_text(app)
        assert app.desk.session.template == "{text} It was {mask}."


async def test_a_dead_engine_is_said_and_started_again_by_a_key(start: Start) -> None:
    async with start(size=(80, 24)) as (app, pilot, fake):
        await live_pane(app, pilot)
        fake.die()
        await until(pilot, lambda: "Press ctrl+r to start it again" in " ".join(screen_text(app).split()))
        before = app.desk.session.template
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.desk.live.phase == "done" and app.desk.is_current)
        assert app.desk.session.template == before and "ctrl+r" not in screen_text(app)


async def test_without_a_table_the_pane_names_the_next_key(start: Start) -> None:
    async with start() as (app, pilot, _):
        await live_pane(app, pilot)
        app.desk.close_task()
        await pilot.press("b", "r", "T", "c", "m", "down", "enter")
        assert "Press ctrl+o to open one" in screen_text(app)


async def test_the_mini_line_stands_on_every_narrow_screen_and_on_no_wide_one(start: Start) -> None:
    async with start(size=(80, 24)) as (app, pilot, _):
        for key in "1357":
            await pilot.press(key)
            await until(pilot, lambda: app.screen.query(MiniLive))
            await pilot.pause()
            assert "0.700 (0.600 to 0.800, 60 rows)" in screen_text(app)
        await pilot.resize_terminal(160, 48)
        await pilot.pause()
        assert not app.screen.query_one(MiniLive).display


async def test_everything_is_there_at_80x24(start: Start) -> None:
    async with start(size=(80, 24)) as (app, pilot, _):
        await live_pane(app, pilot)
        shown = screen_text(app)
        for part in ("accuracy 0.700", "majority", "calibration", "21 of 30", "[9]", "history", "● done"):
            assert part in shown


async def test_what_comes_from_data_is_never_markup(start: Start) -> None:
    labels = ["[MASK]", "[/b]\x1b[31m"]

    def odd(asked: Asked, emit: Emit) -> dict[str, Any]:
        row = {"precision": 0.7, "recall": 0.7, "f1": 0.7, "n": 30, "predicted": 30}
        return {
            "figures": {
                **figures(asked),
                "labels": labels,
                "per_label": dict.fromkeys(labels, row),
                "rows": "[@click=app.quit]x[/]",
                "warnings": ["'[red]' has [/b] 2 pieces"],
                "majority": {"label": "[/b]", "share": 0.5},
            }
        }

    async with start(answers={"read": odd}, size=(160, 48)) as (app, pilot, _):
        await live_pane(app, pilot)
        shown = screen_text(app)
        assert "[MASK]" in shown and "[/b]␛[31m" in shown and "'[red]' has [/b] 2 pieces" in shown
        assert "[@click=app" in shown
