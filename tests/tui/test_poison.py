"""Text from outside is shown as it stands, or marked: no widget reads it as markup, and no terminal obeys it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from on_screen import until
from poison import PAYLOADS, Poisoner, all_show, check_screen, mixtures
from scripted_engine import ANSWERS
from textual.widgets import Input

from promptlab.tui.panes.line_list import LineList
from promptlab.tui.state.session import TaskChoice

WORKBENCH = ("StatusLine", "TemplatePane", "WordsPane", "#row-seen", "#bars", "#live-confusion", "#rows")


@asynccontextmanager
async def poisoner(start: Any, **options: Any) -> AsyncIterator[tuple[Any, Any, Any, Poisoner]]:
    """An application on harmless answers, which hold a payload from ``opened`` on."""
    poison = Poisoner()
    async with start(answers=poison.answers, size=(170, 50), **options) as (app, pilot, engine):
        yield app, pilot, engine, poison


async def opened(app: Any, pilot: Any, poison: Poisoner, payload: str) -> None:
    """Open the table anew with a payload in all that there is to know of it."""
    poison.payload = payload
    assert await app.open(TaskChoice(payload + "reviews")), app.desk.message
    await until(pilot, lambda: app.desk.live.phase == "done" and app.desk.live.baseline is not None)


def test_there_are_enough_payloads_and_all_are_mixed_in() -> None:
    mixed = "\n".join(mixtures())
    assert len(PAYLOADS) >= 40 and all(payload in mixed for payload in PAYLOADS.values())


async def test_in_the_workbench(start: Any) -> None:
    async with poisoner(start) as (app, pilot, engine, poison):
        warned = {"warnings": ["a warning"], "cut": {"rows": 2, "pieces": 9}}
        engine.answers["score"] = poison.of(
            lambda asked, emit: {"figures": {**ANSWERS["score"](asked, emit)["figures"], **warned}}
        )
        app.screen.query_one("TemplatePane").action_tokens()
        for payload in mixtures():
            await opened(app, pilot, poison, payload)
            await all_show(app, pilot, poison.seen, (*WORKBENCH, "#pieces"))
            words = app.screen.query_one("WordsPane LineList")
            words.action_go(1)
            app.screen.query_one("WordsPane").action_weigh_by(1)
            await all_show(app, pilot, poison.seen, ("#warnings", "#delta", "WordsPane #about"))


async def test_on_the_expand_screen(start: Any) -> None:
    async with poisoner(start) as (app, pilot, _, poison):
        for payload in mixtures():
            await app.switch_mode("workbench")
            await opened(app, pilot, poison, payload)
            await app.switch_mode("expand")
            found = ("#of-label", "FoundPane LineList", "FoundPane #about", "SensesPane", "NeighboursPane", "ModelPane")
            await all_show(app, pilot, poison.seen, found)
            app.screen.query_one("SensesPane LineList").action_go(1)
            app.screen.query_one("FoundPane").action_tick_all()
            await all_show(app, pilot, poison.seen, ("SensesPane #about", "FoundPane #ticked"))


async def test_on_the_ensemble_screen(start: Any) -> None:
    async with poisoner(start) as (app, pilot, engine, poison):
        engine.answers["ensemble"] = poison.of(_one_label_in_two)
        for payload in mixtures():
            await app.switch_mode("workbench")
            await opened(app, pilot, poison, payload)
            await app.switch_mode("ensemble")
            await until(pilot, lambda: len(app.screen.team.candidates) > 1)
            members = app.screen.query_one("MembersPane LineList")
            members.focus()
            if not app.screen.team.is_enough:
                members.action_go(1)
                await pilot.press("space")
            shown = ("MembersPane", "TogetherPane", "DisagreementsPane LineList", "#votes")
            await all_show(app, pilot, poison.seen, shown)


def _one_label_in_two(asked: Any, emit: Any) -> dict[str, Any]:
    answer = ANSWERS["ensemble"](asked, emit)
    answer["figures"]["warnings"] = ["a member was left out"]
    return answer


async def test_on_the_data_screen(start: Any) -> None:
    async with poisoner(start) as (app, pilot, _, poison):
        await app.switch_mode("data")
        for payload in mixtures():
            await opened(app, pilot, poison, payload)
            await all_show(app, pilot, poison.seen, ("RowsTable", "ConfusionPane", "#findings"))
            app.screen.query_one("RowsTable").focus()
            await pilot.press("enter")
            await all_show(app, pilot, poison.seen, ("RowPane",))
            app.screen.show({"label": payload + "negative", "text": payload})
            await all_show(app, pilot, poison.seen[:3], ("#by-label", "#by-text"))
            app.screen.query_one("#by-label").action_show_overlay()
            await pilot.pause()
            check_screen(app, payload)
            await pilot.press("escape")


async def test_on_the_runs_screen(start: Any) -> None:
    async with poisoner(start) as (app, pilot, _, poison):
        for payload in mixtures():
            await app.switch_mode("workbench")
            poison.payload = payload
            await app.switch_mode("runs")
            pane = app.screen.query_one("RunsPane")
            pane.action_refresh_list()
            pane.query_one(LineList).focus()
            await all_show(app, pilot, poison.seen, ("RunsPane LineList", "RunPane"))
            pane.runs = pane.runs if pane.runs.ticked else pane.runs.toggled(2)
            pane.action_compare()
            await all_show(app, pilot, poison.seen, ("#compared",))


async def test_on_the_bundles_screen(start: Any) -> None:
    async with poisoner(start) as (app, pilot, _, poison):
        for payload in mixtures():
            await app.switch_mode("workbench")
            poison.payload = payload
            await app.switch_mode("bundles")
            await all_show(app, pilot, poison.seen, ("BundlesPane", "BundlePane"))
            field = app.screen.query_one("#try", Input)
            field.value = payload
            field.focus()
            await pilot.press("enter")
            await all_show(app, pilot, poison.seen, ("#answer",))
