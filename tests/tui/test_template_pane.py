"""The template pane: typing, completing, problems in place, the model's objections, and undo."""

import os
from pathlib import Path
from typing import Any

import pytest
from on_screen import Start, screen_text, until
from scripted_engine import ScriptedEngine

from promptlab.tui.app import PromptlabApp
from promptlab.tui.panes.completion_list import CompletionList
from promptlab.tui.panes.template import TemplatePane
from promptlab.tui.state.completions import completions
from promptlab.tui.state.template_marks import marks, open_brace
from promptlab.tui.state.token_view import token_view


def pane(app: PromptlabApp) -> TemplatePane:
    return app.screen.query_one(TemplatePane)


async def in_editor(app: PromptlabApp, pilot: Any) -> TemplatePane:
    """The pane with its editor in focus, the cursor behind the last character."""
    found = pane(app)
    found.enter()
    await pilot.press("ctrl+end")
    return found


def test_parts_are_told_apart_and_an_open_brace_is_found() -> None:
    kinds = [(mark.kind, mark.start) for mark in marks("{text|lower} {{x}} {mask}{soft:3}{assistant}")]
    assert kinds == [("field", 0), ("brace", 13), ("brace", 16), ("slot", 19), ("soft", 25), ("turn", 33)]
    assert open_brace("It was {ma") == 7
    assert open_brace("It was {mask}") is None and open_brace("a {{ b") is None


def test_completions_offer_the_fields_first_and_escape_their_names() -> None:
    assert [one.inside for one in completions("", ["text", "a|b"])][:3] == ["text", "mask", "a\\|b"]
    assert [one.inside for one in completions("ma", ["text", "mask"])] == ["mask", "mask"][:1]
    assert [one.inside for one in completions("field:m", ["mask"])] == ["field:mask"]


def test_the_pieces_are_seen_without_colour() -> None:
    parsed = {
        "pieces": [
            {"text": "grip", "part": "field"},
            {"text": "##ping", "part": "field"},
            {"text": "\x1b[2J", "part": "soft"},
        ],
        "length": 3,
        "max_length": 256,
        "cut": {"text": 12},
    }
    assert token_view(parsed) == "3 of 256 pieces; cut: 12 pieces of text\ngrip·##ping·(␛[2J)"


async def test_typing_a_brace_lists_the_fields_and_tab_takes_one(start: Start) -> None:
    async with start() as (app, pilot, _):
        found = await in_editor(app, pilot)
        await pilot.press("space", "left_curly_bracket")
        await until(pilot, lambda: found.query_one(CompletionList).is_open)
        assert "{mask}" in screen_text(app) and "a field of the data" in screen_text(app)
        await pilot.press("t", "tab")
        assert app.desk.session.template == "{text} It was {mask}. {text}"
        assert not found.query_one(CompletionList).is_open


async def test_escape_closes_the_list_before_it_leaves_the_editor(start: Start) -> None:
    async with start() as (app, pilot, _):
        found = await in_editor(app, pilot)
        await pilot.press("left_curly_bracket")
        await until(pilot, lambda: found.query_one(CompletionList).is_open)
        await pilot.press("escape")
        assert found.editor.has_focus and not found.query_one(CompletionList).is_open
        await pilot.press("escape")
        assert found.has_focus


async def test_a_problem_is_named_with_its_place_and_the_number_is_stale(start: Start) -> None:
    async with start() as (app, pilot, _):
        found = await in_editor(app, pilot)
        await pilot.press(*"{txt}")
        await until(pilot, lambda: "unknown field 'txt'" in screen_text(app))
        assert "1:22" in screen_text(app) and not app.desk.is_current
        await pilot.press("ctrl+home", "ctrl+l")
        assert found.editor.cursor_location == (0, 21)


async def test_what_this_model_cannot_answer_is_said_as_the_models(start: Start) -> None:
    problem = {"what": "A causal model answers one slot.", "line": 0, "column": 0, "length": 0}
    answers = {"parse": lambda asked, emit: {**ScriptedEngine().answers["parse"](asked, emit), "problems": [problem]}}
    async with start(answers=answers) as (app, pilot, _):
        await until(pilot, lambda: "embedded: A causal model answers one slot." in screen_text(app))


async def test_a_loaded_template_is_one_step_of_undo(start: Start) -> None:
    async with start() as (app, pilot, _):
        await in_editor(app, pilot)
        app.desk.edit_template("All in all: {text} {mask}", name="sst2#all")
        await pilot.pause()
        assert "sst2#all" in screen_text(app)
        await pilot.press("ctrl+z")
        assert app.desk.session.template == "{text} It was {mask}."
        await pilot.press("ctrl+y")
        assert app.desk.session.template == "All in all: {text} {mask}"


