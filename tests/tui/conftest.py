"""What the application's tests share: an environment that draws the same everywhere, a scripted engine, and waiting."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

_OURS = [name for name in os.environ if name.startswith("TEXTUAL") and not name.startswith("TEXTUAL_SNAPSHOT")]
for _name in [*_OURS, "NO_COLOR", "FORCE_COLOR", "COLORTERM"]:
    os.environ.pop(_name, None)
os.environ.update(TERM="xterm-256color", TEXTUAL_ANIMATIONS="none", TZ="UTC", LC_ALL="C.UTF-8")
os.environ["PROMPTLAB_CONFIG"] = os.devnull

from on_screen import Start, until  # noqa: E402
from scripted_engine import Answer, ScriptedEngine  # noqa: E402
from textual.pilot import Pilot  # noqa: E402
from textual.widgets import Input, TextArea  # noqa: E402

from promptlab.tui.app import PromptlabApp  # noqa: E402


@pytest.fixture(autouse=True)
def still_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cursor blinks."""
    monkeypatch.setattr(Input, "cursor_blink", False, raising=False)
    monkeypatch.setattr(TextArea, "cursor_blink", False, raising=False)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace in an empty folder, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPTLAB_CONFIG", str(tmp_path / "config.toml"))
    yield tmp_path / ".promptlab"


@pytest.fixture
def start(workspace: Path) -> Start:
    """``async with start(size=(160, 48), path="reviews") as (app, pilot, engine)``: the application on its fake."""

    @asynccontextmanager
    async def started(
        *,
        size: tuple[int, int] = (160, 48),
        path: str | None = "reviews",
        answers: dict[str, Answer] | None = None,
        engine: ScriptedEngine | None = None,
    ) -> AsyncIterator[tuple[PromptlabApp, Pilot[str], ScriptedEngine]]:
        fake = engine or ScriptedEngine(answers)
        app = PromptlabApp(workspace, path=path, engine=fake)
        fake.on_state = app._engine_changed
        async with app.run_test(size=size, notifications=True) as pilot:
            if path is not None:
                await until(pilot, lambda: app.desk.task is not None)
                await until(
                    pilot, lambda: app.desk.live.phase in ("done", "failed", "waiting") or "read" in fake._gates
                )
            await pilot.pause()
            yield app, pilot, fake

    return started
