"""Saving template and words under names: comments stay, older texts are kept, and what fails is said where it fails."""

import errno
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from on_screen import Start, screen_text, until
from poison import PAYLOADS
from textual.widgets import Input, OptionList

from promptlab.errors import ConfigError
from promptlab.template import Template, resolve_templates
from promptlab.tui.screens.confirm import Confirm
from promptlab.tui.screens.save_as import SaveAs
from promptlab.tui.state import saving
from promptlab.tui.state.library_files import FOLDERS
from promptlab.tui.state.saving import Target, free_version, proposed, save, target_of, unsavable
from promptlab.tui.state.session import Session
from promptlab.verbalizer import LabelWords, Word, resolve_words

MINE = '# mine\n[it-was]  # the first\ntext = "{text} It was {mask}."\nnote = "short"\n'
WORDS = LabelWords({"negative": (Word("awful"),), "positive": (Word("superb", weight=0.5), Word("fine", on=False))})
SESSION = Session(template="{text} All in all, it was {mask}.", truncate="head", words=WORDS)


def written(text: str = MINE) -> Path:
    path = Path("templates/reviews.toml")
    path.parent.mkdir()
    path.write_text(text)
    return path


# -- without a screen -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("workspace")
def test_what_was_saved_is_what_the_options_read(workspace: Path) -> None:
    for kind in ("template", "words"):
        assert save(target_of(kind, "mine", task="reviews"), SESSION, workspace) is None
    (template,) = resolve_templates("reviews#mine")
    (words,) = resolve_words("reviews#mine", WORDS.labels)
    assert str(template) == SESSION.template and template.truncate == "head"
    assert words.words == WORDS.words


def test_other_entries_and_comments_stay_and_a_replaced_text_lies_in_the_trash(workspace: Path) -> None:
    path = written()
    save(Target("template", "reviews", "new"), SESSION, workspace)
    assert path.read_text().startswith(MINE)
    before = path.read_text()
    older = save(Target("template", "reviews", "it-was"), SESSION, workspace)
    assert older is not None and older.read_text() == before
    assert "# the first" in path.read_text() and 'note = "short"' in path.read_text()
    assert str(resolve_templates("reviews#it-was")[0]) == SESSION.template


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_any_text_comes_back_as_it_was_or_is_refused(workspace: Path, payload: str) -> None:
    text = "{text} {mask} " + payload.replace("{", "{{").replace("}", "}}")
    words = LabelWords({payload: (Word(payload),), "b": (Word("y"),)})
    session = replace(SESSION, template=text, words=words)
    for kind in ("template", "words"):
        try:
            save(Target(kind, "t", "x"), session, workspace)
        except ConfigError as error:
            assert unsavable(kind, session) or ("surrogates" in str(error) and "\ud800" in payload)
            assert not Path(f"{FOLDERS[kind]}/t.toml").exists()
        else:
            found = resolve_templates("t#x")[0] if kind == "template" else resolve_words("t#x", words.labels)[0]
            assert str(found) == text if isinstance(found, Template) else found.words == words.words


def test_versions_count_on(workspace: Path) -> None:
    written(MINE + '[it-was-2]\ntext = "{mask}"\n')
    assert free_version(Target("template", "reviews", "it-was")).name == "it-was-3"
    assert free_version(Target("template", "reviews", "it-was-2")).name == "it-was-3"
    assert free_version(Target("template", "other", "it-was")).name == "it-was"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Type a name"),
        ("a#", "Type a name"),
        ("#a", "Type a task"),
        ("../x#a", "cannot be a task"),
        ("a#b#c", "cannot be a name"),
        ("a b", "cannot be a name"),
        ("-x", "cannot be a name"),
        ("x=y", "cannot be a name"),
        ("\u202ex", "cannot be a name"),
        ("x" * 61, "at most 60"),
        ("mine.toml#x", "Leave the .toml out"),
        ("labels", "means something else"),
    ],
)
def test_names_that_could_not_be_asked_for_again_are_refused(typed: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        target_of("template", typed, task="reviews")


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"template": "{text} It was {mask}."}, "it-was"),
        ({"template_name": "sst2#just"}, "just"),
        ({"template": "{text} {mask}"}, "mine"),
        ({"template": "{text} Task: {mask}"}, "mine"),
        ({"template": "日本 {mask} \u202e [/b]"}, "日本-b"),
    ],
)
def test_the_proposed_name_says_what_it_is(changes: Mapping[str, Any], name: str) -> None:
    target = proposed("template", replace(SESSION, **changes), "data/reviews.csv")
    assert target == Target("template", "reviews", name)
    assert target_of("template", target.reference, task="x") == target


