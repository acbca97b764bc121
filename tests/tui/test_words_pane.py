"""The Words pane by its keys: every edit in the same frame, one undo step each, refusals where they happened."""

import time
from typing import Any

import pytest
from on_screen import Start, screen_text, until
from scripted_engine import refuse
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Static

from promptlab.tui.app import PromptlabApp
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.panes.words import WordsPane
from promptlab.tui.screens.choose import Choose
from promptlab.verbalizer import LabelWords, Word

POISON = "[MASK] [/b] [@click=app.quit]x[/] \x1b[31m\u202ered"


async def _enter(app: PromptlabApp, pilot: Pilot[str]) -> WordsPane:
    """The pane with the cursor on the first label's word."""
    pane = app.screen.query_one(WordsPane)
    app.screen.show_pane(pane)  # type: ignore[attr-defined]
    pane.enter()
    await pilot.pause()
    await pilot.press("down")
    return pane


async def _type(pilot: Pilot[str], text: str) -> None:
    for character in text:
        await pilot.press("space" if character == " " else character)


def _said(app: PromptlabApp) -> str:
    """The line below the table, whatever toast lies over it."""
    return str(app.screen.query_one(WordsPane).query_one("#about", Static).render())


def _texts(app: PromptlabApp, label: str) -> list[str]:
    assert app.desk.session.words is not None
    return [str(word) for word in app.desk.session.words.words[label]]


def _word(app: PromptlabApp, label: str, place: int = 0) -> Word:
    assert app.desk.session.words is not None
    return app.desk.session.words.words[label][place]


async def test_a_typed_word_is_scored_before_anything_else_is_asked(start: Start) -> None:
    async with start() as (app, pilot, engine):
        await _enter(app, pilot)
        await until(pilot, lambda: engine.count("words"))
        scores, words = engine.count("score"), engine.count("words")
        await pilot.press("i")
        await _type(pilot, "awful, dire=0.5")
        await pilot.press("enter")
        assert _texts(app, "negative") == ["terrible", "awful", "dire"]
        await until(pilot, lambda: engine.count("score") == scores + 1)
        assert engine.count("words") == words
        await until(pilot, lambda: engine.count("words") == words + 1)
        assert engine.last("words").score_rev == app.desk.session.score_rev
        await until(pilot, lambda: "▼ -1.0" in _line(app, "dire"))
        assert "0.5" in _line(app, "dire") and "▸" not in _line(app, "terrible")


def _line(app: PromptlabApp, text: str) -> str:
    return next((line for line in screen_text(app).splitlines() if f" {text} " in line and "✓" in line), "")


async def test_the_line_stays_open_for_the_next_word_and_escape_reaches_the_frame(start: Start) -> None:
    async with start() as (app, pilot, _):
        pane = await _enter(app, pilot)
        await pilot.press("a")
        await _type(pilot, "awful")
        await pilot.press("enter")
        await _type(pilot, "dire")
        await pilot.press("enter", "escape")
        assert _texts(app, "negative") == ["terrible", "awful", "dire"]
        assert app.focused is pane
        await pilot.press("u")
        assert _texts(app, "negative") == ["terrible", "awful"]
        await pilot.press("down", "d")
        assert app.focused is pane.query_one(LineList)


async def test_a_word_for_another_label_goes_there_with_the_cursor(start: Start) -> None:
    async with start() as (app, pilot, _):
        pane = await _enter(app, pilot)
        await pilot.press("i")
        await _type(pilot, "positive: superb")
        await pilot.press("enter")
        assert _texts(app, "positive") == ["great", "superb"]
        assert pane.at is not None and (pane.at.label, str(pane.at.word)) == ("positive", "superb")
        await _type(pilot, "lovely")
        await pilot.press("enter")
        assert _texts(app, "positive") == ["great", "superb", "lovely"]


async def test_a_refused_word_stays_in_the_line_and_changes_nothing(start: Start) -> None:
    async with start(size=(80, 24)) as (app, pilot, engine):
        await _enter(app, pilot)
        session, asked = app.desk.session, engine.count("score")
        await pilot.press("i")
        await _type(pilot, "great")
        await pilot.press("enter")
        assert app.desk.session is session and engine.count("score") == asked
        assert "'great' is a word of 'positive'; move it instead" in _said(app)
        assert "add to negative: great" in screen_text(app)


async def test_keys_change_the_word_under_the_cursor_and_undo_takes_one_step(start: Start) -> None:
    async with start() as (app, pilot, _):
        pane = await _enter(app, pilot)
        await pilot.press("space")
        assert not _word(app, "negative").on
        await pilot.press("u", "minus", "minus")
        assert (_word(app, "negative").on, _word(app, "negative").weight) == (True, 0.8)
        await pilot.press("equals_sign")
        await pilot.press("backspace", "backspace", "backspace", "2", "enter")
        assert _word(app, "negative").weight == 2
        assert app.focused is pane.query_one(LineList)
        await pilot.press("u")
        assert _word(app, "negative").weight == 0.8
        await pilot.press("U")
        assert _word(app, "negative").weight == 2
        assert _said(app) == "Done again: weigh terrible 2."


