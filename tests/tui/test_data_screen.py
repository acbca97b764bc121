"""The data screen: a window over any number of rows, filters, confusions that lead to rows, and the cursor's row."""

from typing import Any

import pytest
from on_screen import Start, screen_text, until
from scripted_engine import ANSWERS, Asked, Emit, figures
from textual.pilot import Pilot
from textual.widgets import Input

from promptlab.errors import ConfigError
from promptlab.tui.app import PromptlabApp
from promptlab.tui.panes.confusion_table import ConfusionPane
from promptlab.tui.panes.findings import FindingsPane
from promptlab.tui.panes.row_details import RowPane, bar, details
from promptlab.tui.panes.rows import RowsPane
from promptlab.tui.panes.rows_table import RowsTable
from promptlab.tui.screens.data import Data
from promptlab.tui.state.row_view import WINDOW, RowView, confidence_range, window_start

MANY = 1_000_000


def many(asked: Asked, emit: Emit) -> dict[str, Any]:
    """A million rows."""
    start = asked["start"]
    rows = [one(place) for place in range(start, min(MANY, start + asked["count"]))]
    return {"total": MANY, "all": MANY, "read": MANY, "partial": None, "rows": rows}


def one(place: int, **other: Any) -> dict[str, Any]:
    """A row of a page."""
    return {
        "place": place,
        "id": f"dev:{place + 1}",
        "text": f"text {place}",
        "label": "positive",
        "predicted": "positive",
        "confidence": 0.5,
        "margin": 1.0,
        "right": True,
        **other,
    }


async def shown(app: PromptlabApp, pilot: Pilot[Any]) -> RowsTable:
    """The data screen's table, filled."""
    await pilot.press("4")
    await until(pilot, lambda: isinstance(app.screen, Data) and app.screen.query(RowsTable))
    table = app.screen.query_one(RowsTable)
    await until(pilot, lambda: table.row_count)
    await pilot.pause()
    return table


async def test_a_million_rows_are_walked_with_at_most_a_window_of_them_mounted(start: Start) -> None:
    async with start(answers={"page": many}, size=(80, 24)) as (app, pilot, fake):
        table = await shown(app, pilot)
        for key, place in (("end", MANY - 1), ("up", MANY - 2), ("home", 0), ("G", MANY - 1), ("g", 0), ("down", 1)):
            await pilot.press(key)
            await until(pilot, lambda place=place: table.row is not None and table.row["place"] == place)
            assert table.row_count <= WINDOW and table.get_cell_at(table.cursor_coordinate).plain == "✓"
            assert f"row {place + 1:,} of 1,000,000" in screen_text(app)
        asked = fake.count("page")
        await pilot.press(*["pagedown"] * 18)
        await until(pilot, lambda: table.row is not None and table.row["place"] == table.index)
        page = table.size.height - 2
        assert table.index == 1 + 18 * page and fake.count("page") - asked < 10
        assert f"text {table.index}" in screen_text(app)


async def test_filters_are_sent_as_the_engine_takes_them_and_x_clears_them(start: Start) -> None:
    async with start() as (app, pilot, fake):
        table = await shown(app, pilot)
        await pilot.press("v", "down", "down", "enter")
        await until(pilot, lambda: fake.last("page")["filter"] == {"right": False})
        app.screen.query_one("#by-confidence", Input).value = "0.5-0.9"
        wanted = {"right": False, "least": 0.5, "most": 0.9}
        await until(pilot, lambda: fake.last("page")["filter"] == wanted)
        await until(pilot, lambda: table.total == 20)
        assert "filtered from 60" in screen_text(app)
        await pilot.press("x")
        await until(pilot, lambda: table.total == 60)
        assert fake.last("page")["filter"] == {}


async def test_what_is_no_range_of_confidence_is_said_and_filters_nothing(start: Start) -> None:
    async with start() as (app, pilot, fake):
        await shown(app, pilot)
        asked = fake.count("page")
        await pilot.press("c", *"high", "enter")
        await pilot.pause()
        assert "write 0.2-0.5" in screen_text(app) and fake.count("page") == asked


