"""The Expand screen: words of several sources in one list, effects as they come, and one edit for those ticked."""

from pathlib import Path
from typing import Any

from on_screen import Start, screen_text, until
from scripted_engine import ScriptedEngine, found, refuse
from textual.pilot import Pilot

from promptlab.tui.app import PromptlabApp
from promptlab.tui.panes.found_words import FoundPane
from promptlab.tui.panes.senses import SensesPane
from promptlab.tui.panes.word_lists import list_reference
from promptlab.tui.panes.words import WordsPane
from promptlab.tui.screens.expand import Expand


async def _expand(app: PromptlabApp, pilot: Pilot[str]) -> Expand:
    """Press w on the label positive and wait until something is found."""
    pane = app.screen.query_one(WordsPane)
    app.screen.show_pane(pane)  # type: ignore[attr-defined]
    pane.enter()
    await pilot.pause()
    await pilot.press("end", "w")
    await until(pilot, lambda: isinstance(app.screen, Expand))
    screen = app.screen
    assert isinstance(screen, Expand)
    await until(pilot, lambda: screen.expansion.found.words or screen.expansion.problem)
    return screen


def _texts(app: PromptlabApp) -> list[str]:
    assert app.desk.session.words is not None
    return [str(word) for word in app.desk.session.words.words["positive"]]


async def test_four_ticked_words_are_one_edit_and_one_undo(start: Start) -> None:
    async with start() as (app, pilot, engine):
        screen = await _expand(app, pilot)
        assert engine.last("expand")["label"] == "positive"
        await until(pilot, lambda: not screen.expansion.found.unknown([]))
        await pilot.press("space", "down", "space", "down", "space", "down", "space")
        ticked = [one.text for one in screen.expansion.found.ticked()]
        assert len(ticked) == 4 and "4 ticked, each alone: ▲ +" in screen_text(app)
        scores = engine.count("score")
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "workbench")
        assert _texts(app) == ["great", *ticked]
        await until(pilot, lambda: engine.count("score") == scores + 1)
        words = app.desk.session.words
        assert words is not None and words.words["positive"][1].provenance.endswith("says so")
        assert words.words["positive"][1].prior == -8.0
        await pilot.press("u")
        assert _texts(app) == ["great"]
        assert "Taken back: add 4 words to positive." in screen_text(app)


async def test_words_stand_there_before_all_sources_are_done_and_effects_fill_in(start: Start) -> None:
    engine = ScriptedEngine()
    engine.hold("expand")
    engine.hold("what_if")
    async with start(engine=engine) as (app, pilot, _):
        pane = app.screen.query_one(WordsPane)
        pane.enter()
        await pilot.press("end", "w")
        await until(pilot, lambda: engine.count("expand"))
        await until(pilot, lambda: "Looking …" in screen_text(app))
        words = [found("positive", "superb", "wordnet", 1)]
        engine.emit("expand", {"kind": "phase", "text": "looking in WordNet", "source": "wordnet"})
        engine.emit("expand", {"kind": "found", "source": "wordnet", "words": words})
        await until(pilot, lambda: "superb" in screen_text(app))
        assert "waits for its turn" in screen_text(app)
        engine.release("expand")
        await until(pilot, lambda: engine.count("what_if"))
        line = next(line for line in screen_text(app).splitlines() if "[ ] superb" in line)
        assert "…" in line
        engine.release("what_if")
        await until(pilot, lambda: "effects over 60 rows" in screen_text(app))
        assert "▲ +1.0" in next(line for line in screen_text(app).splitlines() if "[ ] superb" in line)


async def test_effects_are_asked_anew_when_the_words_change(start: Start) -> None:
    async with start() as (app, pilot, engine):
        screen = await _expand(app, pilot)
        await until(pilot, lambda: not screen.expansion.found.unknown([]))
        asked = engine.count("what_if")
        app.desk.calibrate("pmi")
        assert len(screen.expansion.found.unknown([])) == 5  # at once: they were those of other scores
        await until(pilot, lambda: engine.count("what_if") > asked and not screen.expansion.found.unknown([]))
        assert engine.last("what_if").score_rev == app.desk.session.score_rev


async def test_an_answer_about_older_words_is_not_shown(start: Start) -> None:
    def what_if(asked: Any, emit: Any) -> dict[str, Any]:
        said = {"effect": asked.score_rev / 100, "pieces": ["x"], "prior": -8.0, "problem": ""}
        return {"effects": {"positive": dict.fromkeys(asked["add"]["positive"], said)}, "n": 60, "notes": []}

    async with start(answers={"what_if": what_if}) as (app, pilot, engine):
        engine.hold("what_if")
        screen = await _expand(app, pilot)
        await until(pilot, lambda: engine.count("what_if"))
        app.desk.calibrate("pmi")
        engine.release("what_if")
        await until(pilot, lambda: not screen.expansion.found.unknown([]))
        effects = {one.effect for one in screen.expansion.found.words.values() if not one.dropped}
        assert effects == {app.desk.session.score_rev / 100}


async def test_a_source_without_data_says_so_in_its_box_and_the_others_go_on(start: Start) -> None:
    def expand(asked: Any, emit: Any) -> dict[str, Any]:
        emit({"kind": "phase", "text": "looking in WordNet", "source": "wordnet"})
        emit({"kind": "note", "level": "warning", "text": "There is no WordNet here [MASK].", "source": "wordnet"})
        near = [found("positive", "wonderful", "neighbours", 1)]
        emit({"kind": "phase", "text": "looking for neighbours", "source": "neighbours"})
        emit({"kind": "found", "source": "neighbours", "words": near})
        return {"found": near, "dropped": [], "likeliest": [], "notes": []}

    senses = refuse("config", "There is no WordNet here [MASK].")
    async with start(answers={"expand": expand, "senses": senses}) as (app, pilot, _):
        await _expand(app, pilot)
        await until(pilot, lambda: "✗ There is no WordNet here [MASK]." in screen_text(app))
        await until(pilot, lambda: "[ ] wonderful" in screen_text(app))


