"""Bundles: the list with damaged ones, what is in one, trying it, taking it into the workbench, and saving one."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from on_screen import Start, screen_text, until
from scripted_engine import ANSWERS, Asked, Emit, refuse
from textual.widgets import Input

from promptlab.errors import ConfigError
from promptlab.tui.panes.bundle import BundlePane
from promptlab.tui.screens.save_bundle import SaveBundle
from promptlab.tui.screens.workbench import Workbench
from promptlab.tui.state.bundle_contents import commands, prompt_of

MANIFEST = """
version = 1
[template]
text = "{text} All in all, it was {mask}."
truncate = "head"
[verbalizer]
kind = "words"
[verbalizer.words]
negative = ["awful", "[/b]"]
positive = ["superb"]
[verbalizer.calibration]
kind = "batch"
label_prior = [-0.7, -0.7]
[metrics]
accuracy = 0.8125
interval = [0.7, 0.9]
n = 60
"""


def bundle(asked: Asked, emit: Emit) -> dict[str, Any]:
    """Two bundles, the older one damaged."""
    found = ANSWERS["bundle"](asked, emit)
    if asked["op"] == "list":
        broken = {"folder": "bundles/broken", "name": "broken", "created": "", "problem": "bundle.toml is no TOML."}
        return {"bundles": [{**found["bundles"][0], **broken}, *found["bundles"]]}
    return {**found, "manifest": MANIFEST} if asked["op"] == "show" else found


async def test_damaged_bundles_stand_in_the_list_with_what_is_wrong(start: Start) -> None:
    async with start(answers={"bundle": bundle}) as (app, pilot, _):
        await pilot.press("6")
        await until(pilot, lambda: "0.812" in screen_text(app))
        shown = screen_text(app)
        assert "✗ broken" in shown and 'promptlab predict bundles/films "text"' in shown and "awful, [/b]" in shown
        await pilot.press("down")
        await until(pilot, lambda: "bundle.toml is no TOML." in screen_text(app))


async def test_a_text_is_tried_and_its_labels_stand_there_as_bars(start: Start) -> None:
    async with start(answers={"bundle": bundle}, size=(80, 24)) as (app, pilot, fake):
        await pilot.press("6")
        await until(pilot, lambda: fake.count("bundle") >= 2)
        await pilot.press("t", *"so so", "enter")
        await until(pilot, lambda: "positive 0.900" in screen_text(app))
        assert fake.last("bundle")["text"] == "so so" and fake.last("bundle")["folder"] == "bundles/films"


async def test_enter_takes_template_and_words_into_the_workbench(start: Start) -> None:
    async with start(answers={"bundle": bundle}) as (app, pilot, _):
        await pilot.press("6")
        await until(pilot, lambda: "0.812" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Workbench))
        session = app.desk.session
        assert session.template == "{text} All in all, it was {mask}." and session.truncate == "head"
        assert session.calibration == "batch" and session.words is not None and session.words.calibration is None
        assert [str(word) for word in session.words.words["negative"]] == ["awful", "[/b]"]


async def test_a_bundle_of_other_labels_is_not_taken(start: Start) -> None:
    async with start(answers={"bundle": bundle}) as (app, pilot, _):
        before = app.desk.session
        await pilot.press("6")
        await until(pilot, lambda: "0.812" in screen_text(app))
        pane = app.screen.query_one(BundlePane)
        pane.manifest = tomllib.loads(MANIFEST.replace("positive", "cheerful"))
        await pilot.press("enter")
        await until(pilot, lambda: "cheerful" in app.desk.message[0])
        assert app.desk.session == before


async def test_saving_proposes_a_folder_and_leaves_with_the_command(start: Start) -> None:
    Path("bundles/reviews-it-was").mkdir(parents=True)
    Path("bundles/reviews-it-was/bundle.toml").write_text("")
    async with start() as (app, pilot, fake):
        await pilot.press("f2")
        assert app.screen.query_one("#folder", Input).value == "bundles/reviews-it-was-2"
        app.screen.query_one("#about", Input).value = "for the shop"
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, SaveBundle))
        asked = next(asked for asked in fake.asked if asked.do == "save" and asked["what"] == "bundle")
        assert (asked["folder"], asked["about"]) == ("bundles/reviews-it-was-2", "for the shop")
        assert app.leaving == 'promptlab predict bundles/reviews-it-was-2 "text"' and app.desk.is_saved


async def test_what_keeps_a_bundle_from_being_saved_stands_in_the_dialog(start: Start) -> None:
    Path("taken").write_text("")
    full = refuse("bundle", "'bundles/x' cannot be written: No space left on device.")
    async with start(answers={"save": full}) as (app, pilot, _):
        await pilot.press("f2")
        folder = app.screen.query_one("#folder", Input)
        for name, said in (("", "Type a folder"), ("taken", "is taken already"), ("bundles/x", "No space left")):
            folder.value = name
            await pilot.press("enter")
            await until(pilot, lambda said=said: said in screen_text(app))
        assert isinstance(app.screen, SaveBundle) and app.leaving == ""


async def test_without_a_table_there_is_nothing_to_save(start: Start) -> None:
    async with start(path=None) as (app, pilot, _):
        await pilot.press("1", "f2")
        assert not isinstance(app.screen, SaveBundle) and "Open a table first" in app.desk.message[0]


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        ({"member": []}, "combines several"),
        ({}, "no template"),
        ({"template": {"text": "x"}, "verbalizer": {"kind": "linear"}}, "was trained"),
        ({"template": {"text": "x"}, "verbalizer": {}, "demonstration": []}, "examples in its prompt"),
    ],
)
def test_what_the_editors_cannot_take_is_said(manifest: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        prompt_of(manifest)


def test_commands_quote_what_a_shell_would_take_apart() -> None:
    one, _, python = commands("bundles/it's mine")
    assert one == """promptlab predict 'bundles/it'"'"'s mine' "text\"""" and "it's mine" in python