async def test_a_text_filter_goes_on_until_every_row_was_looked_at(start: Start) -> None:
    answers = iter([{"scanned": 500_000, "of": MANY}, None])

    def page(asked: Asked, emit: Emit) -> dict[str, Any]:
        if "text" not in asked["filter"]:
            return ANSWERS["page"](asked, emit)
        partial = next(answers)
        rows = [one(7), *([] if partial else [one(900_000)])]
        return {"total": len(rows), "all": MANY, "read": 0, "partial": partial, "rows": rows}

    async with start(answers={"page": page}) as (app, pilot, _):
        table = await shown(app, pilot)
        await pilot.press("slash", "x", "enter")
        await until(pilot, lambda: table.total == 2)
        assert "searched" not in screen_text(app)


async def test_a_cell_of_the_confusions_leads_to_its_rows(start: Start) -> None:
    async with start(size=(120, 40)) as (app, pilot, fake):
        table = await shown(app, pilot)
        await pilot.press("tab", "tab", "right", "enter")
        await until(pilot, lambda: fake.last("page")["filter"] == {"label": "negative", "predicted": "positive"})
        await until(pilot, lambda: table.total == 10 and table.has_focus)
        assert all(row["label"] == "negative" and row["predicted"] == "positive" for row in table.window)


async def test_rows_can_be_asked_for_from_another_mode(start: Start) -> None:
    async with start() as (app, pilot, fake):
        await app.switch_mode("data")
        assert isinstance(app.screen, Data)
        app.screen.show({"label": "positive", "predicted": "negative"})
        await until(pilot, lambda: fake.count("page") and fake.last("page")["filter"].get("predicted") == "negative")


async def test_many_labels_are_a_list_of_their_confusions(start: Start) -> None:
    async with start() as (app, pilot, fake):
        await shown(app, pilot)
        labels = [f"label {number}" for number in range(77)]
        confusion = [[0] * 77 for _ in labels]
        confusion[3][5], confusion[8][2] = 4, 9
        asked = fake.last("read")
        app.desk._reading._figured({**figures(asked), "labels": labels, "confusion": confusion})
        app.screen.query_one(ConfusionPane).enter()
        await pilot.press("enter")
        await until(pilot, lambda: fake.last("page")["filter"] == {"label": "label 8", "predicted": "label 2"})


async def test_a_finding_leads_to_its_rows(start: Start) -> None:
    async with start(size=(120, 40)) as (app, pilot, fake):
        await shown(app, pilot)
        await until(pilot, lambda: "texts stand twice" in screen_text(app))
        app.screen.query_one(FindingsPane).enter()
        await pilot.press("down", "enter")
        await until(pilot, lambda: fake.last("page")["filter"] == {"ids": ["dev:2", "dev:9"]})
        await until(pilot, lambda: "rows of the finding" in screen_text(app))


async def test_newer_predictions_leave_the_cursor_on_its_row(start: Start) -> None:
    async with start() as (app, pilot, fake):
        table = await shown(app, pilot)
        await pilot.press(*["down"] * 9)

        def turned(asked: Asked, emit: Emit) -> dict[str, Any]:
            page = ANSWERS["page"](asked, emit)
            return {**page, "rows": [{**row, "predicted": "negative", "right": False} for row in page["rows"]]}

        fake.answers["page"] = turned
        app.desk.hearing.tell("figures")
        await until(pilot, lambda: table.window and table.window[0]["predicted"] == "negative")
        assert table.row is not None and table.row["place"] == 9 and table.cursor_row == 9
        assert table.get_cell_at(table.cursor_coordinate).plain == "✗"


