"""The desk: edits make revisions, figures of older revisions are never current, and what was done can be undone."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from scripted_engine import ScriptedEngine, figures, refuse

from promptlab.jobs.client import EngineError
from promptlab.tui import desk as desk_file
from promptlab.tui import reading
from promptlab.tui.desk import Desk
from promptlab.tui.state.session import ModelChoice, Session, TaskChoice
from promptlab.tui.state.word_edits import add_words, remove_word
from promptlab.verbalizer import Word


async def until(holds: Callable[[], object], seconds: float = 3.0) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not holds():
        assert loop.time() < end, "it never came to hold"
        await asyncio.sleep(0.002)


async def opened(engine: ScriptedEngine | None = None) -> tuple[Desk, ScriptedEngine]:
    fake = engine or ScriptedEngine()
    await fake.start()
    desk = Desk(fake)
    fake.on_state = desk.engine_changed
    await desk.open_task(TaskChoice("reviews"))
    return desk, fake


async def read(engine: ScriptedEngine | None = None) -> tuple[Desk, ScriptedEngine]:
    desk, fake = await opened(engine)
    await until(lambda: desk.live.phase == "done")
    return desk, fake


def with_word(desk: Desk, text: str, label: str = "positive") -> None:
    words = desk.session.words
    assert words is not None
    desk.edit_words(add_words(words, label, [Word(text)]), f"add {text}")


async def test_opening_a_task_reads_it_with_its_default_prompt() -> None:
    desk, fake = await read()
    asked = fake.last("read")
    assert asked["template"] == "{text} It was {mask}." and asked["rows"] == "live"
    assert asked["words"] == {"words": {"negative": ["terrible"], "positive": ["great"]}}
    assert desk.is_current and desk.live.figures is not None and desk.live.figures["complete"]


async def test_a_table_that_cannot_be_read_leaves_the_session_as_it_was() -> None:
    desk, _ = await read()
    before = desk.session
    desk.engine.answers["guess"] = refuse("data", "There is no file 'x.csv'.")  # type: ignore[attr-defined]
    with pytest.raises(EngineError, match="no file"):
        await desk.open_task(TaskChoice("x.csv"))
    assert desk.session == before and desk.is_current


async def test_a_changed_word_is_scored_without_a_reading_and_the_old_number_is_stale_until_then() -> None:
    desk, fake = await read()
    fake.hold("score")
    with_word(desk, "superb")
    await until(lambda: fake.count("score") == 1)
    assert not desk.is_current
    fake.release("score")
    await until(lambda: desk.is_current)
    assert fake.count("read") == 1
    assert desk.live.figures is not None and desk.live.figures["accuracy"] == pytest.approx(0.75)


async def test_a_changed_template_is_stale_at_once_and_read_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_file, "SETTLED", 0.01)
    desk, fake = await read()
    for text in ("{text} All", "{text} All in all, it was {mask}", "{text} All in all, it was {mask}!"):
        desk.edit_template(text)
        assert not desk.is_current
    await until(lambda: desk.is_current)
    assert fake.count("read") == 2 and fake.last("read")["template"] == "{text} All in all, it was {mask}!"


async def test_a_template_with_a_problem_is_not_read_and_the_reading_under_way_is_abandoned() -> None:
    desk, fake = await read()
    desk.edit_template("{txt} It was {mask}.")
    assert desk.problems and desk.problems[0].line == 1 and desk.problems[0].column == 1
    assert fake.told[-1].do == "abandon" and fake.count("read") == 1


async def test_figures_of_an_older_revision_never_replace_newer_ones() -> None:
    desk, fake = await read()
    old = fake.last("read")
    with_word(desk, "superb")
    await until(lambda: desk.is_current)
    shown = desk.live.figures
    desk._reading._figured(figures(old, accuracy=0.1))
    assert desk.live.figures is shown


async def test_events_of_a_reading_that_was_overtaken_are_dropped() -> None:
    fake = ScriptedEngine()
    fake.hold("read")
    desk, _ = await opened(fake)
    await until(lambda: fake.count("read") == 1)
    asked, hear = fake.listeners[0]
    desk.use_model(ModelChoice("other"))
    hear({"kind": "scored", "figures": figures(asked, accuracy=0.9)}, asked.read_rev, asked.score_rev)
    assert desk.live.figures is None
    fake.release("read")


async def test_four_words_added_at_once_are_one_step_of_undo() -> None:
    desk, _ = await read()
    before = desk.session.words
    assert before is not None
    desk.edit_words(add_words(before, "positive", map(Word, ("good", "fine", "superb", "nice"))), "add 4 words")
    assert desk.undo_words() == "add 4 words" and desk.session.words == before
    assert desk.redo_words() == "add 4 words"
    assert desk.session.words is not None and len(desk.session.words.words["positive"]) == 5
    desk.undo_words()
    assert desk.undo_words() == "" and desk.session.words == before


async def test_the_first_complete_number_is_pinned_by_itself_and_only_that_one() -> None:
    desk, fake = await read()
    await until(lambda: desk.live.baseline)
    with_word(desk, "superb")
    await until(lambda: desk.is_current)
    assert fake.count("pin") == 1


async def test_an_evaluation_is_kept_when_it_stood_unchanged_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "KEPT_AFTER", 0.02)
    desk, fake = await read()
    await until(lambda: desk.live.kept)
    assert fake.count("save") == 1 and fake.last("save")["what"] == "run"


async def test_an_evaluation_that_is_edited_meanwhile_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "KEPT_AFTER", 0.02)
    desk, fake = await read()
    fake.hold("score")
    with_word(desk, "superb")
    await asyncio.sleep(0.05)
    assert fake.count("save") == 0
    fake.release("score")


async def test_a_label_without_words_is_a_problem_and_the_number_is_stale() -> None:
    desk, fake = await read()
    assert desk.session.words is not None
    desk.edit_words(remove_word(desk.session.words, "positive", 0), "remove great")
    assert "positive" in desk.words_problem and not desk.is_current and fake.count("score") == 0
    with_word(desk, "good")
    await until(lambda: desk.is_current)


async def test_a_dead_engine_costs_no_edit_and_restarting_reads_again() -> None:
    desk, fake = await read()
    fake.die()
    with_word(desk, "superb")
    assert desk.live.phase in ("stopped", "waiting")
    await desk.restart()
    await until(lambda: desk.is_current)
    words: Any = fake.last("read")["words"]
    assert words["words"]["positive"] == ["great", "superb"]


async def test_a_failed_reading_says_why_and_an_edit_tries_again() -> None:
    fake = ScriptedEngine({"read": refuse("memory", "There is not enough memory for this.")})
    desk, _ = await opened(fake)
    await until(lambda: desk.live.phase == "failed")
    assert desk.live.failure is not None and desk.live.failure["what"] == "There is not enough memory for this."
    fake.answers["read"] = ScriptedEngine().answers["read"]
    with_word(desk, "superb")
    await until(lambda: desk.is_current)


def test_a_session_survives_json() -> None:
    from promptlab.verbalizer import LabelWords

    words = LabelWords({"a": (Word("x", weight=2.0, provenance="wordnet"),), "b": (Word("y", on=False), Word("z"))})
    session = Session(
        task=TaskChoice("films.csv", label="stars", labels="1=bad"),
        template="{text}\n{mask}",
        words=replace(words, name="mine#it"),
        calibration="batch",
        model=ModelChoice("gemma-3-270m", threads=1),
        read_rev=4,
        score_rev=9,
    )
    assert Session.from_json(session.to_json()) == session