def test_what_could_not_be_read_again_is_not_saved() -> None:
    assert "line 1" in unsavable("template", replace(SESSION, template="{text} {mask"))
    assert "empty" in unsavable("template", replace(SESSION, template=" "))
    assert "'b' has no words" in unsavable("words", replace(SESSION, words=LabelWords({"a": (Word("x"),), "b": ()})))
    assert unsavable("template", SESSION) == unsavable("words", SESSION) == ""


# -- on the screen ----------------------------------------------------------------------------------------------------


async def test_the_template_is_saved_from_its_editor_and_known_by_its_name(start: Start) -> None:
    async with start(size=(80, 24)) as (app, pilot, _):
        app.desk.edit_template("{text} All in all, it was {mask}.")
        app.screen.query_one("TemplatePane").enter()
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "--template reviews#all-in-all-it" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, SaveAs))
        assert "--template reviews#all-in-all-it" in app.desk.message[0]
        assert app.desk.session.template_name == "reviews#all-in-all-it" and app.desk.is_template_saved
        assert str(resolve_templates("reviews#all-in-all-it")[0]) == app.desk.session.template


async def test_in_the_words_pane_the_words_are_saved(start: Start) -> None:
    async with start() as (app, pilot, _):
        app.screen.query_one("WordsPane").enter()
        await pilot.press("i", *"superb", "enter", "escape", "ctrl+s")
        app.screen.query_one(Input).value = "films#mine"
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, SaveAs))
        assert "--words films#mine" in app.desk.message[0] and app.desk.are_words_saved
        (words,) = resolve_words("films#mine", app.desk.labels)
        assert "superb" in [str(word) for word in words.words["negative"]]


@pytest.mark.parametrize("answer", ["version", "replace", "back"])
async def test_a_name_that_is_taken_is_asked_about(start: Start, answer: str) -> None:
    path = written(MINE.replace("It was", "Older:"))
    async with start() as (app, pilot, _):
        app.screen.query_one("TemplatePane").enter()
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SaveAs))
        app.screen.query_one(Input).value = "reviews#it-was"
        await until(pilot, lambda: "which has this name already" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        options = app.screen.query_one(OptionList)
        options.highlighted = [one.value for one in app.screen.answers].index(answer)
        await pilot.press("enter")
        if answer == "back":
            await until(pilot, lambda: isinstance(app.screen, SaveAs))
            assert path.read_text() == MINE.replace("It was", "Older:")
            return
        await until(pilot, lambda: not isinstance(app.screen, SaveAs | Confirm))
        texts = {str(one.name): str(one) for one in resolve_templates("reviews")}
        if answer == "version":
            assert texts == {"reviews#it-was": "{text} Older: {mask}.", "reviews#it-was-2": "{text} It was {mask}."}
        else:
            assert texts == {"reviews#it-was": "{text} It was {mask}."} and "lies in" in app.desk.message[0]


async def test_what_keeps_it_from_being_saved_stands_in_the_dialog_and_nothing_is_lost(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start() as (app, pilot, _):
        app.screen.query_one("WordsPane").focus()
        before = app.desk.session
        await pilot.press("ctrl+s", "enter")
        await until(pilot, lambda: not isinstance(app.screen, SaveAs))
        for kind in (errno.ENOSPC, errno.EACCES, errno.EROFS):
            error = OSError(kind, "it failed so")

            def fail(*arguments: Any, error: OSError = error) -> None:
                raise error

            monkeypatch.setattr(saving, "save_words", fail)
            await pilot.press("ctrl+s", *"-more", "enter")
            await until(pilot, lambda: "cannot be written: it failed so" in screen_text(app))
            assert isinstance(app.screen, SaveAs)
            await pilot.press("escape")
        assert app.desk.session.words is not None and before.words is not None
        assert app.desk.session.words.words == before.words.words


async def test_a_damaged_file_and_a_template_with_problems_are_left_as_they_are(start: Start) -> None:
    path = written("[x\n")
    async with start() as (app, pilot, _):
        app.screen.query_one("TemplatePane").focus()
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "is not valid TOML" in screen_text(app))
        await pilot.press("enter", "escape")
        assert path.read_text() == "[x\n"
        path.unlink()
        app.desk.edit_template("{text} {mask")
        await pilot.press("ctrl+s", "enter")
        await until(pilot, lambda: "could not be read again" in screen_text(app))
        assert not path.exists()


async def test_without_anything_to_save_that_is_said(start: Start) -> None:
    async with start(path=None) as (app, pilot, _):
        await pilot.press("escape", "1", "ctrl+s")
        await pilot.pause()
        assert not isinstance(app.screen, SaveAs)
