"""Opening: the welcome screen, a path with completion, the question about columns, and names for bare numbers."""

from pathlib import Path
from typing import Any

import pytest
from on_screen import Start, screen_text, until
from scripted_engine import ANSWERS, Asked, Emit, refuse
from textual.pilot import Pilot
from textual.widgets import DataTable

from promptlab.errors import ConfigError
from promptlab.tui.app import PromptlabApp
from promptlab.tui.nearby import is_sample, tables_in
from promptlab.tui.path_input import completions, is_table
from promptlab.tui.screens.columns import Columns
from promptlab.tui.screens.open_task import OpenTask
from promptlab.tui.screens.welcome import Welcome
from promptlab.tui.state.recent import recent_tasks, remember_task
from promptlab.tui.state.session import TaskChoice


def guess(**other: Any) -> Any:
    """An answer to ``guess`` that says something else."""

    def answer(asked: Asked, emit: Emit) -> dict[str, Any]:
        return {**ANSWERS["guess"](asked, emit), **other}

    return answer


def numbers(asked: Asked, emit: Emit) -> dict[str, Any]:
    """A table whose labels are 0 and 1 unless they are named."""
    names = asked["task"].get("labels")
    labels = [pair.split("=")[1] for pair in names.split(",")] if names else ["0", "1"]
    words = {"words": {label: [label] for label in labels}} if names else None
    counts = dict.fromkeys(labels, 30)
    found = {"labels": labels, "numbers": not names, "words": words, "label_counts": counts}
    return {**ANSWERS["guess"](asked, emit), **found}


async def asked_about(app: PromptlabApp, pilot: Pilot[Any]) -> Columns:
    """The question about columns, once the engine has answered."""
    await until(pilot, lambda: isinstance(app.screen, Columns) and app.screen.problem != "Looking at the table …")
    await pilot.pause()
    assert isinstance(app.screen, Columns)
    return app.screen


async def test_without_a_path_it_welcomes_and_enter_opens_the_sample(start: Start) -> None:
    async with start(path=None) as (app, pilot, fake):
        shown = screen_text(app)
        assert isinstance(app.screen, Welcome) and "reviews" in shown and "tickets" in shown and "o a path" in shown
        assert not fake.asked
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Welcome))
        assert app.desk.session.task == TaskChoice("reviews")


async def test_the_second_sample_is_one_key_further(start: Start) -> None:
    async with start(path=None) as (app, pilot, _):
        await pilot.press("s", "enter")
        await until(pilot, lambda: app.desk.task)
        assert app.desk.session.task == TaskChoice("tickets")


async def test_a_path_is_completed_and_its_columns_are_shown_before_it_is_opened(start: Start, workspace: Path) -> None:
    Path("films.csv").write_text("text,label\n")
    Path("notes.txt").write_text("")
    async with start(path=None, size=(80, 24)) as (app, pilot, fake):
        await pilot.press("o", *"fi", "tab", "enter")
        await asked_about(app, pilot)
        shown = screen_text(app)
        assert "[MASK] [/b] [@click=app.quit]x[/]" in shown and "negative 30, positive 30" in shown
        assert app.desk.task is None and fake.last("guess")["task"] == {"reference": "films.csv"}
        await pilot.press("enter")
        await until(pilot, lambda: app.desk.task)
        await until(pilot, lambda: type(app.screen).__name__ == "Workbench")
    assert recent_tasks(workspace) == [TaskChoice("films.csv")]


async def test_a_table_that_was_accepted_is_not_asked_about_again(start: Start, workspace: Path) -> None:
    Path("films.csv").write_text("text,label\n")
    remember_task(workspace, TaskChoice("films.csv", label="stars", labels="1=good"))
    async with start(path=str(Path("films.csv").resolve())) as (app, _, fake):
        assert app.desk.session.task == TaskChoice("films.csv", label="stars", labels="1=good")
        assert fake.count("guess") == 1


async def test_a_corrected_column_is_asked_about_again_and_kept(start: Start) -> None:
    answers = {"guess": guess(columns=["id", "review", "stars"], text="id", label="stars")}
    async with start(path=None, answers=answers) as (app, pilot, fake):
        await pilot.press("o", *"x.csv", "enter")
        screen = await asked_about(app, pilot)
        before = fake.count("guess")
        await pilot.press("down")
        await until(pilot, lambda: fake.count("guess") > before)
        assert fake.last("guess")["task"] == {"reference": "x.csv", "text": "review"}
        await until(pilot, lambda: screen.problem == "")
        await pilot.press("enter")
        await until(pilot, lambda: app.desk.task)
        assert app.desk.session.task == TaskChoice("x.csv", text="review")


