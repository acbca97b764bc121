"""The runs screen: every kept evaluation, sorted, filtered, pinned, compared in pairs, opened again, deleted."""

from typing import Any

from on_screen import Start, screen_text, until
from scripted_engine import ANSWERS, Asked, Emit, refuse
from textual.pilot import Pilot

from promptlab.tui.app import PromptlabApp
from promptlab.tui.panes.runs_list import RunsPane
from promptlab.tui.screens.confirm import Confirm
from promptlab.tui.screens.runs import Runs
from promptlab.tui.state.run_list import ORDERS, RunList

SIZE = (160, 32)


def run(number: int, **other: Any) -> dict[str, Any]:
    """One evaluation of the list."""
    listed = ANSWERS["runs"](Asked("runs", 0, 0, {"op": "list"}), lambda event: None)["runs"]
    return {**next(one for one in listed if one["id"] == 1), "id": number, "pinned": False, **other}


def listing(*runs: dict[str, Any]) -> Any:
    """An engine's answer with these runs in its list."""

    def answer(asked: Asked, emit: Emit) -> dict[str, Any]:
        return {"runs": list(runs)} if asked["op"] == "list" else ANSWERS["runs"](asked, emit)

    return answer


async def shown(app: PromptlabApp, pilot: Pilot[Any], runs: int = 3) -> RunsPane:
    """The screen, with its list read."""
    await app.switch_mode("runs")
    await until(pilot, lambda: isinstance(app.screen, Runs) and app.screen.query(RunsPane))
    pane = app.screen.query_one(RunsPane)
    await until(pilot, lambda: len(pane.runs.runs) == runs)
    await pilot.pause()
    return pane


async def test_every_run_has_its_interval_and_rows_and_the_newest_stands_first(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, _):
        pane = await shown(app, pilot)
        text = screen_text(app)
        assert "0.730 (0.600 to 0.850)" in text and "2026-01-02 03:04" in text and "pinned" in text
        assert pane.marked is not None and pane.marked["id"] == 3
        assert "0.730 (0.600 to 0.850, 60 rows)" in text and "{text} It was {mask}." in text
        await pilot.press("down")
        await pilot.pause()
        assert "Run 2" in screen_text(app)


async def test_runs_of_other_tasks_are_shown_and_called_so(start: Start) -> None:
    runs = listing(run(1), run(2, task="tickets"))
    async with start(answers={"runs": runs}, size=SIZE) as (app, pilot, _):
        await shown(app, pilot, 2)
        assert "other: tickets" in screen_text(app) and "other: reviews" not in screen_text(app)
        assert "(other task than" in screen_text(app)


async def test_two_ticked_runs_are_compared_in_a_sentence(start: Start) -> None:
    async with start(size=(130, 30)) as (app, pilot, fake):
        await shown(app, pilot)
        await pilot.press("c")
        await until(pilot, lambda: "Tick two runs" in screen_text(app))
        assert not any(asked.get("op") == "compare" for asked in fake.asked)
        await pilot.press("space", "down", "down", "space", "c")
        await until(pilot, lambda: "no difference that 60 rows can show" in screen_text(app))
        assert fake.last("runs")["ids"] == [1, 3]
        assert "Run 3 against run 1" in screen_text(app) and "alone: 3" in screen_text(app)


