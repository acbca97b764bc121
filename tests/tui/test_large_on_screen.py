"""5,000 columns, 2,000 labels, a million rows, cells of 10 MB: a cut or a count is shown, every key is answered."""

import time
from collections.abc import Callable
from typing import Any

from on_screen import screen_text, until
from poison import text_in
from scripted_engine import ANSWERS, Asked, Emit, figures, row

from promptlab.tui.screens.columns import Columns
from promptlab.tui.state.session import TaskChoice

LABELS = [f"label {number}" for number in range(2_000)]
COLUMNS = [f"column {number}" for number in range(5_000)]
ROWS = 1_000_000
CELL = "word " * 2_000_000
# Seconds from a key to the screen that answers it, on a machine that does much else; alone it is a tenth.
MOST = 6.0


def _guess(asked: Asked, emit: Emit) -> dict[str, Any]:
    return {
        **ANSWERS["guess"](asked, emit),
        "columns": COLUMNS,
        "text": asked["task"].get("text") or "column 0",
        "label": "column 1",
        "labels": LABELS,
        "label_counts": dict.fromkeys(LABELS, 500),
        "fields": [*COLUMNS, "text"],
        "words": {"words": {label: [label] for label in LABELS}},
        "first": [{"cells": {**dict.fromkeys(COLUMNS[:60], "x"), "column 0": CELL}, "label": "label 1"}] * 8,
        "splits": {"train": 0, "dev": ROWS, "test": 0, "unlabelled": 0},
    }


def _figures(asked: Asked, emit: Emit) -> dict[str, Any]:
    counts = {"precision": 0.5, "recall": 0.5, "f1": 0.5, "n": 500, "predicted": 500}
    confusion = [[250 if said in (at, (at + 1) % 2_000) else 0 for said in range(2_000)] for at in range(2_000)]
    measured = {"labels": LABELS, "per_label": dict.fromkeys(LABELS, counts), "confusion": confusion}
    return {"figures": {**figures(asked, n=ROWS, total=ROWS), **measured}}


def _page(asked: Asked, emit: Emit) -> dict[str, Any]:
    seen = {"text": CELL, "label": "label 1", "predicted": "label 2", "confidence": 0.8, "margin": 1.0, "right": False}
    places = range(asked["start"], min(ROWS, asked["start"] + asked["count"]))
    return {
        "total": ROWS,
        "all": ROWS,
        "rows": [{"place": place, "id": f"dev:{place + 1}", **seen} for place in places],
    }


def _row(asked: Asked, emit: Emit) -> dict[str, Any]:
    scores = dict.fromkeys(LABELS, -7.0)
    words = [{"label": label, "word": label, "logprob": -7.0, "rank": 5} for label in LABELS]
    fields = dict.fromkeys(COLUMNS, CELL)
    return {**row(0), "fields": fields, "labels": scores, "raw": scores, "words": words}


async def test_the_screens_stay_quick_and_show_a_cut_or_a_count(start: Any) -> None:
    answers = {"guess": _guess, "read": _figures, "score": _figures, "page": _page, "row": _row}
    async with start(answers=answers) as (app, pilot, _):

        async def quick(holds: Callable[[], object], *keys: str) -> None:
            began = time.perf_counter()
            await pilot.press(*keys)
            await until(pilot, holds, MOST)
            assert time.perf_counter() - began < MOST, keys

        await until(pilot, lambda: app.desk.live.baseline is not None)
        assert len(screen_text(app)) < 20_000
        live = app.screen.query_one("LivePane")
        live.focus()
        await until(pilot, lambda: app.focused is live)
        await quick(lambda: "label 1 taken for label 0" in text_in(app, "LivePane"), "down", "left")
        await until(pilot, lambda: "and 1,994 more" in text_in(app, "PreviewPane"))
        words = app.screen.query_one("WordsPane LineList")
        words.focus()
        await until(pilot, lambda: app.focused is words)
        await quick(lambda: "label 1999" in text_in(app, "WordsPane"), "end")
        await quick(lambda: " off " in text_in(app, "WordsPane"), "space")
        await quick(lambda: " off " not in text_in(app, "WordsPane"), "u")
        await app.switch_mode("data")
        await until(pilot, lambda: "of 1,000,000" in screen_text(app), MOST)
        table = app.screen.query_one("RowsTable")
        table.focus()
        await until(pilot, lambda: app.focused is table)
        await quick(lambda: "row 1,000,000 of 1,000,000" in screen_text(app), "end")
        assert table.row_count <= 500 and "label 1999" not in text_in(app, "ConfusionPane")
        await quick(lambda: "1,980 less likely ones left out" in screen_text(app), "enter")
        app.push_screen(Columns(TaskChoice("x")))
        await quick(lambda: "4,992 more columns not shown" in screen_text(app))
        assert "and 1988 more" in screen_text(app)
        await quick(lambda: app.screen.query_one("#text").value == "column 1", "down")