async def test_bare_numbers_are_named_in_place_and_an_empty_field_keeps_the_number(start: Start) -> None:
    async with start(path=None, answers={"guess": numbers}) as (app, pilot, _):
        await pilot.press("o", *"x.csv", "enter")
        screen = await asked_about(app, pilot)
        screen.query_one("#name-0").focus()
        await pilot.press(*"bad", "enter", "enter")
        await until(pilot, lambda: app.desk.task)
        assert app.desk.session.task == TaskChoice("x.csv", labels="0=bad,1=1")
        assert app.desk.labels == ("bad", "1")


async def test_a_name_given_twice_is_refused_where_it_was_typed(start: Start) -> None:
    async with start(path=None, answers={"guess": numbers}) as (app, pilot, _):
        await pilot.press("o", *"x.csv", "enter")
        screen = await asked_about(app, pilot)
        screen.query_one("#name-0").focus()
        await pilot.press(*"good", "enter", *"good", "enter")
        assert "two labels" in screen.problem and app.desk.task is None


async def test_a_file_that_is_no_table_says_so_and_escape_welcomes(start: Start) -> None:
    answers = {"guess": refuse("data", "'x.bin' is not a table. Give a csv, tsv, json, jsonl or parquet file.")}
    async with start(path=None, answers=answers) as (app, pilot, _):
        await pilot.press("o", *"x.bin", "enter")
        screen = await asked_about(app, pilot)
        assert "is not a table" in screen_text(app)
        await pilot.press("enter")
        assert app.screen is screen and "is not a table" in screen_text(app)
        await pilot.press("escape")
        assert isinstance(app.screen, Welcome)


async def test_one_label_only_cannot_be_accepted(start: Start) -> None:
    answers = {"guess": guess(labels=["positive"], label_counts={"positive": 60})}
    async with start(path=None, answers=answers) as (app, pilot, _):
        await pilot.press("o", *"x.csv", "enter")
        screen = await asked_about(app, pilot)
        await pilot.press("enter")
        assert app.screen is screen and "nothing to tell apart" in screen_text(app) and app.desk.task is None


async def test_a_table_with_5000_columns_and_huge_cells_is_shown_in_part(start: Start) -> None:
    columns = [f"c{number}" for number in range(5000)]
    first = [{"cells": {name: "x" * 200 for name in columns}, "label": "positive"}] * 8
    answers = {"guess": guess(columns=columns, text="c7", label="c4999", first=first)}
    async with start(path=None, answers=answers) as (app, pilot, _):
        await pilot.press("o", *"x.csv", "enter")
        screen = await asked_about(app, pilot)
        assert len(screen.query_one("#first", DataTable).columns) == 8
        assert "4992 more columns" in screen_text(app).replace(",", "")


async def test_what_was_open_stays_until_another_table_is_accepted(start: Start) -> None:
    async with start() as (app, pilot, _):
        before = app.desk.session
        await pilot.press("ctrl+o")
        assert isinstance(app.screen, OpenTask)
        await pilot.press("o", *"x.csv", "enter")
        await asked_about(app, pilot)
        await pilot.press("escape")
        assert isinstance(app.screen, OpenTask) and app.desk.session == before
        await pilot.press("escape", "escape")
        assert not isinstance(app.screen, OpenTask) and app.desk.session == before


async def test_starting_afresh_closes_the_table_and_welcomes(start: Start) -> None:
    async with start() as (app, pilot, _):
        app.action_fresh()
        await pilot.pause()
        assert isinstance(app.screen, Welcome) and app.desk.session.task is None and app.desk.session.words is None


def test_completion_offers_folders_and_tables_and_nothing_that_drives_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("films.csv", "films.txt", "f\x1b[31m.csv", ".hidden.csv"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "dev.jsonl").write_text("")
    assert completions("f", is_table) == ["films.csv", "folder/"]
    assert completions("folder/", is_table) == ["folder/dev.jsonl"]
    assert completions(".h", is_table) == [".hidden.csv"]
    assert completions("nowhere/", is_table) == [] and completions("~nobody-at-all/", is_table) == []
    shown = [place.shown for place in tables_in(Path(), apart_from=[])]
    assert shown == ["films.csv", "folder/"]


def test_a_file_named_like_a_sample_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_sample("reviews") and is_sample("sample") and not is_sample("films.csv")
    (tmp_path / "reviews").write_text("")
    assert not is_sample("reviews")


def test_a_damaged_list_of_recent_tables_is_no_list(tmp_path: Path) -> None:
    remember_task(tmp_path, TaskChoice("a.csv"))
    remember_task(tmp_path, TaskChoice("b.csv"))
    remember_task(tmp_path, TaskChoice("./a.csv", label="x"))
    assert recent_tasks(tmp_path) == [TaskChoice("./a.csv", label="x"), TaskChoice("b.csv")]
    (tmp_path / "recent.json").write_text('{"a": 1}')
    assert recent_tasks(tmp_path) == []
    with pytest.raises(ConfigError, match="cannot be written"):
        remember_task(tmp_path / "recent.json", TaskChoice("a.csv"))
