"""The ensemble screen: members ticked and weighed, their combination against each of them, and where they disagree."""

from pathlib import Path
from typing import Any

from on_screen import Start, screen_text, until
from scripted_engine import ANSWERS, Asked, Emit, refuse
from textual.pilot import Pilot

from promptlab.tui.app import PromptlabApp
from promptlab.tui.panes.disagreements import by_label
from promptlab.tui.panes.members import MembersPane
from promptlab.tui.screens.data import Data
from promptlab.tui.screens.ensemble import Ensemble
from promptlab.tui.screens.save_ensemble import SaveEnsemble
from promptlab.tui.state.candidates import OWN, candidates
from promptlab.tui.state.session import Session, TaskChoice
from promptlab.tui.state.team import Team
from promptlab.tui.state.word_edits import add_words
from promptlab.verbalizer import LabelWords, Word

SIZE = (160, 32)


async def shown(app: PromptlabApp, pilot: Pilot[Any]) -> Ensemble:
    """The screen, with its candidates found."""
    await app.switch_mode("ensemble")
    await until(pilot, lambda: isinstance(app.screen, Ensemble) and app.screen.query(MembersPane))
    screen = app.screen
    assert isinstance(screen, Ensemble)
    await until(pilot, lambda: screen.team.candidates)
    await pilot.pause()
    return screen


async def combined(app: PromptlabApp, pilot: Pilot[Any]) -> Ensemble:
    """The screen, with the first two candidates combined."""
    screen = await shown(app, pilot)
    await pilot.press("down", "space")
    await until(pilot, lambda: screen.is_answered)
    await pilot.pause()
    return screen


