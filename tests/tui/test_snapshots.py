"""How the screens look, as pictures: twelve of them, at three sizes and in both themes of promptlab's own."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import textual
from on_screen import screen_text, until
from scripted_engine import Answer, Asked, Emit, ScriptedEngine

from promptlab.tui.app import PromptlabApp
from promptlab.tui.screens.columns import Columns
from promptlab.tui.state.session import TaskChoice

MADE_WITH = "8.2.8"
pytestmark = pytest.mark.skipif(
    textual.__version__ != MADE_WITH, reason=f"the pictures were made with textual {MADE_WITH}"
)
Do = Callable[[PromptlabApp, Any], Awaitable[None]]


async def workbench(app: PromptlabApp, pilot: Any) -> None:
    shown = ("▼ -1.0",) if app.size.width < 100 else ("likeliest", "▼ -1.0", "12 of 512 pieces")
    await until(pilot, lambda: all(text in screen_text(app) for text in shown))


async def awkward_word(app: PromptlabApp, pilot: Any) -> None:
    app.screen.query_one("WordsPane LineList").focus()
    await pilot.press("down")
    await until(pilot, lambda: "2 pieces" in screen_text(app) and "likeliest" in screen_text(app))


async def stale(app: PromptlabApp, pilot: Any) -> None:
    await workbench(app, pilot)
    app.engine.hold("read")  # type: ignore[attr-defined]
    app.desk.edit_template("{text} All in all: {mask}.")
    await until(pilot, lambda: app.desk.live.phase == "loading" or app.desk.live.phase == "reading")
    await until(pilot, lambda: "stale (edited)" in screen_text(app))
    await pilot.pause(0.6)  # what asks about the template after a pause


async def expand(app: PromptlabApp, pilot: Any) -> None:
    await pilot.press("2")
    await until(pilot, lambda: "splendid" in screen_text(app) and "unputdownable" in screen_text(app))
    await until(pilot, lambda: "▲" in screen_text(app))


async def data(app: PromptlabApp, pilot: Any) -> None:
    await pilot.press("4")
    await until(pilot, lambda: "row 1 of 60" in screen_text(app))
    await until(pilot, lambda: "2 texts stand twice" in screen_text(app) or app.size.width < 100)


async def runs(app: PromptlabApp, pilot: Any) -> None:
    await pilot.press("5")
    await until(pilot, lambda: "3 runs" in screen_text(app))


async def ensemble(app: PromptlabApp, pilot: Any) -> None:
    await pilot.press("3")
    await until(pilot, lambda: "candidates" in screen_text(app))


async def columns(app: PromptlabApp, pilot: Any) -> None:
    await app.push_screen(Columns(TaskChoice("reviews.csv")))
    await until(pilot, lambda: "a gripping" in screen_text(app))


async def help_(app: PromptlabApp, pilot: Any) -> None:
    await pilot.press("f1")
    await until(pilot, lambda: "any other key closes" in screen_text(app))


async def welcome(app: PromptlabApp, pilot: Any) -> None:
    await until(pilot, lambda: "tickets" in screen_text(app))


def _awkward(asked: Asked, emit: Emit) -> dict[str, Any]:
    problem = "'terrible' is 2 pieces; its first piece stands for it."
    word = {"word": "terrible", "pieces": ["terri", "##ble"], "prior": -9.1, "removed": -0.01, "problems": [problem]}
    return {"words": {"negative": [word], "positive": []}, "warnings": [], "n": 60}


PICTURES: dict[str, tuple[Do, tuple[int, int], str, dict[str, Answer]]] = {
    "workbench-80": (workbench, (80, 24), "promptlab-dark", {}),
    "workbench-120": (workbench, (120, 36), "promptlab-dark", {}),
    "workbench-160": (workbench, (160, 48), "promptlab-dark", {}),
    "workbench-contrast": (workbench, (160, 48), "promptlab-contrast", {}),
    "words-warning": (awkward_word, (120, 36), "promptlab-dark", {"words": _awkward}),
    "live-stale": (stale, (160, 48), "promptlab-dark", {}),
    "expand": (expand, (160, 48), "promptlab-dark", {}),
    "data": (data, (120, 36), "promptlab-contrast", {}),
    "runs": (runs, (120, 36), "promptlab-dark", {}),
    "columns": (columns, (80, 24), "promptlab-dark", {}),
    "help": (help_, (80, 24), "promptlab-contrast", {}),
    "welcome": (welcome, (80, 24), "promptlab-dark", {}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_it_looks_as_it_did(name: str, snap_compare: Any, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptlab.tui.reading.KEPT_AFTER", 3600.0)  # no run is kept while a picture is made
    do, size, theme, answers = PICTURES[name]
    engine = ScriptedEngine(answers)
    app = PromptlabApp(workspace, path=None if do is welcome else "reviews", engine=engine)
    engine.on_state = app._engine_changed

    async def before(pilot: Any) -> None:
        app.theme = theme
        if do is not welcome:
            await until(pilot, lambda: app.desk.live.baseline is not None)
        await do(app, pilot)
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)