async def test_what_cannot_be_compared_is_said_below_the_list(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        await shown(app, pilot)
        fake.answers["runs"] = refuse("data", "The two share no row.")
        await pilot.press("space", "down", "c")
        await until(pilot, lambda: "The two share no row." in screen_text(app))


async def test_pinning_marks_the_run_and_compares_new_numbers_with_it(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        await shown(app, pilot)
        await pilot.press("b")
        await until(pilot, lambda: any(asked.get("run") == 3 for asked in fake.asked if asked.do == "pin"))
        asked = next(asked for asked in fake.asked if asked.do == "runs" and asked["op"] == "pin")
        assert asked["run"] == 3 and asked["pinned"] is True
        await until(pilot, lambda: fake.count("score") == 1)  # the difference to it
        await pilot.press("down", "down", "b")
        await until(pilot, lambda: "no longer pinned" in screen_text(app))
        assert sum(asked.get("run") is not None for asked in fake.asked if asked.do == "pin") == 1


async def test_a_run_of_another_task_is_marked_and_nothing_is_compared_with_it(start: Start) -> None:
    async with start(answers={"runs": listing(run(2, task="tickets"))}, size=SIZE) as (app, pilot, fake):
        await shown(app, pilot, 1)
        await pilot.press("b")
        await until(pilot, lambda: "Run 2 is pinned" in screen_text(app))
        assert not any(asked.get("run") for asked in fake.asked if asked.do == "pin")


async def test_enter_opens_a_run_in_the_workbench(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        await shown(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "workbench")
        session = app.desk.session
        assert session.template == "{text} All in all, it was {mask}." and session.template_name == "sst2#all-in-all"
        assert session.words is not None and [str(word) for word in session.words.words["positive"]] == ["good"]
        await until(pilot, lambda: app.desk.is_current)
        assert fake.count("guess") == 1  # the table is the one that was open
        assert fake.last("read")["template"] == session.template


async def test_a_run_of_another_table_and_model_opens_these_too(start: Start) -> None:
    def runs(asked: Asked, emit: Emit) -> dict[str, Any]:
        answer = ANSWERS["runs"](asked, emit)
        if asked["op"] != "open":
            return answer
        task = {"reference": "films.csv", "text": "review", "label": "stars"}
        return {**answer, "task": task, "model": {"name": "gemma-3-270m", "dtype": "float32"}, "calibration": "batch"}

    async with start(answers={"runs": runs}, size=SIZE) as (app, pilot, fake):
        await shown(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "workbench" and app.desk.is_current)
        asked = fake.last("read")
        assert asked["task"] == {"reference": "films.csv", "text": "review", "label": "stars"}
        assert asked["model"]["name"] == "gemma-3-270m" and asked["model"]["dtype"] == "float32"
        assert asked["calibration"] == "batch" and asked["template"] == "{text} All in all, it was {mask}."


async def test_a_run_that_cannot_be_opened_says_why_and_changes_nothing(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        await shown(app, pilot)
        before = app.desk.session
        fake.answers["runs"] = refuse("config", "Run 3 evaluated an ensemble.")
        await pilot.press("enter")
        await until(pilot, lambda: "evaluated an ensemble" in screen_text(app))
        assert app.desk.session == before and app.current_mode == "runs"


async def test_deleting_asks_first_and_the_safe_answer_comes_first(start: Start) -> None:
    async with start(size=SIZE) as (app, pilot, fake):
        await shown(app, pilot)
        for keys in (("enter",), ("escape",), ("down", "enter")):
            await pilot.press("d")
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            assert not any(asked.get("op") == "delete" for asked in fake.asked)
            await pilot.press(*keys)
            await until(pilot, lambda: not isinstance(app.screen, Confirm))
        await until(pilot, lambda: any(asked.get("op") == "delete" for asked in fake.asked))
        assert next(asked for asked in fake.asked if asked.get("op") == "delete")["ids"] == [3]


async def test_the_filter_finds_by_words_and_esc_leads_back_to_the_list(start: Start) -> None:
    runs = listing(run(1), run(2, task="tickets"), run(3, model="gemma-3-270m"))
    async with start(answers={"runs": runs}, size=SIZE) as (app, pilot, _):
        pane = await shown(app, pilot)
        await pilot.press("slash", *"gemma", "escape")
        assert pane.marked is not None and pane.marked["id"] == 3 and "1 fit 'gemma'" in screen_text(app)
        await pilot.press("slash", *"xyz", "enter")
        await pilot.pause()
        assert "No run fits the filter" in screen_text(app)
        await pilot.press("slash", *["backspace"] * 8, "enter")
        await pilot.pause()
        assert "3 runs" in screen_text(app)


async def test_an_empty_list_says_how_a_run_is_kept(start: Start) -> None:
    async with start(answers={"runs": listing()}, size=SIZE) as (app, pilot, _):
        await shown(app, pilot, 0)
        await until(pilot, lambda: "No evaluation is kept yet" in screen_text(app))
        await pilot.press("space", "c", "b", "d", "enter", "s")
        assert isinstance(app.screen, Runs)


async def test_what_stands_in_names_is_text(start: Start) -> None:
    odd = run(1, name="[MASK] | [/b]\x1b]0;x\x07", template="[@click=app.quit]{text}[/]", task="[red]")
    async with start(answers={"runs": listing(odd)}, size=SIZE) as (app, pilot, _):
        await shown(app, pilot, 1)
        text = screen_text(app)
        assert "[MASK] | [/b]␛]0;x" in text and "[@click=app.quit]{text}[/]" in text and "\x1b" not in text


async def test_ten_thousand_runs_are_no_slower_than_ten(start: Start) -> None:
    runs = listing(*(run(number, accuracy=0.5) for number in range(1, 10_001)))
    async with start(answers={"runs": runs}, size=SIZE) as (app, pilot, _):
        pane = await shown(app, pilot, 10_000)
        await pilot.press("G")
        await pilot.pause()
        assert pane.marked is not None and pane.marked["id"] == 1 and "10,000 runs" in screen_text(app)


def test_orders_put_runs_without_a_number_last_and_ticks_are_at_most_two() -> None:
    runs = RunList((run(1, accuracy=0.9), run(2, accuracy=None), run(3, accuracy=0.95)))
    assert [one["id"] for one in runs.shown] == [3, 2, 1]
    assert [one["id"] for one in runs.sorted_next().shown] == [3, 1, 2]
    around = runs
    for _ in ORDERS:
        around = around.sorted_next()
    assert around.order == runs.order
    assert runs.toggled(1).toggled(2).toggled(3).ticked == (2, 3)
    assert runs.toggled(3).pair(1) == (1, 3) and runs.toggled(3).pair(3) is None and runs.pair(None) is None
    assert runs.toggled(3).with_runs([run(1)]).ticked == ()


def test_the_filter_looks_at_every_column_and_folds_case() -> None:
    runs = RunList((run(1, words_name="Sst2#KPT"), run(12)))
    assert [one["id"] for one in runs.filtered("kpt").shown] == [1]
    assert [one["id"] for one in runs.filtered("#12").shown] == [12]
    assert len(runs.filtered("reviews it-was").shown) == 2