async def test_the_menu_moves_a_word_and_says_how_words_count(start: Start) -> None:
    async with start() as (app, pilot, _):
        pane = await _enter(app, pilot)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        choices = {choice.value: choice for choice in app.screen.choices}  # type: ignore[attr-defined]
        assert choices["combine:mean"].remark == "the mean of its words' scores (now)"
        assert choices["combine:max"].remark == "its best word alone"
        values = list(choices)
        await pilot.press(*["down"] * values.index("move:positive"), "enter")
        await until(pilot, lambda: _texts(app, "positive") == ["great", "terrible"])
        assert pane.at is not None and pane.at.label == "positive"
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press(*["down"] * [c.value for c in app.screen.choices].index("combine:max"), "enter")  # type: ignore[attr-defined]
        await until(pilot, lambda: app.desk.session.words.combine == "max")
        await pilot.press("u")
        assert app.desk.session.words is not None and app.desk.session.words.combine == "mean"


async def test_a_label_is_edited_as_one_line(start: Start) -> None:
    async with start() as (app, pilot, _):
        await _enter(app, pilot)
        await pilot.press("e")
        await _type(pilot, ", awful=2")
        await pilot.press("enter")
        assert _texts(app, "negative") == ["terrible", "awful"]
        assert _word(app, "negative", 1).weight == 2


async def test_a_label_without_words_says_so_where_it_happened_and_the_figures_are_stale(start: Start) -> None:
    async with start(size=(80, 24)) as (app, pilot, engine):
        await _enter(app, pilot)
        scores = engine.count("score")
        await pilot.press("d")
        text = screen_text(app)
        assert "negative  no word counts: press i to type one" in text
        assert "right before the edit" in text
        assert _said(app) == "The label 'negative' has no words that count, so nothing is counted. i types one."
        assert not app.desk.is_current and app.desk.live.figures is not None
        assert engine.count("score") == scores
        await pilot.press("i")
        await _type(pilot, "awful")
        await pilot.press("enter")
        await until(pilot, lambda: app.desk.is_current)


async def test_effects_of_other_words_are_not_shown_as_current(start: Start) -> None:
    async with start() as (app, pilot, engine):
        await _enter(app, pilot)
        await until(pilot, lambda: "if removed" in screen_text(app) and "▼ -1.0" in screen_text(app))
        engine.hold("words")
        await pilot.press("plus")
        assert "(removed)" in screen_text(app)
        await until(pilot, lambda: engine.last("words").score_rev == app.desk.session.score_rev)
        engine.release("words")
        await until(pilot, lambda: "if removed" in screen_text(app))


async def test_what_is_awkward_about_a_word_is_said_in_full_below_the_table(start: Start) -> None:
    sentence = "'terrible' is 3 pieces (ter ##ri ##ble), and only the first, 'ter', is scored."
    fact = {
        "word": "terrible",
        "pieces": ["ter", "##ri", "##ble"],
        "prior": -7.0,
        "removed": None,
        "problems": [sentence],
    }
    answer: dict[str, Any] = {"words": {"negative": [fact], "positive": []}, "warnings": [sentence], "n": 60}
    async with start(size=(160, 48), answers={"words": lambda asked, emit: answer}) as (app, pilot, _):
        await _enter(app, pilot)
        await until(pilot, lambda: "3: ter ##ri ##ble" in screen_text(app))
        assert _said(app).startswith(sentence)
        assert "1 !" in screen_text(app)


async def test_an_engine_that_cannot_tell_leaves_the_table_usable(start: Start) -> None:
    async with start(answers={"words": refuse("ours", "ValueError: no")}) as (app, pilot, _):
        await _enter(app, pilot)
        await pilot.press("plus")
        await until(pilot, lambda: _said(app) == "ValueError: no")
        assert _word(app, "negative").weight == 1.1


async def test_words_from_anywhere_are_shown_as_they_are(start: Start) -> None:
    async with start() as (app, pilot, _):
        await _enter(app, pilot)
        words = LabelWords({"negative": (Word(POISON, provenance=POISON),), "positive": (Word("great"),)})
        app.desk.edit_words(words, POISON)
        await until(pilot, lambda: "[MASK] [/b] [@clic" in screen_text(app))
        await pilot.press("space", "m")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert "\x1b" not in screen_text(app) and "\u202e" not in screen_text(app)
        assert not app._exit


async def test_without_a_table_the_pane_says_the_key(start: Start) -> None:
    async with start(path=None) as (app, pilot, _):
        await pilot.press("escape")
        pane = next(iter(app.screen_stack[0].query(WordsPane)))
        assert "Press ctrl+o" in str(pane.query_one("#empty").render())


@pytest.mark.parametrize("key", ["space", "plus", "d"])
async def test_a_key_is_painted_at_once_among_a_thousand_words(
    start: Start, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims no more than four times the budget of 50 ms: the machine may be busy with other tests."""
    drawn: list[float] = []
    draw = LineList.render_line
    monkeypatch.setattr(
        LineList, "render_line", lambda lines, y: (drawn.append(time.perf_counter()), draw(lines, y))[1]
    )
    async with start(size=(160, 48)) as (app, pilot, engine):
        rows = {label: tuple(Word(f"{label}{n}") for n in range(500)) for label in ("negative", "positive")}
        app.desk.edit_words(LabelWords(rows), "many")
        await _enter(app, pilot)
        await pilot.press("end")
        await until(pilot, lambda: engine.last("words").score_rev == app.desk.session.score_rev)
        taken = []
        for _ in range(4):
            await pilot.pause()
            drawn.clear()
            session, began = app.desk.session, time.perf_counter()
            app.post_message(Key(key, None))
            await until(pilot, lambda: drawn)
            assert app.desk.session is not session
            taken.append(drawn[0] - began)
        assert min(taken) < 0.2