async def test_rows_are_not_sorted_again_under_the_cursor_until_asked(start: Start) -> None:
    async with start() as (app, pilot, fake):
        table = await shown(app, pilot)
        await pilot.press("s", "down", "down")
        await until(pilot, lambda: fake.last("page")["sort"] == "confidence" and table.index == 2)
        app.desk.hearing.tell("figures")
        await until(pilot, lambda: "ids" in fake.last("page")["filter"])
        await until(pilot, lambda: ". sorts again" in screen_text(app))
        assert [row["place"] for row in table.window] == list(range(60)) and table.index == 2
        await pilot.press("full_stop")
        await until(pilot, lambda: "ids" not in fake.last("page")["filter"])
        await until(pilot, lambda: ". sorts again" not in screen_text(app))


async def test_a_row_is_shown_whole_and_the_table_follows_to_the_next_wrong_one(start: Start) -> None:
    async with start(size=(80, 24)) as (app, pilot, _):
        table = await shown(app, pilot)
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: app.screen.query_one(RowPane).at == 3)
        await pilot.pause()
        assert "[MASK] [/b] [@click=app.quit]x[/] not my cup of tea" in screen_text(app)
        assert "Prompt, 12 pieces" in screen_text(app) and "great" in screen_text(app)
        await pilot.press("n")
        await until(pilot, lambda: app.screen.query_one(RowPane).at not in (None, 3))
        at = app.screen.query_one(RowPane).at
        await pilot.press("escape")
        assert table.index == at and table.has_focus


async def test_without_a_table_the_screen_says_what_to_press(start: Start) -> None:
    async with start(path=None) as (app, pilot, _):
        await pilot.press("4")
        await pilot.pause()
        assert "ctrl+o" in screen_text(app) and not app.screen.query_one(RowsPane).query_one(RowsTable).window


def test_a_row_that_is_not_read_and_huge_fields_are_shown_in_part() -> None:
    read: dict[str, Any] = {"prediction": None, "right": None, "wrong": 0, "top": [], "labels": {}}
    fields = {f"f{number}": "x" * 20_000 for number in range(100)}
    prompt = {"prompt": "\x1b[31m\u202e{mask}", "pieces": 3, "cut": {"f1": 7}}
    row = {"place": 0, "id": "1", "n": 1, "label": None, "fields": fields, "fields_left": 4900, **read, **prompt}
    text = details(row).plain
    assert "not read yet" in text and "4960 more fields" in text.replace(",", "") and len(text) < 200_000
    assert "\x1b" not in text and "\u202e" not in text and "7 pieces of f1" in text


def test_windows_lie_around_the_row_and_within_the_table() -> None:
    assert window_start(0, 10) == 0 and window_start(9, 10) == 0
    assert window_start(500_000, MANY) == 500_000 - WINDOW // 2
    assert window_start(MANY - 1, MANY) == MANY - WINDOW


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("", (None, None)),
        ("0.2-0.5", (0.2, 0.5)),
        (">0.8", (0.8, None)),
        ("<30%", (None, 0.3)),
        (".9", (0.9, None)),
        ("0.2 to 0.5", (0.2, 0.5)),
    ],
)
def test_ranges_of_confidence(text: str, ends: tuple[float | None, float | None]) -> None:
    assert confidence_range(text) == ends


@pytest.mark.parametrize("text", ["a", "0.2-", "2", "50", "-0.5", "0.1-2"])
def test_what_is_no_range_of_confidence(text: str) -> None:
    with pytest.raises(ConfigError, match="onfidence"):
        confidence_range(text)


def test_an_order_by_predictions_or_a_filter_by_them_is_not_settled() -> None:
    assert RowView().is_settled and RowView().filtered({"text": "a", "label": "b"}).is_settled
    assert not RowView().sorted_next().is_settled and not RowView().filtered({"right": False}).is_settled
    assert RowView().filtered({"text": "", "right": None}).filter == {}


def test_a_bar_is_as_long_as_its_share() -> None:
    assert bar(0.5, 4) == "██" and bar(1.7, 4) == "████" and bar(0, 4) == "" and bar(1 / 32, 4) == "▏"
