"""``row`` and ``page``: what the application shows of single rows and of tables of them."""

import csv
import time
from pathlib import Path

import numpy as np
import pytest
from live_readings import WORDS, Asked, begun, read_more

from promptlab.errors import ConfigError, DataError
from promptlab.jobs import explain
from promptlab.jobs.engine import pages
from promptlab.jobs.engine.held import Unread
from promptlab.jobs.engine.known import Known
from promptlab.jobs.engine.live import Chunk
from promptlab.jobs.engine.pages import chosen, page, sorted_places
from promptlab.jobs.engine.rows import find, row
from promptlab.model import LanguageModel
from promptlab.results import Scores
from promptlab.verbalizer import from_table


@pytest.fixture(scope="module")
def asked(embedded: LanguageModel, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return begun(embedded, tmp_path_factory.mktemp("engine"))


def known(predicted: list[int], targets: list[int], confidence: list[float]) -> Known:
    margins = np.array(
        [c if p == t else -c for p, t, c in zip(predicted, targets, confidence, strict=True)], np.float32
    )
    return Known(
        ("a", "b"), np.array(targets), np.array(predicted), np.array(confidence, np.float32), margins, len(predicted)
    )


# -- row ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("calibration", [None, "batch"])
def test_a_row_is_explained_as_why_explains_it_and_the_model_is_not_asked(
    asked: Asked, embedded: LanguageModel, calibration: str | None
) -> None:
    words = from_table(WORDS, where="test")
    expected = explain(asked.reading.pipeline(words, None), asked.reading.rows[3], top=10).to_json()
    calls = embedded.calls
    seen = asked(row, place=3, words=WORDS, calibration=calibration)
    assert embedded.calls == calls
    assert (seen["place"], seen["id"], seen["n"], seen["fields_left"]) == (3, "dev:4", 60, 0)
    assert seen["prompt"] == expected["prompt"] and "{mask}" in seen["prompt"] and seen["cut"] == {}
    assert seen["pieces"] == expected["pieces"]
    assert [one["piece"] for one in seen["top"][0]] == [one["piece"] for one in expected["top"][0]]
    assert [(one["word"], one["rank"]) for one in seen["words"]] == [
        (one["word"], one["rank"]) for one in expected["words"]
    ]
    assert seen["raw"] == pytest.approx(expected["raw"], abs=1e-4)
    assert seen["prediction"] == max(seen["labels"], key=seen["labels"].get)
    assert seen["right"] == (seen["prediction"] == seen["label"])


def test_steps_to_wrong_rows_go_round_and_count_what_is_wrong(asked: Asked) -> None:
    scores = asked.reading.scores(from_table(WORDS, where="test"), None).scores
    wrong = scores.wrong().tolist()
    first = asked(row, place=wrong[-1], find="next-wrong", words=WORDS)
    assert first["place"] == wrong[0] and first["wrong"] == len(wrong) and first["right"] is False
    assert asked(row, place=wrong[0], find="previous-wrong", words=WORDS)["place"] == wrong[-1]
    assert asked(row, place=wrong[1], find="previous-wrong", words=WORDS)["place"] == wrong[0]
    assert asked(row, place=59, find="next", words=WORDS)["place"] == 0
    assert asked(row, place=0, find="previous", words=WORDS)["place"] == 59


def test_without_a_wrong_row_the_step_stays_and_places_outside_are_the_nearest() -> None:
    seen = known([0, 1], [0, -1], [0.9, 0.8])
    assert find(seen, 1, "next-wrong") == 1 and find(seen, 1, "previous-wrong") == 1
    assert find(seen, 99, None) == 1 and find(seen, -3, None) == 0
    with pytest.raises(ConfigError, match="Unknown step"):
        find(seen, 0, "sideways")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no rows"):
        find(known([], [], []), 0, "next")


def test_other_words_give_another_answer_at_once(asked: Asked) -> None:
    swapped = {"words": {"negative": ["great"], "positive": ["terrible", "bad"]}}
    before, after = asked(row, place=0, words=WORDS), asked(row, place=0, words=swapped)
    assert before["prediction"] != after["prediction"]
    assert before["raw"]["negative"] == pytest.approx(after["raw"]["positive"], abs=1e-5)


def test_a_row_that_is_not_read_yet_has_its_prompt_and_no_prediction(embedded: LanguageModel, tmp_path: Path) -> None:
    asked = begun(embedded, tmp_path, rows=8)
    place = asked.reading.live.order[20]
    seen = asked(row, place=place, words=WORDS)
    assert seen["prediction"] is None and seen["right"] is None and seen["label"] in ("negative", "positive")
    assert seen["prompt"].startswith("[CLS]") and seen["pieces"] > 5 and (seen["top"], seen["labels"]) == ([], {})
    read_more(asked.reading, 30)
    assert asked(row, place=place, words=WORDS)["prediction"] is not None


def test_before_the_model_is_there_a_row_has_its_text(tmp_path: Path) -> None:
    seen = begun(None, tmp_path)(row, place=2, words=WORDS)
    assert seen["fields"]["text"] and seen["prompt"] == "" and seen["prediction"] is None


def test_words_to_be_read_whole_are_unread_and_another_reading_is_too(asked: Asked) -> None:
    whole = {"words": {"negative": ["terrible"], "positive": ["unputdownable"]}, "pieces": "whole"}
    with pytest.raises(Unread, match="'unputdownable' has not been read whole"):
        asked(row, place=0, words=whole)
    asked.reading.read_rev = 2
    try:
        with pytest.raises(Unread):
            asked(row, place=0, words=WORDS)
    finally:
        asked.reading.read_rev = 1


@pytest.fixture(scope="module")
def wide(embedded: LanguageModel, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """A cell of half a megabyte, and 3,000 columns."""
    folder = tmp_path_factory.mktemp("wide")
    with (folder / "wide.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", *(f"c{number}" for number in range(3000))])
        for place in range(12):
            text = "so good " * 60_000 if place == 1 else f"a fine film {place}"
            writer.writerow([text, ("negative", "positive")[place % 2], *["x" * 9] * 3000])
    task = {"reference": str(folder / "wide.csv"), "text": "text", "label": "label"}
    asked = begun(None, folder, task=task)
    asked.held.lm = embedded
    asked.reading.begin(embedded)
    return asked


def test_a_huge_cell_and_thousands_of_columns_cross_in_parts(wide: Asked) -> None:
    long = wide.reading.rows[1]
    (prompt,) = wide.reading.lm.encode(wide.reading.template, [long])
    wide.reading.add(Chunk([1], [long]), list(wide.reading.lm.read(wide.reading.template, [long])))
    start = time.perf_counter()
    seen = wide(row, place=1, words=WORDS)
    assert time.perf_counter() - start < 2
    assert len(seen["fields"]["text"]) == 20_000 and len(seen["fields"]) <= 41 and seen["fields_left"] >= 2900
    assert seen["cut"] == dict(prompt.cut) and seen["cut"]["text"] > 100_000
    rows = wide(page, filter={}, sort="place", descending=False, start=0, count=50)["rows"]
    assert len(rows) == 12 and len(rows[1]["text"]) == 300


# -- page --------------------------------------------------------------------------------------------------------------


def everything(asked: Asked, **wanted: object) -> list[dict[str, object]]:
    fields = {"filter": {}, "sort": "place", "descending": False, "start": 0, "count": 60, **wanted}
    rows: list[dict[str, object]] = asked(page, **fields)["rows"]
    return rows


def test_a_page_says_of_each_row_what_its_explanation_says(asked: Asked) -> None:
    rows = everything(asked)
    assert [one["place"] for one in rows] == list(range(60))
    for place in (0, 17, 59):
        seen = asked(row, place=place, words=WORDS)
        one = rows[place]
        assert (one["id"], one["label"], one["predicted"], one["right"]) == (
            seen["id"],
            seen["label"],
            seen["prediction"],
            seen["right"],
        )
        best, other = sorted(seen["labels"].values(), reverse=True)
        assert one["confidence"] == pytest.approx(np.exp(best), abs=1e-4)
        assert one["margin"] == pytest.approx(best - other if one["right"] else other - best, abs=1e-3)
        assert one["text"] == seen["fields"]["text"][:300]


def test_a_page_is_a_part_of_what_fits(asked: Asked) -> None:
    every = everything(asked, filter={"right": False}, sort="margin")
    part = asked(page, filter={"right": False}, sort="margin", descending=False, start=3, count=4)
    assert part["total"] == len(every) and part["all"] == 60 and part["read"] == 60 and part["partial"] is None
    assert part["rows"] == every[3:7]
    assert asked(page, filter={}, sort="place", descending=False, start=1000, count=50)["rows"] == []


def test_the_most_confidently_wrong_come_first_by_margin(asked: Asked) -> None:
    margins = [one["margin"] for one in everything(asked, sort="margin")]
    assert margins == sorted(margins) and margins[0] < 0
    assert [one["margin"] for one in everything(asked, sort="margin", descending=True)] == sorted(margins, reverse=True)


def test_filters_are_joined(asked: Asked) -> None:
    every = everything(asked)
    wanted = {"label": "positive", "predicted": "negative", "least": 0.6, "most": 0.9, "text": "THE"}
    fits = [
        one["place"]
        for one in every
        if (one["label"], one["predicted"]) == ("positive", "negative")
        and 0.6 <= float(str(one["confidence"])) <= 0.9
        and "the" in str(asked.reading.rows[int(str(one["place"]))].fields["text"]).lower()
    ]
    assert fits and [one["place"] for one in everything(asked, filter=wanted)] == fits
    assert [one["id"] for one in everything(asked, filter={"ids": ["dev:9", "dev:3", "train:1"]})] == ["dev:3", "dev:9"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"filter": {"lable": "x"}}, "cannot be filtered by 'lable'. Did you mean 'label'"),
        ({"filter": {"label": "positiv"}}, "no label 'positiv'. Did you mean 'positive'"),
        ({"sort": "size"}, "cannot be sorted by 'size'"),
    ],
)
def test_what_a_page_cannot_do_is_said(asked: Asked, wanted: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        everything(asked, **wanted)


def test_what_is_not_read_is_null_and_comes_last(embedded: LanguageModel, tmp_path: Path) -> None:
    asked = begun(embedded, tmp_path, rows=5)
    rows = everything(asked, sort="confidence", descending=True)
    assert [one["predicted"] is None for one in rows] == [False] * 5 + [True] * 55
    assert all(one["confidence"] is one["margin"] is one["right"] is None and one["label"] for one in rows[5:])
    assert asked(page, filter={"right": True})["total"] + asked(page, filter={"right": False})["total"] == 5


def test_rows_that_nobody_reads_are_paged_by_their_task(tmp_path: Path) -> None:
    asked = begun(None, tmp_path)
    asked.held.reading = None
    with pytest.raises(Unread):
        asked(page, filter={})
    seen = asked(page, task={"reference": "reviews"}, filter={"label": "positive"}, count=2)
    assert seen["total"] == 30 and seen["all"] == 60 and seen["read"] == 0 and seen["rows"][0]["predicted"] is None


def test_equal_rows_keep_their_order_whichever_way_it_goes() -> None:
    seen = known([0, 1, 0, 1, -1], [0, 0, 1, 1, 0], [0.5, 0.9, 0.5, 0.9, np.nan])
    places = np.arange(5)
    assert sorted_places(seen, places, "confidence", is_descending=False).tolist() == [0, 2, 1, 3, 4]
    assert sorted_places(seen, places, "confidence", is_descending=True).tolist() == [1, 3, 0, 2, 4]
    assert sorted_places(seen, places, "predicted", is_descending=True).tolist() == [1, 3, 0, 2, 4]
    assert sorted_places(seen, places, "label", is_descending=False).tolist() == [0, 1, 4, 2, 3]
    assert sorted_places(seen, places, "place", is_descending=True).tolist() == [4, 3, 2, 1, 0]
    negative = known([0] * 4, [0] * 4, [-1.5, 0.0, -0.0, -2.5])
    assert sorted_places(negative, np.arange(4), "margin", is_descending=False).tolist() == [3, 0, 1, 2]
    assert chosen(seen, {"right": True}).tolist() == [True, False, False, True, False]


def test_pages_of_half_a_million_rows_come_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first page may take longer: labels are read then, and every order is worked out once."""
    rows = 500_000
    with (tmp_path / "large.csv").open("w") as file:
        file.write("text,label\n")
        file.writelines(
            f"row {number} is {'fine' if number % 3 else 'dull'},{'ab'[number % 2]}\n" for number in range(rows)
        )
    asked = begun(None, tmp_path, task={"reference": str(tmp_path / "large.csv")}, which="all")
    values = np.random.default_rng(0).normal(size=(rows - 10, 2)).astype(np.float32)
    values -= np.log(np.exp(values).sum(1, keepdims=True))
    targets = np.arange(rows - 10) % 2
    scores = Scores(("a", "b"), values, targets, tuple(map(str, range(rows - 10))))
    nothing = Known.of(("a", "b"), np.arange(rows) % 2)
    seen = nothing.with_scores(scores, range(rows - 10))
    monkeypatch.setattr(pages, "_known", lambda reading: seen)
    wanted = {"filter": {"right": False}, "sort": "confidence", "descending": True}
    first = asked(page, **wanted, start=0, count=50)
    assert first["total"] == int((scores.predictions != targets).sum()) and first["all"] == rows
    start = time.perf_counter()
    later = asked(page, **wanted, start=200_000, count=50)
    assert time.perf_counter() - start < 0.2 and len(later["rows"]) == 50
    found = asked(page, filter={"text": "IS DULL"}, start=0, count=3)
    while found["partial"] is not None:
        assert found["partial"]["scanned"] < rows == found["partial"]["of"]
        found = asked(page, filter={"text": "IS DULL"}, start=0, count=3)
    assert found["total"] == -(-rows // 3) and [one["place"] for one in found["rows"]] == [0, 3, 6]
