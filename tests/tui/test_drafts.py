"""Drafts: what was written is there again, also after kill -9; what cannot be kept is said once and costs nothing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from on_screen import screen_text, until
from scripted_engine import ScriptedEngine, refuse
from terminal import Terminal

from promptlab.errors import ConfigError
from promptlab.tui import keeping
from promptlab.tui.app import PromptlabApp
from promptlab.tui.state import drafts
from promptlab.tui.state.drafts import draft_path, read_draft, write_draft
from promptlab.tui.state.lock import WorkspaceLock
from promptlab.tui.state.session import Session, TaskChoice
from promptlab.tui.state.word_edits import add_words
from promptlab.verbalizer import LabelWords, Word

WRITTEN = Session(
    task=TaskChoice("reviews"),
    template="{text} So it was {mask}.",
    words=LabelWords({"negative": (Word("dire"),), "positive": (Word("grand"), Word("fine", on=False))}),
    read_rev=3,
    score_rev=7,
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "AFTER", 0.02)


def said(app: PromptlabApp) -> str:
    return "\n".join(app.said.lines())


def test_a_draft_survives_the_disk_and_is_for_the_user_alone(tmp_path: Path) -> None:
    write_draft(tmp_path, WRITTEN, is_saved=True)
    draft = read_draft(tmp_path)
    assert draft is not None and draft.session == WRITTEN and draft.is_saved
    assert draft_path(tmp_path).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[1]",
        b'{"session": {}}',
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({"written": "x", "is_saved": True, "session": {**WRITTEN.to_json(), "template": 5}}).encode(),
        json.dumps({"written": "x", "is_saved": True, "session": {**WRITTEN.to_json(), "version": 99}}).encode(),
    ],
)
def test_a_damaged_draft_is_set_aside_with_a_sentence(tmp_path: Path, damage: bytes) -> None:
    write_draft(tmp_path, WRITTEN, is_saved=False)
    draft_path(tmp_path).write_bytes(damage)
    with pytest.raises(ConfigError, match=r"damaged.*set aside"):
        read_draft(tmp_path)
    assert read_draft(tmp_path) is None
    assert (tmp_path / "drafts" / "session.damaged.json").read_bytes() == damage


async def test_an_edit_is_written_and_stands_there_at_the_next_start(start: Any, workspace: Path) -> None:
    async with start() as (app, pilot, _):
        app.desk.edit_template("{text} Really {mask}.")
        app.desk.edit_words(add_words(app.desk.session.words, "positive", [Word("superb")]), "add superb")
        edited = app.desk.session
        await until(pilot, lambda: (kept := read_draft(workspace)) and kept.session == edited)
    async with start(path=None) as (app, pilot, engine):
        await until(pilot, lambda: app.desk.is_current)
        assert app.desk.session.template == "{text} Really {mask}." and app.desk.session.words == edited.words
        assert "Your draft of" in said(app) and "*unsaved" in screen_text(app)
        assert engine.last("read")["template"] == "{text} Really {mask}."


async def test_leaving_writes_the_last_edit_at_once(
    start: Any, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "AFTER", 60.0)
    async with start() as (app, _, _):
        app.desk.edit_template("{text} At the last moment {mask}.")
    kept = read_draft(workspace)
    assert kept is not None and kept.session.template == "{text} At the last moment {mask}."


async def test_edits_without_a_pause_are_written_all_the_same(
    start: Any, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start() as (app, pilot, _):
        await until(pilot, lambda: read_draft(workspace))
        monkeypatch.setattr(keeping, "AFTER", 0.2)
        monkeypatch.setattr(keeping, "_LONGEST", 0.1)
        for number in range(40):
            app.desk.edit_template(f"{{text}} {number} {{mask}}.")
            await pilot.pause(0.01)
        kept = read_draft(workspace)
        assert kept is not None and kept.session.template != "{text} It was {mask}."


async def test_a_draft_whose_table_is_gone_keeps_template_and_words(start: Any, workspace: Path) -> None:
    write_draft(workspace, WRITTEN, is_saved=False)
    gone = {"guess": refuse("data", "There is no file 'films.csv'.")}
    async with start(path=None, answers=gone) as (app, pilot, engine):
        await until(pilot, lambda: "no file" in said(app))
        assert app.desk.session.template == WRITTEN.template and app.desk.session.words == WRITTEN.words
        engine.answers["guess"] = ScriptedEngine().answers["guess"]
        await app.desk.open_task(TaskChoice("other.csv"))
        assert app.desk.session.template == WRITTEN.template and app.desk.session.words == WRITTEN.words


async def test_a_path_opens_that_table_and_the_draft_of_another_goes_to_the_trash(start: Any, workspace: Path) -> None:
    write_draft(workspace, WRITTEN, is_saved=False)
    async with start(path="tickets") as (app, _, _):
        assert app.desk.session.task == TaskChoice("tickets") and app.desk.session.template != WRITTEN.template
    (trashed,) = (workspace / "trash").glob("draft-*.json")
    assert "So it was" in trashed.read_text()


async def test_starting_afresh_puts_the_draft_into_the_trash(start: Any, workspace: Path) -> None:
    async with start() as (app, pilot, _):
        app.desk.edit_template("{text} Gone {mask}.")
        await until(pilot, lambda: read_draft(workspace))
        app.action_fresh()
        await pilot.pause()
        assert read_draft(workspace) is None
    assert read_draft(workspace) is None
    (trashed,) = (workspace / "trash").glob("draft-*.json")
    assert "Gone" in trashed.read_text()


async def test_a_disk_that_is_full_is_said_once_and_again_when_it_works(
    start: Any, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = drafts.write_whole

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    async with start() as (app, pilot, _):
        monkeypatch.setattr(drafts, "write_whole", full)
        app.desk.edit_template("{text} One {mask}.")
        await until(pilot, lambda: "No space left" in said(app))
        app.desk.edit_template("{text} Two {mask}.")
        await until(pilot, lambda: app.keeping._put_off_since is None)
        await pilot.pause(0.05)
        assert said(app).count("No space left") == 1
        monkeypatch.setattr(drafts, "write_whole", whole)
        app.desk.edit_template("{text} Three {mask}.")
        await until(pilot, lambda: "Drafts are saved again" in said(app))
        kept = read_draft(workspace)
        assert kept is not None and kept.session.template == "{text} Three {mask}."


async def test_a_folder_that_cannot_be_made_costs_the_draft_alone(start: Any, workspace: Path) -> None:
    workspace.write_text("a file where the workspace should be")
    async with start() as (app, pilot, _):
        app.desk.edit_template("{text} In memory {mask}.")
        await until(pilot, lambda: "Drafts are not saved" in said(app))
        await until(pilot, lambda: app.desk.is_current)
    assert workspace.read_text() == "a file where the workspace should be"


async def test_the_second_application_on_a_workspace_says_so_and_writes_no_draft(start: Any, workspace: Path) -> None:
    async with start() as (first, pilot, _):
        first.desk.edit_template("{text} First {mask}.")
        await until(pilot, lambda: read_draft(workspace))
        second = PromptlabApp(workspace, engine=ScriptedEngine())
        async with second.run_test() as other:
            assert f"Another promptlab (process {os.getpid()}, since" in said(second)
            second.desk.edit_template("{text} Second {mask}.")
            await other.pause(0.1)
        kept = read_draft(workspace)
        assert kept is not None and kept.session.template == "{text} First {mask}."


def test_the_lock_of_a_dead_process_does_not_matter(tmp_path: Path) -> None:
    code = (
        "import sys, os, signal; from pathlib import Path; from promptlab.tui.state.lock import WorkspaceLock\n"
        "lock = WorkspaceLock(Path(sys.argv[1])); assert lock.take() == ''; os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -signal.SIGKILL
    assert (tmp_path / "lock.json").exists()
    lock = WorkspaceLock(tmp_path)
    assert lock.take() == "" and lock.is_ours
    assert "works here" in WorkspaceLock(tmp_path).take()
    lock.release()
    assert WorkspaceLock(tmp_path).take() == ""


def test_after_kill_9_the_template_stands_there_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTLAB_CONFIG", str(tmp_path / "config.toml"))
    command = [sys.executable, "-m", "promptlab"]
    write_draft(tmp_path / ".promptlab", WRITTEN, is_saved=False)
    draft = draft_path(tmp_path / ".promptlab")
    before = draft.read_bytes()
    with Terminal(command, size=(160, 48), folder=tmp_path) as terminal:
        terminal.wait(lambda text: draft.read_bytes() != before and "is back" in text)
        os.kill(terminal.process.pid, signal.SIGKILL)
        terminal.process.wait()
    with Terminal(command, size=(160, 48), folder=tmp_path) as terminal:
        terminal.wait("is back")
        terminal.press("ctrl+q")
        assert terminal.end() == 0
    kept = read_draft(tmp_path / ".promptlab")
    assert kept is not None and kept.session.template == WRITTEN.template and kept.session.words == WRITTEN.words
