"""What goes wrong is stated where it happened, with what to do about it, and the application goes on."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from on_screen import screen_text, until
from poison import text_in
from scripted_engine import refuse

from promptlab.tui.screens.columns import Columns
from promptlab.tui.screens.save_bundle import SaveBundle
from promptlab.tui.state.session import ModelChoice, TaskChoice

Failing = Callable[[int], None]


@pytest.fixture
def no_write(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """From the call on, every file that is opened for writing fails with an error of the system."""
    import builtins

    def fail(number: int) -> None:
        def refused(*_: Any, **__: Any) -> Any:
            raise OSError(number, os.strerror(number))

        opened = builtins.open
        monkeypatch.setattr(os, "replace", refused)
        monkeypatch.setattr(os, "write", refused)
        monkeypatch.setattr(
            builtins,
            "open",
            lambda file, mode="r", *more, **named: (
                refused() if set(mode) & set("wax+") else opened(file, mode, *more, **named)
            ),
        )

    return fail


async def still_works(app: Any, pilot: Any) -> None:
    """The next edit is read as ever."""
    reads = app.engine.count("read")
    app.desk.edit_template("{text} All in all, it was {mask}.")
    await until(pilot, lambda: app.engine.count("read") > reads and app.desk.live.is_complete(app.desk.session))


async def test_a_file_that_is_no_table_is_refused_where_it_is_asked_about(start: Any) -> None:
    async with start() as (app, pilot, engine):
        before, answer = app.desk.session, engine.answers["guess"]
        what = "notes.pdf is not a table: choose a csv, tsv, json, jsonl or parquet file."
        engine.answers["guess"] = refuse("data", what)
        app.push_screen(Columns(TaskChoice("notes.pdf")))
        await until(pilot, lambda: "is not a table: choose" in " ".join(screen_text(app).split()))
        await pilot.press("enter")
        await pilot.press("escape")
        assert not isinstance(app.screen, Columns) and app.desk.session == before
        engine.answers["guess"] = answer
        await still_works(app, pilot)


async def test_a_template_that_does_not_parse_says_where_and_the_number_is_not_current(start: Any) -> None:
    async with start() as (app, pilot, _):
        app.desk.edit_template("{text} It was {mask")
        await until(pilot, lambda: "✗ 1:" in text_in(app, "TemplatePane") and "stale" in text_in(app, "LivePane"))
        assert "waiting: " in text_in(app, "LivePane") and not app.desk.is_current
        await still_works(app, pilot)


async def test_a_label_without_words_is_named_with_the_key_that_types_one(start: Any) -> None:
    async with start() as (app, pilot, _):
        app.screen.query_one("WordsPane LineList").focus()
        await pilot.press("down", "d")
        await until(pilot, lambda: "no word counts: press i to type one" in text_in(app, "WordsPane"))
        assert "cannot be counted yet" in text_in(app, "WordsPane") and not app.desk.is_current
        await pilot.press("u")
        await until(pilot, lambda: app.desk.live.is_complete(app.desk.session))


async def test_a_model_that_cannot_be_loaded_says_why_and_how_to_choose_another(start: Any) -> None:
    async with start() as (app, pilot, engine):
        answer, engine.answers["read"] = engine.answers["read"], refuse("model", "There is no model 'nowhere/x'.")
        app.desk.use_model(ModelChoice("nowhere/x"))
        await until(pilot, lambda: "no model 'nowhere/x'" in text_in(app, "LivePane"))
        assert "ctrl+g" in text_in(app, "LivePane") and "failed" in text_in(app, "LivePane")
        engine.answers["read"] = answer
        app.desk.use_model(ModelChoice("embedded"))
        await still_works(app, pilot)


async def test_without_wordnet_its_box_says_how_to_get_it_and_the_other_sources_answer(start: Any) -> None:
    lacking = "WordNet is not here: install it with promptlab wordnet, or use the other sources."

    def expand(asked: Any, emit: Any) -> dict[str, Any]:
        from scripted_engine import found

        emit({"kind": "note", "level": "warning", "text": lacking, "source": "wordnet"})
        near = [found(asked["label"], "wonderful", "neighbours", 1)]
        emit({"kind": "found", "source": "neighbours", "words": near})
        return {"found": near, "dropped": [], "likeliest": [], "notes": [lacking]}

    answers = {"senses": refuse("data", lacking), "expand": expand}
    async with start(answers=answers) as (app, pilot, _):
        await pilot.press("2")
        await until(pilot, lambda: "WordNet is not here" in text_in(app, "SensesPane"))
        assert "wonderful" in text_in(app, "FoundPane")


async def test_a_full_disk_is_said_where_the_bundle_is_saved_and_the_name_stays(start: Any) -> None:
    full = "The bundle cannot be written: No space left on device. Make room, or type another folder."
    async with start(answers={"save": refuse("bundle", full)}) as (app, pilot, _):
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, SaveBundle))
        await pilot.press("enter")
        await until(pilot, lambda: "No space left on device" in screen_text(app))
        assert app.screen.query_one("#folder").value.startswith("bundles/")
        await pilot.press("escape")
        await still_works(app, pilot)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
async def test_drafts_that_cannot_be_written_are_said_once_and_work_goes_on(
    start: Any, no_write: Failing, number: int
) -> None:
    async with start() as (app, pilot, _):
        no_write(number)
        await still_works(app, pilot)
        await until(pilot, lambda: any(os.strerror(number) in line for line in app.said.lines()))
        assert sum("Drafts are not saved" in line for line in app.said.lines()) == 1
        app.desk.edit_template("{text} In short: {mask}.")
        await until(pilot, lambda: app.desk.live.is_complete(app.desk.session))
        await pilot.pause(1.2)  # a second after the edit the draft would be written again
        assert sum("Drafts are not saved" in line for line in app.said.lines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_may_not_be_written_in_opens_all_the_same(start: Any, workspace: Path) -> None:
    workspace.parent.chmod(0o500)
    try:
        async with start() as (app, pilot, _):
            await still_works(app, pilot)
            assert any("Permission denied" in line for line in app.said.lines())
    finally:
        workspace.parent.chmod(0o700)


async def test_too_small_a_terminal_says_its_size_and_keeps_what_is_open(start: Any) -> None:
    async with start(size=(80, 24)) as (app, pilot, _):
        session = app.desk.session
        await pilot.resize_terminal(40, 10)
        await until(pilot, lambda: "at least 60x16 (now 40x10)" in screen_text(app))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "at least" not in screen_text(app))
        assert app.desk.session == session
        await still_works(app, pilot)
