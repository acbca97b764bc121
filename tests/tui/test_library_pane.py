"""Library pane: what fits stands first, enter takes it, a filter finds it, and what is deleted can be brought back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from on_screen import Start, screen_text, until
from poison import PAYLOADS, check_screen, seen, text_in

from promptlab.text import safe_text
from promptlab.tui.panes.library import LibraryPane
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.screens.bundles import Bundles
from promptlab.tui.state import library_shelf
from promptlab.tui.state.library_files import read_library
from promptlab.tui.state.library_tree import Shelf, tree

TEMPLATES = """# mine
[really]
text = "{text} Really {mask}."
truncate = "head"
note = "[MASK] [/b]"
[pair]
text = "{premise} {mask} {hypothesis}"
[broken]
text = "{text} {mask"
"""
WORDS = """
[fine]
words.NEGATIVE = ["awful"]
words.positive = ["superb"]
[three]
words.a = ["x"]
words.b = ["y"]
words.c = ["z"]
"""


@pytest.fixture(autouse=True)
def own_files(workspace: Path) -> None:
    """Two files of the user, and one that is no TOML."""
    for name, text in (("templates/mine", TEMPLATES), ("templates/bad", "x ="), ("verbalizers/mine", WORDS)):
        path = Path(f"{name}.toml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


async def entered(app: Any, pilot: Any) -> LibraryPane:
    """The pane with the focus, once its files are read."""
    pane: LibraryPane = app.screen.query_one(LibraryPane)
    await until(pilot, lambda: any(line.entry for line in pane.lines))
    app.screen.show_pane(pane)
    pane.enter()
    await until(pilot, lambda: pane.query_one(LineList).has_focus)
    return pane


def go_to(pane: LibraryPane, key: str) -> None:
    """Put the cursor on a line."""
    pane.query_one(LineList).action_go([line.key for line in pane.lines].index(key))


def shelf(**more: Any) -> Shelf:
    given = {"fields": ("text",), "labels": ("negative", "positive"), "kind": "sst2", "files": read_library(Path())}
    return Shelf(**{**given, **more})


# -- without a screen -------------------------------------------------------------------------------------------------


def test_what_fits_stands_first_and_open_and_the_rest_is_shut() -> None:
    texts = [line.text for line in tree(shelf())]
    own = texts.index("mine (yours)")
    assert texts[own + 1 : own + 4] == ["really", "pair", "broken"]  # what fits before what does not
    assert own < texts.index("sst2") < texts.index("bad (yours)") < texts.index("Other tasks")
    assert "it-was" in texts and "mnli" not in texts and "three" in texts


def test_why_something_does_not_fit_is_known() -> None:
    problems = {line.key: line.problem for line in tree(shelf())}
    assert problems["template yours mine really"] == ""
    assert "It needs 'premise', 'hypothesis', which" in problems["template yours mine pair"]
    assert "line 1" in problems["template yours mine broken"] and "not valid TOML" in problems["template yours bad"]
    assert problems["words yours mine fine"] == "" and "the labels a, b, c" in problems["words yours mine three"]
    assert problems["words shipped sst2 manual"] == ""


def test_label_words_of_the_library_fit_other_spellings_of_its_labels() -> None:
    turned = frozenset({"words yours mine"})
    lines = {line.key: line for line in tree(shelf(labels=("pos", "neg"), turned=turned))}
    assert lines["words shipped sst2 manual"].problem == "" and lines["words yours mine fine"].problem


def test_an_entry_of_the_user_stands_for_the_shipped_one_of_its_name() -> None:
    Path("templates/sst2.toml").write_text('[it-was]\ntext = "{text} {mask}, I say."\n')
    keys = [line.key for line in tree(shelf())]
    assert "template yours sst2 it-was" in keys and "template shipped sst2 it-was" not in keys
    assert "template shipped sst2 just" in keys


def test_a_filter_looks_below_shut_headings_and_into_the_texts() -> None:
    for wanted, found in (("really", ["really"]), ("AWFUL sup", ["fine"]), ("mnli", None), ("nothing at all", [])):
        leaves = [line.text for line in tree(replace(shelf(), wanted=wanted)) if line.kind == "entry"]
        assert leaves == found if found is not None else len(leaves) > 3


def test_names_that_options_would_read_otherwise_are_referred_to_by_their_file() -> None:
    Path("verbalizers/a=b.toml").write_text(WORDS)
    entries = [entry for file in read_library(Path()) if file.task == "a=b" for entry in file.entries]
    assert entries[0].reference == "verbalizers/a=b.toml#fine"


# -- on the screen ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=str)
async def test_enter_puts_a_template_into_the_editor_as_one_step(start: Start, size: tuple[int, int]) -> None:
    async with start(size=size) as (app, pilot, _):
        pane = await entered(app, pilot)
        assert "* it-was" in screen_text(app)
        go_to(pane, "template yours mine really")
        await pilot.pause()
        assert "[MASK] [/b]" in screen_text(app)
        await pilot.press("enter")
        session, editor = app.desk.session, app.screen.query_one("TemplateEditor")
        assert (session.template, session.truncate) == ("{text} Really {mask}.", "head")
        assert session.template_name == "mine#really" and app.desk.is_template_saved
        await until(pilot, lambda: editor.text == session.template and "* really" in screen_text(app))
        editor.undo()
        assert editor.text == "{text} It was {mask}."


async def test_enter_takes_label_words_under_the_tables_labels_and_undo_takes_them_back(start: Start) -> None:
    async with start() as (app, pilot, _):
        pane = await entered(app, pilot)
        before = app.desk.session.words
        go_to(pane, "words yours mine fine")
        await pilot.press("enter")
        words = app.desk.session.words
        assert words is not None and words.name == "mine#fine" and app.desk.are_words_saved
        assert {label: str(row[0]) for label, row in words.words.items()} == {"negative": "awful", "positive": "superb"}
        assert "load mine#fine" in app.desk.undo_words() and app.desk.session.words.words == before.words


async def test_what_does_not_fit_is_said_and_changes_nothing(start: Start) -> None:
    async with start() as (app, pilot, _):
        pane = await entered(app, pilot)
        before = app.desk.session
        for key, why in (("words yours mine three", "unknown label 'a'"), ("template yours mine broken", "line 1")):
            go_to(pane, key)
            await pilot.press("enter")
            await until(pilot, lambda why=why: why in app.desk.message[0])
        assert app.desk.session == before


async def test_the_filter_narrows_while_it_is_typed_and_escape_shows_all_again(start: Start) -> None:
    async with start(size=(80, 24)) as (app, pilot, _):
        pane = await entered(app, pilot)
        await pilot.press("slash", *"really")
        await until(pilot, lambda: [line.text for line in pane.lines if line.entry] == ["really"])
        await pilot.press("enter")
        await until(pilot, lambda: pane.query_one(LineList).has_focus and pane.marked is not None)
        await pilot.press("enter")
        assert app.desk.session.template_name == "mine#really"
        await pilot.press("escape")
        assert len(pane.lines) > 20
        await pilot.press("slash", *"nothing such")
        await until(pilot, lambda: "Nothing has these words" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: len(pane.lines) > 20)


async def test_headings_open_and_shut(start: Start) -> None:
    async with start() as (app, pilot, _):
        pane = await entered(app, pilot)
        go_to(pane, "template others")
        count = len(pane.lines)
        await pilot.press("enter")
        assert len(pane.lines) > count + 10 and "mnli" in [line.text for line in pane.lines]
        await pilot.press("left")
        assert len(pane.lines) == count
        go_to(pane, "template shipped sst2 it-was")
        await pilot.press("left")
        assert pane.marked is not None and pane.marked.key == "template shipped sst2"


async def test_an_own_entry_goes_to_the_trash_and_comes_back(start: Start) -> None:
    path = Path("templates/mine.toml")
    async with start() as (app, pilot, _):
        pane = await entered(app, pilot)
        go_to(pane, "template yours mine pair")
        await pilot.press("d")
        await until(pilot, lambda: "template yours mine pair" not in [line.key for line in pane.lines])
        assert "premise" not in path.read_text() and "u brings it back" in app.desk.message[0]
        await pilot.press("u")
        await until(pilot, lambda: "template yours mine pair" in [line.key for line in pane.lines])
        assert path.read_text() == TEMPLATES
        go_to(pane, "template shipped sst2 it-was")
        await pilot.press("d")
        assert "cannot be deleted" in app.desk.message[0]


async def test_what_is_saved_stands_in_the_tree(start: Start) -> None:
    async with start() as (app, pilot, _):
        pane = await entered(app, pilot)
        await pilot.press("ctrl+s", "enter")
        await until(pilot, lambda: "template yours reviews it-was" in [line.key for line in pane.lines])
        assert "* it-was" in screen_text(app)


async def test_a_table_is_opened_and_a_bundle_is_shown(start: Start) -> None:
    Path("bundles/films").mkdir(parents=True)
    Path("bundles/films/bundle.toml").touch()
    async with start() as (app, pilot, fake):
        pane = await entered(app, pilot)
        go_to(pane, "tables")
        await pilot.press("enter", "slash", *"tickets", "enter")
        go_to(pane, "table tickets")
        await pilot.press("enter")
        await until(pilot, lambda: app.desk.session.task.reference == "tickets")
        await pilot.press("escape")
        go_to(pane, "bundle bundles/films")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Bundles) and fake.count("bundle") >= 1)


async def test_where_it_has_no_room_it_lies_above_the_editors_while_it_is_used(start: Start) -> None:
    from promptlab.tui.actions import ACTIONS
    from promptlab.tui.doing import do

    async with start(size=(100, 30)) as (app, pilot, _):
        pane = app.screen.query_one(LibraryPane)
        assert not pane.display
        await do(app, next(action for action in ACTIONS if action.id == "library.filter"))
        await until(pilot, lambda: pane.display and app.focused is not None and pane in app.focused.ancestors)
        await pilot.press("escape", "tab")
        await until(pilot, lambda: not pane.display)


async def test_names_and_texts_of_files_are_shown_and_never_read_as_markup(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = next(one for one in read_library(Path()) if one.task == "mine" and one.kind == "template")
    entries = tuple(replace(file.entries[0], name=text, reference=text, about=text) for text in PAYLOADS.values())
    files = (*(replace(file, task=text, entries=()) for text in PAYLOADS.values()), replace(file, entries=entries))
    monkeypatch.setattr(library_shelf, "read_shelf", lambda *_: Shelf(files=files))
    async with start(size=(80, 24)) as (app, pilot, _):
        pane = await entered(app, pilot)
        for payload in PAYLOADS.values():
            go_to(pane, f"template yours mine {payload}")
            first = seen(safe_text(payload, newlines=True).split("\n")[0], most=3)
            await until(pilot, lambda first=first: first in text_in(app, "LibraryPane #about"))
            assert seen(payload) in text_in(app, "LibraryPane LineList")
            check_screen(app, payload)
        pane.query_one(LineList).action_go(0)
        shown = ""
        while pane.marked is not pane.lines[-1]:
            pane.query_one(LineList).action_page(1)
            await pilot.pause()
            shown += text_in(app, "LibraryPane LineList")
            check_screen(app, "files")
        assert all(seen(payload) in shown for payload in PAYLOADS.values())