async def test_every_source_failing_is_a_sentence_and_a_key(start: Start) -> None:
    async with start(answers={"expand": refuse("config", "Nothing to look in.")}) as (app, pilot, engine):
        await _expand(app, pilot)
        assert "Nothing to look in. f asks again." in screen_text(app)
        asked = engine.count("expand")
        await pilot.press("enter", "f")
        await until(pilot, lambda: engine.count("expand") == asked + 1)


async def test_a_dropped_word_is_brought_back_ticked_and_says_so_in_its_provenance(start: Start) -> None:
    async with start(size=(80, 24)) as (app, pilot, engine):
        screen = await _expand(app, pilot)
        await until(pilot, lambda: "out unputdownable" in screen_text(app))
        await pilot.press("end", "space")
        assert "r brings it back" in screen_text(app) and not screen.expansion.found.ticks
        await pilot.press("r", "space")
        assert screen.expansion.found.ticks == ("unputdownable",)
        await until(pilot, lambda: "unputdownable" in engine.last("what_if")["add"]["positive"])
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "workbench")
        words = app.desk.session.words
        assert words is not None
        assert "brought back, it was left out: 5 pieces" in words.words["positive"][1].provenance


async def test_nothing_ticked_is_said_and_changes_nothing(start: Start) -> None:
    async with start() as (app, pilot, _):
        await _expand(app, pilot)
        session = app.desk.session
        await pilot.press("enter")
        await until(pilot, lambda: "Tick words with space first" in screen_text(app))
        assert app.desk.session is session and app.current_mode == "expand"


async def test_filter_sort_and_tick_all_touch_only_what_is_shown(start: Start) -> None:
    async with start() as (app, pilot, _):
        screen = await _expand(app, pilot)
        await until(pilot, lambda: not screen.expansion.found.unknown([]))
        await pilot.press("slash", *"neigh", "enter", "a")
        assert {one.text for one in screen.expansion.found.ticked()} == {"wonderful", "good"}
        assert "2 of 5 words" in screen_text(app)
        await pilot.press("x", "s", "s")
        assert screen.expansion.found.order == "word"
        assert list(screen.expansion.found.shown()) == sorted(screen.expansion.found.shown())


async def test_only_ticked_senses_are_followed(start: Start) -> None:
    async with start() as (app, pilot, engine):
        screen = await _expand(app, pilot)
        pane = screen.query_one(SensesPane)
        await until(pilot, lambda: "relatively large in size" in screen_text(app))
        pane.enter()
        await pilot.pause()
        await pilot.press("down", "space")
        assert "1 sense followed" in screen_text(app)
        await until(pilot, lambda: engine.last("expand")["senses"] == ["great.s.01"])


async def test_a_word_list_is_looked_in_and_a_missing_one_is_said(start: Start) -> None:
    async with start(size=(160, 48)) as (app, pilot, engine):
        screen = await _expand(app, pilot)
        Path("mine.txt").write_text("stellar\nlovely\n")
        await pilot.press("tab", "tab", "tab", "tab")
        await pilot.press(*"no.txt", "enter")
        assert "There is no file 'no.txt'." in screen_text(app)
        await pilot.press(*["backspace"] * 6, "m", "tab", "enter")
        await until(pilot, lambda: "list" in engine.last("expand")["sources"])
        assert engine.last("expand")["lists"] == [f"positive={Path('mine.txt').absolute()}"]
        assert screen.query_one(FoundPane)


def test_a_file_of_words_alone_is_for_the_label_and_a_table_says_whose_they_are() -> None:
    labels = ("negative", "positive")
    root = str(Path("x.txt").absolute())
    assert list_reference("x.txt", "positive", labels) == f"positive={root}"
    assert list_reference("Negative=x.txt", "positive", labels) == f"negative={root}"
    assert list_reference("x.csv", "positive", labels) == str(Path("x.csv").absolute())


async def test_a_label_without_words_has_nothing_to_begin_from(start: Start) -> None:
    async with start() as (app, pilot, engine):
        pane = app.screen.query_one(WordsPane)
        pane.enter()
        await pilot.pause()
        await pilot.press("end", "d", "w")
        await until(pilot, lambda: "no word to begin from" in screen_text(app))
        assert engine.count("expand") == 0


async def test_expand_opens_by_its_number_with_the_first_label(start: Start) -> None:
    async with start(size=(80, 24)) as (app, pilot, engine):
        app.screen.query_one(WordsPane).focus()
        await pilot.pause()
        await pilot.press("2")
        await until(pilot, lambda: engine.count("expand"))
        assert engine.last("expand")["label"] == "negative"
        await until(pilot, lambda: "negative: terrible" in screen_text(app))


async def test_an_engine_that_goes_while_words_are_looked_for_loses_nothing(start: Start) -> None:
    async with start() as (app, pilot, engine):
        screen = await _expand(app, pilot)
        await until(pilot, lambda: not screen.expansion.found.unknown([]))
        await pilot.press("space")
        engine.hold("expand")
        await pilot.press("f")
        await until(pilot, lambda: engine.count("expand") == 2)
        engine.die()
        await until(pilot, lambda: screen.expansion.problem)
        assert len(screen.expansion.found.ticked()) == 1
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "workbench")
        assert len(_texts(app)) == 2