async def test_the_prompt_of_the_workbench_comes_first_and_two_members_are_combined(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        screen = await shown(app, pilot)
        assert screen.team.candidates[0].name == OWN and screen.team.ticked == {OWN}
        assert "Tick two or more members" in screen_text(app) and fake.count("ensemble") == 0
        await pilot.press("down", "space")
        await until(pilot, lambda: screen.is_answered)
        await pilot.pause()
        asked = fake.last("ensemble")
        assert asked["weights"] == "uniform" and asked["members"][0]["name"] == OWN
        assert len({one["name"] for one in asked["members"]}) == 2 and "weight" not in asked["members"][0]
        text = screen_text(app)
        assert "0.800 (0.700 to 0.900, 60 rows)" in text and "▲ +9.0 points against it" in text
        assert "0.710 (0.600 to 0.800)" in text and "0.90" in text


async def test_weights_are_the_same_by_accuracy_or_by_hand(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        screen = await combined(app, pilot)
        await pilot.press("w")
        await until(pilot, lambda: fake.last("ensemble")["weights"] == "accuracy")
        await pilot.press("plus", "plus", "minus")
        await until(pilot, lambda: screen.is_answered and fake.last("ensemble")["weights"] == "hand")
        assert [one["weight"] for one in fake.last("ensemble")["members"]] == [1.0, 1.25]
        await pilot.press("e", *"2.5", "enter")
        await until(pilot, lambda: fake.last("ensemble")["members"][1]["weight"] == 2.5)
        asked = fake.count("ensemble")
        await pilot.press("e", *"-1", "enter")
        await until(pilot, lambda: "is no weight" in screen_text(app))
        await pilot.press("escape")
        assert fake.count("ensemble") == asked


async def test_what_must_be_read_is_shown_and_a_change_asks_anew(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        screen = await combined(app, pilot)
        fake.hold("ensemble")
        await pilot.press("down", "space")
        await until(pilot, lambda: fake.count("ensemble") == 2)
        fake.emit("ensemble", {"kind": "progress", "done": 40, "total": 120, "rate": 90.0})
        await until(pilot, lambda: "reading 40 of 120 rows" in screen_text(app))
        assert "stale (edited)" in screen_text(app) and "points against it" not in screen_text(app)
        await pilot.press("down", "space")
        await until(pilot, lambda: fake.count("ensemble") == 3)
        fake.release("ensemble")
        await until(pilot, lambda: screen.is_answered)
        assert screen.answer is not None and len(screen.answer["members"]) == 4


async def test_leaving_the_screen_abandons_what_is_read_for_it(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        screen = await shown(app, pilot)
        fake.hold("ensemble")
        await pilot.press("down", "space")
        await until(pilot, lambda: fake.count("ensemble") == 1)
        await pilot.press("1")
        await until(pilot, lambda: any(told.do == "abandon" for told in fake.told))
        fake.release("ensemble")
        await pilot.press("3")
        await until(pilot, lambda: screen.is_answered)


async def test_an_edit_in_the_workbench_makes_the_number_stale_and_is_counted_on_return(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        screen = await combined(app, pilot)
        words = app.desk.session.words
        assert words is not None
        fake.hold("ensemble")
        app.desk.edit_words(add_words(words, "positive", [Word("superb")]), "add superb")
        await pilot.pause()
        assert not screen.is_answered and "stale (edited)" in screen_text(app)
        await until(pilot, lambda: fake.count("ensemble") == 2)
        fake.release("ensemble")
        await until(pilot, lambda: screen.is_answered)
        assert "superb" in str(fake.last("ensemble")["members"][0]["words"])


async def test_while_rows_are_read_it_waits_and_then_combines(start: Start) -> None:
    async with start(answers={"ensemble": refuse("unread", "Only 32 of 60 rows are read.")}, size=SIZE) as (
        app,
        pilot,
        fake,
    ):
        screen = await shown(app, pilot)
        await pilot.press("down", "space")
        await until(pilot, lambda: "live rows are still being read" in screen_text(app))
        fake.answers["ensemble"] = ANSWERS["ensemble"]
        app.desk.hearing.tell("figures")
        await until(pilot, lambda: screen.is_answered)


async def test_what_cannot_be_combined_is_said_and_the_ticks_stay(start: Start) -> None:
    async with start(answers={"ensemble": refuse("config", "No member is left to combine.")}, size=SIZE) as (
        app,
        pilot,
        _,
    ):
        screen = await shown(app, pilot)
        await pilot.press("down", "space")
        await until(pilot, lambda: "✗ No member is left to combine." in screen_text(app))
        assert len(screen.team.members) == 2


async def test_a_row_of_disagreement_shows_each_vote_and_opens_on_the_data_screen(start: Start) -> None:
    async with start(size=(80, 24)) as (app, pilot, fake):
        await combined(app, pilot)
        assert "together 0.800" in screen_text(app)
        await pilot.press("tab", "tab")
        await pilot.pause()
        text = screen_text(app)
        assert "[MASK] [/b] [@click=app.quit]x[/]" in text and "positive: this prompt" in text and "✗" in text
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Data) and fake.count("page"))
        await until(pilot, lambda: fake.last("page")["filter"] == {"ids": ["dev:4"]})


async def test_the_ensemble_is_saved_as_a_bundle_and_leaving_says_how_to_use_it(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        await shown(app, pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Tick two or more members with space first" in screen_text(app))
        await combined(app, pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SaveEnsemble))
        fake.answers["save"] = refuse("bundle", "The disk is full.")
        await pilot.press("enter")
        await until(pilot, lambda: "The disk is full." in screen_text(app))
        fake.answers["save"] = ANSWERS["save"]
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, SaveEnsemble))
        saved = fake.last("save")
        assert saved["what"] == "ensemble" and saved["folder"].startswith("bundles/") and len(saved["members"]) == 2
        assert app.leaving == f'promptlab predict {saved["folder"]} "text"'


async def test_a_folder_that_is_taken_is_refused_in_place(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        await combined(app, pilot)
        Path("taken").mkdir()
        Path("taken/bundle.toml").write_text("")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SaveEnsemble))
        await pilot.press("home", "ctrl+k", *"taken", "enter")
        await until(pilot, lambda: "is taken already" in screen_text(app))
        assert not any(asked.do == "save" and asked["what"] == "ensemble" for asked in fake.asked)
        await pilot.press("escape")


async def test_the_filter_keeps_what_is_ticked_in_sight(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, _):
        screen = await combined(app, pilot)
        await pilot.press("slash", *"all-in", "enter")
        names = [one.name for one in screen.query_one(MembersPane).team.shown]
        assert names[0] == OWN and len(names) > 2 and all("all-in" in name for name in names[2:])


async def test_without_a_table_the_screen_names_the_next_key(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, _):
        screen = await combined(app, pilot)
        app.desk.close_task()
        await until(pilot, lambda: "Press ctrl+o to open one" in screen_text(app))
        await pilot.press("space", "w", "plus", "e", "ctrl+s")
        assert screen.answer is None


def task(template: str = "{text} It was {mask}.", **more: Any) -> Session:
    """A session with words of two labels."""
    words = LabelWords({"negative": (Word("terrible"),), "positive": (Word("great"),)})
    return Session(task=TaskChoice("reviews"), template=template, words=words, **more)


def test_candidates_are_every_fitting_pair_the_own_prompt_first_and_each_name_once(tmp_path: Path) -> None:
    found = candidates(task(), kind="sst2", fields=("text",), folder=tmp_path)
    names = [one.name for one in found]
    assert names[0] == OWN and len(set(names)) == len(names) > 10
    assert sum(one.template == "{text} It was {mask}." and one.name == OWN for one in found) == 1


def test_templates_of_the_folder_join_and_what_does_not_fit_or_parse_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "mine.toml").write_text(
        'task = "mine"\n[short]\ntext = "{text} {mask}"\n[pair]\ntext = "{premise} {mask}"\n'
        '[two]\ntext = "{text} {mask} {mask}"\n'
    )
    (tmp_path / "templates" / "broken.toml").write_text("[x]\ntext = '{text'\n")
    names = [one.name for one in candidates(task(), kind=None, fields=("text",), folder=tmp_path)]
    assert names == [OWN, "short | own words"]


def test_a_prompt_that_does_not_parse_has_no_candidates(tmp_path: Path) -> None:
    assert candidates(task("{text"), kind="sst2", fields=("text",), folder=tmp_path) == ()
    assert candidates(Session(), kind=None, fields=(), folder=tmp_path) == ()


def test_a_weight_set_by_hand_stays_within_bounds_and_with_its_member() -> None:
    team = Team().reweighed("a", -3.0)
    assert team.weights == "hand" and team.weight("a") == 0.0 and team.weight("b") == 1.0
    assert team.reweighed("a", 1e9).weight("a") == 100.0
    assert team.weighed_next().weights == "uniform" and team.weighed_next().weight("a") == 0.0


def test_votes_are_grouped_by_label_the_most_first() -> None:
    assert by_label({"a": "no", "b": "yes", "c": "yes"}) == [("yes", ["b", "c"]), ("no", ["a"])]


def unlabelled(asked: Asked, emit: Emit) -> dict[str, Any]:
    """An answer without any labelled row."""
    answer = ANSWERS["ensemble"](asked, emit)
    none = {"accuracy": None, "interval": None, "n": 0}
    members = [{**one, **none, "agrees": 1.0} for one in answer["members"]]
    return {**answer, "figures": {**answer["figures"], **none, "majority": None}, "members": members}


async def test_rows_without_labels_have_no_accuracy_and_are_combined_all_the_same(start: Start) -> None:
    async with start(answers={"ensemble": unlabelled}, size=SIZE) as (app, pilot, _):
        await combined(app, pilot)
        assert "there is no accuracy" in screen_text(app)
