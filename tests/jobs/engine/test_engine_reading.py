from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from engine_at_hand import AtHand

from promptlab.errors import ConfigError, DataError, MemoryFull, TemplateError
from promptlab.jobs import evaluate, finish
from promptlab.jobs.engine.held import Abandoned, NeedsModel, Unread
from promptlab.jobs.engine.read import read
from promptlab.jobs.engine.score import read_first
from promptlab.jobs.evaluation import Rows
from promptlab.jobs.support import choose_support
from promptlab.model import LanguageModel, ReadoutCache
from promptlab.pipeline import Pipeline
from promptlab.task import load_task
from promptlab.template import Template
from promptlab.verbalizer import parse_words

WORDS = "positive=great,good negative=bad,terrible"
SST2 = Path(__file__).parents[4] / "shared" / "data" / "sst2"
CACHE = ReadoutCache()
SHOWN = ("n", "accuracy", "interval", "correct", "confusion", "macro_f1", "balanced_accuracy", "labels")


def evaluated(lm: LanguageModel, reference: str, words: str, calibration: Any = None) -> Any:
    """What ``promptlab eval`` says of the same rows."""
    task = load_task(reference)
    pipeline = Pipeline.of(lm, Template.parse("{text} It was {mask}."), parse_words(words, task.labels))
    support = None if calibration is None else choose_support(calibration, task, "dev", seed=13)
    return finish(evaluate(pipeline, Rows(task.dev), support=support, cache=CACHE)).result


@pytest.mark.parametrize("calibration", [None, "contextual", "domain", "batch", "pmi", "word"])
def test_the_figures_are_those_of_an_evaluation(
    engine: AtHand, embedded: LanguageModel, calibration: str | None
) -> None:
    found, wanted = (
        engine.read(WORDS, calibration=calibration),
        evaluated(embedded, engine.task["reference"], WORDS, calibration),
    )
    assert {key: found[key] for key in SHOWN} == pytest.approx({key: wanted[key] for key in SHOWN})
    assert found["log_loss"] == pytest.approx(wanted["log_loss"], abs=1e-5)
    assert found["per_label"] == wanted["per_label"]
    assert found["warnings"] == wanted["warnings"]
    assert found["complete"] and found["n"] == found["total"] == 60
    if calibration is not None:
        assert found["calibration"]["support"] == wanted["calibration"]["support"]
        assert found["calibration"]["raw"]["accuracy"] == wanted["calibration"]["raw"]["accuracy"]


