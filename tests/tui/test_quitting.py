"""Quitting: at once, asked only about long work; the engine is ended, and the line left behind is a command."""

import asyncio
import shlex
import time
from dataclasses import replace
from typing import Any

import pytest
from on_screen import screen_text, until
from scripted_engine import ScriptedEngine

from promptlab.tui import leaving
from promptlab.tui.app import PromptlabApp
from promptlab.tui.desk import Desk
from promptlab.tui.leaving import eval_command
from promptlab.tui.screens.quit import Quit, running_work
from promptlab.tui.state.live import Live
from promptlab.tui.state.session import Session, TaskChoice
from promptlab.verbalizer import LabelWords, Word

WORDS = LabelWords({"negative": (Word("terrible"),), "positive": (Word("great"), Word("fine", on=False))})


def desk(**changes: Any) -> Desk:
    made = Desk(
        ScriptedEngine(), Session(task=TaskChoice("my films.csv"), template="{text} It was {mask}.", words=WORDS)
    )
    made.task = {"fields": ["text"], "labels": ["negative", "positive"]}
    made.session = replace(made.session, **changes)
    return made


async def test_ctrl_q_leaves_at_once_and_ends_the_engine(start: Any) -> None:
    async with start() as (app, pilot, engine):
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)
    assert engine.state.name == "off"


async def test_ctrl_c_leaves_when_it_is_pressed_twice(start: Any) -> None:
    async with start() as (app, pilot, _):
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "once more" in screen_text(app))
        assert app.is_running
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not app.is_running)


async def test_two_ctrl_c_far_apart_do_not_leave(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with start() as (app, pilot, _):
        await pilot.press("ctrl+c")
        app._interrupted -= 60
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.is_running


async def test_a_live_reading_is_not_asked_about_and_a_long_one_is(start: Any) -> None:
    engine = ScriptedEngine()
    engine.hold("read")
    async with start(engine=engine) as (app, pilot, _):
        assert running_work(app.desk) == ""
        app.desk.read_rows("all")
        await until(pilot, lambda: engine.count("read") == 2)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, Quit) and "reading all rows" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Quit))
        assert app.is_running
        await pilot.press("ctrl+q", "enter")
        await until(pilot, lambda: not app.is_running)


def test_a_download_is_asked_about_with_how_far_it_is() -> None:
    loading = desk()
    loading.live = Live(phase="loading", done=30, total=120)
    assert "(25%)" in running_work(loading)


async def test_an_engine_that_does_not_end_holds_nobody_up(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stubborn(ScriptedEngine):
        async def stop(self) -> None:
            await asyncio.sleep(60)

    monkeypatch.setattr("promptlab.tui.app._MOST_TO_STOP", 0.1)
    app = PromptlabApp(workspace, engine=Stubborn())
    async with app.run_test() as pilot:
        await pilot.pause()
        began = time.monotonic()
        app.exit()
    assert time.monotonic() - began < 5


def test_the_line_left_behind_evaluates_what_stood_there() -> None:
    line = eval_command(desk())
    assert line == (
        "promptlab eval --task 'my films.csv' --template '{text} It was {mask}.' "
        "--words 'negative=terrible positive=great'"
    )


def test_the_line_has_what_was_corrected_of_the_table_and_the_model() -> None:
    made = desk(task=TaskChoice("a.csv", label="stars", labels="1=negative,2=positive"), calibration="batch")
    made.session = replace(made.session, model=replace(made.session.model, name="gemma-3-270m", dtype="float32"))
    parts = shlex.split(eval_command(made))
    for option, value in {
        "--label": "stars",
        "--labels": "1=negative,2=positive",
        "--calibrate": "batch",
        "--model": "gemma-3-270m",
        "--dtype": "float32",
    }.items():
        assert parts[parts.index(option) + 1] == value


def test_a_template_of_several_lines_is_written_as_the_command_reads_it() -> None:
    from promptlab.template import resolve_templates

    parts = shlex.split(eval_command(desk(template="{text}\nIt's {mask}.")))
    (read,) = resolve_templates(parts[parts.index("--template") + 1])
    assert str(read) == "{text}\nIt's {mask}."


def test_a_name_of_the_library_is_given_until_its_words_are_edited() -> None:
    made = desk(template_name="sst2#it-was", words=replace(WORDS, name="sst2#manual"))
    made._mark_saved()
    assert "--template 'sst2#it-was' --words 'sst2#manual'" in eval_command(made)
    edited = {**WORDS.words, "positive": (Word("grand"),)}
    made.session = made.session.scoring(words=replace(WORDS, words=edited, name="sst2#manual"))
    assert "--words 'negative=terrible positive=grand'" in eval_command(made)


@pytest.mark.parametrize(
    "changes",
    [
        {"words": replace(WORDS, words={**WORDS.words, "positive": (Word("great", weight=2.0),)})},
        {"words": replace(WORDS, words={**WORDS.words, "positive": (Word("great, really"),)})},
        {"words": replace(WORDS, combine="max")},
        {"template": "{text} It was {mask}.\x1b[2J"},
        {"template": "{text} " + "so " * 200 + "{mask}."},
        {"truncate": "head"},
        {"template": "{txt} {mask}"},
        {"words": None},
        {"task": None},
    ],
)
def test_there_is_no_line_where_it_would_say_something_else(changes: dict[str, Any]) -> None:
    assert eval_command(desk(**changes)) == ""


def test_running_prints_what_was_saved_before_anything_else(
    workspace: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from promptlab import tui

    def leave(app: PromptlabApp) -> None:
        app.leaving = 'promptlab predict bundles/films "text"'

    monkeypatch.setattr(PromptlabApp, "run", leave)
    monkeypatch.setattr(leaving, "eval_command", lambda desk: "promptlab eval")
    assert tui.run(workspace) == 0
    assert capsys.readouterr().out == 'promptlab predict bundles/films "text"\n'
    monkeypatch.setattr(PromptlabApp, "run", lambda app: None)
    tui.run(workspace)
    assert capsys.readouterr().out == "promptlab eval\n"