async def test_an_edited_template_is_marked_and_read_again(start: Start) -> None:
    async with start() as (app, pilot, engine):
        await in_editor(app, pilot)
        engine.hold("read")
        await pilot.press("!")
        await until(pilot, lambda: "*edited" in screen_text(app))
        assert not app.desk.is_current
        engine.release("read")
        await until(pilot, lambda: app.desk.is_current)
        assert engine.last("read")["template"] == "{text} It was {mask}.!"


async def test_markup_and_control_characters_in_a_template_are_shown_as_they_stand(start: Start) -> None:
    async with start() as (app, pilot, _):
        app.desk.edit_template("[red]{text}[/b] \x1b[31m {mask}")
        await pilot.pause()
        assert "[red]{text}[/b] ␛[31m {mask}" in screen_text(app)


async def test_the_pieces_of_the_row_are_shown_on_request(start: Start) -> None:
    async with start() as (app, pilot, _):
        pane(app).focus()
        await until(pilot, lambda: "12 of 512 pieces" in screen_text(app))
        await pilot.press("v")
        await until(pilot, lambda: "It·{mask}" in screen_text(app))


async def test_where_long_fields_are_cut_can_be_chosen(start: Start) -> None:
    async with start() as (app, pilot, engine):
        pane(app).focus()
        await pilot.press("t")
        await until(pilot, lambda: engine.last("read")["truncate"] == "head")
        assert "cuts beginnings" in screen_text(app)


async def test_without_an_editor_named_the_sentence_says_how(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    async with start() as (app, pilot, _):
        await in_editor(app, pilot)
        await pilot.press("ctrl+t")
        assert "set EDITOR" in app.desk.message[0]


async def test_an_editor_that_fails_leaves_the_template(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from contextlib import nullcontext

    monkeypatch.setenv("EDITOR", os.fspath(tmp_path / "no-such-editor"))
    async with start() as (app, pilot, _):
        monkeypatch.setattr(app, "suspend", nullcontext)
        await in_editor(app, pilot)
        await pilot.press("ctrl+t")
        assert "did not work" in app.desk.message[0] and app.desk.session.template == "{text} It was {mask}."


async def test_what_the_editor_program_wrote_becomes_the_template(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from contextlib import nullcontext

    program = tmp_path / "write.sh"
    program.write_text('#!/bin/sh\nprintf "{text} So {mask}\\n" > "$1"\n')
    program.chmod(0o755)
    monkeypatch.setenv("EDITOR", os.fspath(program))
    async with start() as (app, pilot, _):
        monkeypatch.setattr(app, "suspend", nullcontext)
        await in_editor(app, pilot)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: app.desk.session.template == "{text} So {mask}")


async def test_the_line_below_names_the_problem_that_the_cursor_is_at(start: Start) -> None:
    async with start() as (app, pilot, _):
        await in_editor(app, pilot)
        await pilot.press(*"{txt} {foo}")
        assert "unknown field 'txt'" in screen_text(app) and "(1 of 2, ctrl+l next)" in screen_text(app)
        await pilot.press("ctrl+home", "ctrl+l", "ctrl+l")
        await until(pilot, lambda: "unknown field 'foo'" in screen_text(app))
        assert "(2 of 2" in screen_text(app)


async def test_a_key_that_is_still_on_its_way_survives_the_naming_of_the_template(start: Start) -> None:
    async with start() as (app, pilot, _):
        found = await in_editor(app, pilot)
        found.editor.insert("!")  # the desk hears of it with the next message
        app.desk.name_template("mine#it-was")
        await pilot.pause()
        assert app.desk.session.template == found.editor.text == "{text} It was {mask}.!"
        assert not app.desk.is_template_saved


async def test_an_editor_that_changes_nothing_leaves_newlines_and_name(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import nullcontext

    monkeypatch.setenv("EDITOR", "true")
    async with start() as (app, pilot, _):
        monkeypatch.setattr(app, "suspend", nullcontext)
        await in_editor(app, pilot)
        app.desk.edit_template("{text}\n{mask}\n", name="mine#lines")
        await pilot.pause()
        await pilot.press("ctrl+t")
        assert app.desk.session.template == "{text}\n{mask}\n" and app.desk.session.template_name == "mine#lines"


async def test_a_template_is_parsed_once_a_key_however_many_panes_ask(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    from promptlab.tui import desk

    async with start() as (app, pilot, _):
        await in_editor(app, pilot)
        seen: list[str] = []
        really = desk.find_problems
        monkeypatch.setattr(desk, "find_problems", lambda text, *a, **k: (seen.append(text), really(text, *a, **k))[1])
        await pilot.press("!", "?")
        await until(pilot, lambda: app.desk.is_current)
        assert seen == ["{text} It was {mask}.!", "{text} It was {mask}.!?"]