@pytest.mark.skipif(not SST2.is_dir(), reason="the data are not here")
def test_they_are_so_on_a_part_of_sst2_too(engine: AtHand, embedded: LanguageModel, tmp_path: Path) -> None:
    lines = (SST2 / "dev.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "dev.csv").write_text("\n".join([lines[0], *lines[1:-1:12]]) + "\n", encoding="utf-8")
    engine.task = {"reference": str(tmp_path / "part")}
    found, wanted = engine.read(WORDS), evaluated(embedded, str(tmp_path / "part"), WORDS)
    assert {key: found[key] for key in SHOWN} == pytest.approx({key: wanted[key] for key in SHOWN})
    assert found["n"] > 70 and found["confusion"] == wanted["confusion"]


def test_early_figures_are_of_the_first_rows_of_a_random_order(engine: AtHand) -> None:
    engine.read(WORDS)
    first = engine.scored()[0]
    assert first["n"] == 32 and not first["complete"] and first["total"] == 60
    reading = engine.held.reading
    assert reading is not None
    assert list(reading.chunks[0].places) == list(next(reading.live.chunks())) != list(range(32))


def test_a_second_reading_of_the_same_rows_costs_no_call(fresh_engine: AtHand) -> None:
    first, again = fresh_engine.read(WORDS), fresh_engine.read("positive=fine negative=awful")
    assert first["calls"] > 0 and not first["from_cache"]
    assert again["calls"] == 0 and again["from_cache"] and again["accuracy"] != first["accuracy"]


def test_all_rows_are_read_without_those_that_were_read_live(fresh_engine: AtHand, tmp_path: Path) -> None:
    lines = [f"number {n} was {'nice' if n % 3 else 'sad'},{'positive' if n % 3 else 'negative'}" for n in range(560)]
    (tmp_path / "lone.csv").write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    fresh_engine.task = {"reference": str(tmp_path / "lone.csv")}
    seen = _count_rows(fresh_engine.held.lm)
    live = fresh_engine.read(WORDS)
    assert (live["n"], live["total"], live["rows"]) == (500, 500, "all, 500 of 560 rows (seed 13)")
    assert seen() == 500
    assert fresh_engine.read(WORDS, rows="all")["n"] == 560
    assert seen() == 560


def _count_rows(lm: Any) -> Any:
    """How many rows the model has been given, counted where they enter it."""
    total = 0

    def count(module: Any, args: Any, kwargs: Any) -> None:
        nonlocal total
        total += len(kwargs["input_ids"])

    lm.model.register_forward_pre_hook(count, with_kwargs=True)
    return lambda: total


def test_test_rows_are_read_when_asked_for(engine: AtHand) -> None:
    assert engine.read(WORDS, rows="test")["rows"] == "test, 60 rows"
    with pytest.raises(ConfigError, match="Unknown rows"):
        engine.read(WORDS, rows="every")


@pytest.mark.parametrize("do", ["read", "abandon"])
def test_a_newer_reading_or_abandon_ends_one_between_batches(fresh_engine: AtHand, do: str) -> None:
    fresh_engine.held.lm.token_budget = 100  # type: ignore[union-attr]
    calls = fresh_engine.held.lm.calls  # type: ignore[union-attr]

    def newer(event: Mapping[str, Any]) -> None:
        if event["kind"] == "progress":
            fresh_engine.request(do)

    try:
        with pytest.raises(Abandoned):
            fresh_engine.read(WORDS, newer)
        assert fresh_engine.held.lm.calls - calls == 1  # type: ignore[union-attr]
    finally:
        fresh_engine.held.lm.token_budget = 2048  # type: ignore[union-attr]


def test_words_that_change_meanwhile_are_in_the_next_figures(engine: AtHand) -> None:
    scores: list[Any] = []

    def change(event: Mapping[str, Any]) -> None:
        if event["kind"] == "scored" and not scores:
            scores.append(engine.score("positive=awful negative=great"))

    last = engine.read(WORDS, change)
    assert scores[0]["n"] == 32 and scores[0]["score_rev"] == 1
    assert engine.scored()[0]["score_rev"] == 0 and last["score_rev"] == 1
    assert last["accuracy"] == engine.read("positive=awful negative=great")["accuracy"]


def test_words_that_came_before_the_reading_began_are_taken(engine: AtHand) -> None:
    request = engine.reading(WORDS)
    with pytest.raises(Unread):
        engine.score("positive=awful negative=great")
    last = engine.answer(read, request)["figures"]
    assert last["score_rev"] == 1 and last["accuracy"] < 0.5


def test_words_that_come_while_the_model_is_loaded_are_taken(engine: AtHand) -> None:
    early: list[Any] = []

    def change(event: Mapping[str, Any]) -> None:
        if event["kind"] == "model":
            early.append(engine.score("positive=awful negative=great"))

    last = engine.read(WORDS, change)
    assert early[0]["n"] == 0 and early[0]["accuracy"] is None and early[0]["total"] == 60
    assert last["score_rev"] == 1


def test_a_word_that_is_read_whole_is_read_once_and_said(fresh_engine: AtHand, embedded: LanguageModel) -> None:
    whole = "positive=really good,good negative=bad"
    fresh_engine.read(WORDS)
    with pytest.raises(NeedsModel) as need:
        fresh_engine.score(whole)
    request = fresh_engine.request("score", words=fresh_engine.words(whole), calibration=None)
    found = fresh_engine.answer(need.value.then, request)["figures"]
    assert fresh_engine.events[0] == {"kind": "phase", "text": "reading 1 word"}
    assert found["accuracy"] == evaluated(embedded, fresh_engine.task["reference"], whole)["accuracy"]
    calls = embedded.calls
    assert fresh_engine.score("positive=really good negative=bad")["n"] == 60
    assert embedded.calls == calls


def test_a_reading_that_begins_with_whole_words_scores_them_from_the_first_chunk(
    engine: AtHand, embedded: LanguageModel
) -> None:
    whole = "positive=really good negative=really bad"
    assert engine.read(whole)["accuracy"] == evaluated(embedded, engine.task["reference"], whole)["accuracy"]
    assert engine.scored()[0]["n"] == 32


def test_whole_words_that_come_meanwhile_are_read_on_all_rows(engine: AtHand, embedded: LanguageModel) -> None:
    whole, waiting = "positive=really good negative=bad", []

    def change(event: Mapping[str, Any]) -> None:
        if event["kind"] == "scored" and not waiting:
            with pytest.raises(NeedsModel):
                engine.score(whole)
            waiting.append(whole)

    last = engine.read(WORDS, change)
    assert "reading 1 word" in [event.get("text") for event in engine.events]
    assert last["accuracy"] == evaluated(embedded, engine.task["reference"], whole)["accuracy"]


def test_whole_words_that_newer_words_no_longer_need_are_not_read(
    fresh_engine: AtHand, embedded: LanguageModel
) -> None:
    fresh_engine.read(WORDS)
    old = fresh_engine.request("score", words=fresh_engine.words("positive=really good negative=bad"), calibration=None)
    fresh_engine.score("positive=good negative=bad")
    calls = embedded.calls
    with pytest.raises(Abandoned):
        fresh_engine.answer(read_first, old)
    assert embedded.calls == calls


def test_what_does_not_fit_is_refused_before_anything_is_read(engine: AtHand, tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="nothing"):
        engine.read(WORDS, template="{nothing} {mask}")
    with pytest.raises(DataError):
        engine.read(WORDS, task={"reference": str(tmp_path / "absent.csv")})
    with pytest.raises(ConfigError, match="word"):
        engine.read({"words": {"positive": ["good"]}})
    with pytest.raises(Unread):
        engine.score(WORDS)


def test_words_that_do_not_fit_leave_the_reading_as_it_is(engine: AtHand) -> None:
    engine.read(WORDS)
    with pytest.raises(ConfigError):
        engine.score({"words": {"positive": ["good"], "negative": [["a", "b"]]}})
    reading = engine.held.reading
    assert reading is not None and reading.score_rev == 0


def test_memory_that_runs_out_is_said_and_the_next_reading_works(
    fresh_engine: AtHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = fresh_engine.held.lm
    assert lm is not None

    def full(*args: Any, **kwargs: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(type(lm), "run", full)
        with pytest.raises(MemoryFull, match="does not fit into the memory"):
            fresh_engine.read(WORDS)
    lm.token_budget = 2048
    assert fresh_engine.read(WORDS)["complete"]


def test_the_model_is_said_with_its_size(engine: AtHand) -> None:
    engine.read(WORDS)
    model = next(event for event in engine.events if event["kind"] == "model")
    assert model["name"] == "embedded" and model["bytes"] > 30_000_000 and model["pieces"] == 16_000
