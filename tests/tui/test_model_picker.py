"""The model picker: what is here, what a model takes, a question before a download, and the way back."""

from typing import Any

from on_screen import Start, screen_text, until
from scripted_engine import ANSWERS, Asked, Emit, refuse
from textual.widgets import Input

from promptlab.tui.screens.pick_model import PickModel
from promptlab.tui.state.session import ModelChoice

HUB = "someone/[b]large[/b]"


def describe(asked: Asked, emit: Emit) -> dict[str, Any]:
    """A model that is not here, one that does not fit, and those that are."""
    found = ANSWERS["describe"](asked, emit)
    name = (asked.get("model") or {}).get("name", "")
    if name == HUB:
        return {**found, "here": False, "bytes": 440_000_000, "sentence": "440 MB must be downloaded."}
    if name == "huge":
        return {**found, "fits": False, "sentence": "It takes about 90 GB of 8 GB free."}
    if name == "nowhere":
        return {**found, "here": False, "problem": "There is no model 'nowhere'."}
    return found


async def test_models_stand_there_with_what_they_take_and_how_to_get_them(start: Start) -> None:
    async with start(answers={"describe": describe}, size=(80, 24)) as (app, pilot, _):
        await pilot.press("ctrl+g")
        await until(pilot, lambda: "33 MB of 8 GB free" in screen_text(app))
        assert "● embedded" in screen_text(app) and "cpu, 2 threads" in screen_text(app)
        before = app.desk.session
        await pilot.press("down", "enter")
        await until(pilot, lambda: 'pip install ".[gemma]"' in screen_text(app))
        assert isinstance(app.screen, PickModel) and app.desk.session == before


async def test_nothing_is_downloaded_before_a_question_that_names_the_size(start: Start) -> None:
    async with start(answers={"describe": describe}) as (app, pilot, _):
        await pilot.press("ctrl+g", "o")
        app.screen.query_one("#name", Input).value = HUB
        await pilot.press("enter")
        await until(pilot, lambda: f"Download {HUB} (440 MB)?" in screen_text(app))
        assert app.desk.session.model.name == "embedded"
        await pilot.press("escape")
        assert "Download" not in screen_text(app) and app.desk.session.model.name == "embedded"
        await pilot.press("enter")
        await until(pilot, lambda: "Download" in screen_text(app))
        await pilot.press("enter")
        assert app.desk.session.model.name == HUB and not isinstance(app.screen, PickModel)


async def test_another_name_typed_after_the_question_is_asked_about_itself(start: Start) -> None:
    async with start(answers={"describe": describe}) as (app, pilot, _):
        await pilot.press("ctrl+g", "o")
        name = app.screen.query_one("#name", Input)
        name.value = HUB
        await pilot.press("enter")
        await until(pilot, lambda: "Download" in screen_text(app))
        for typed, said in (("huge", "may not fit"), ("nowhere", "There is no model")):
            name.value = typed
            await pilot.press("enter")
            await until(pilot, lambda said=said: said in screen_text(app))
        await pilot.press("enter")
        assert app.desk.session.model.name == "embedded"


async def test_after_a_model_that_cannot_be_loaded_the_last_one_that_worked_is_offered_first(start: Start) -> None:
    async with start(answers={"describe": describe}) as (app, pilot, fake):
        await until(pilot, lambda: app.worked == ModelChoice())
        fake.answers["read"] = refuse("model", "The folder 'broken' holds no weights.")
        app.desk.use_model(ModelChoice("broken", device="cpu", threads=2))
        await until(pilot, lambda: app.desk.live.phase == "failed")
        fake.answers["read"] = ANSWERS["read"]
        await pilot.press("ctrl+g")
        await until(pilot, lambda: "back to embedded, which worked" in screen_text(app))
        await pilot.press("home", "enter")
        await until(pilot, lambda: app.desk.session.model == ModelChoice())
        await until(pilot, lambda: app.desk.is_current)


async def test_another_model_keeps_device_threads_and_precision(start: Start) -> None:
    async with start(answers={"describe": describe}) as (app, pilot, _):
        app.desk.use_model(ModelChoice("broken", device="cpu", threads=2, dtype="float32"))
        await pilot.press("ctrl+g")
        await until(pilot, lambda: "embedded" in screen_text(app) and app.screen.query_one("#models").has_focus)
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, PickModel))
        assert app.desk.session.model == ModelChoice("embedded", device="cpu", threads=2, dtype="float32")
