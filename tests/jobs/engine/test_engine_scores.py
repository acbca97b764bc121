from pathlib import Path
from typing import Any

import pytest
from engine_at_hand import AtHand

from promptlab.errors import ConfigError, StoreError
from promptlab.jobs.engine.held import Abandoned, NeedsModel, Unread
from promptlab.jobs.engine.pin import pin, unpin
from promptlab.jobs.engine.score import score
from promptlab.model import LanguageModel
from promptlab.results import Run, RunStore, compare

WORDS = "positive=great,good negative=bad,terrible"
OTHER = "positive=great negative=awful"


def scores_of(engine: AtHand, words: str) -> Any:
    """The scores behind the figures."""
    reading = engine.held.reading
    assert reading is not None
    engine.score(words)
    return reading.scores(reading.words, None).scores


def test_an_edit_of_words_costs_no_call(engine: AtHand, embedded: LanguageModel) -> None:
    first = engine.read(WORDS)
    calls = embedded.calls
    other = engine.score(OTHER)
    back = engine.score(WORDS)
    assert embedded.calls == calls and other["accuracy"] != first["accuracy"] == back["accuracy"]
    assert (back["score_rev"], back["read_rev"], back["complete"]) == (2, 1, True)


@pytest.mark.parametrize("kind", ["contextual", "domain", "batch", "pmi", "word"])
def test_a_calibration_is_read_once_and_fitted_to_every_words(
    engine: AtHand, embedded: LanguageModel, kind: str
) -> None:
    engine.read(WORDS)
    request = engine.request("score", words=engine.words(WORDS), calibration=kind)
    with pytest.raises(NeedsModel) as need:
        engine.answer(score, request)
    (early,) = engine.scored()
    assert early["calibration"] is None and any("being read" in warning for warning in early["warnings"])
    found = engine.answer(need.value.then, request)["figures"]
    assert engine.events[0] == {"kind": "phase", "text": "reading texts for the calibration"}
    assert found["calibration"]["kind"] == kind and found["calibration"]["support"]
    assert found["calibration"]["raw"]["accuracy"] == early["accuracy"]
    calls = embedded.calls
    other = engine.score(OTHER, kind)
    assert embedded.calls == calls and other["calibration"]["kind"] == kind
    assert other["accuracy"] == engine.read(OTHER, calibration=kind)["accuracy"]


def test_without_train_texts_the_rows_themselves_are_the_calibrations_texts(engine: AtHand, tmp_path: Path) -> None:
    lines = [f"number {n} was {'nice' if n % 2 else 'sad'},{'positive' if n % 2 else 'negative'}" for n in range(40)]
    (tmp_path / "lone.csv").write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    engine.task = {"reference": str(tmp_path / "lone.csv")}
    engine.read(WORDS)
    found = engine.score(WORDS, "batch")  # no word of NeedsModel: the rows were read
    assert found["calibration"]["support"].startswith("40 evaluated texts of lone")


def test_too_few_texts_leave_the_figures_uncalibrated_and_say_so(engine: AtHand, tmp_path: Path) -> None:
    lines = [f"number {n} was {'nice' if n % 2 else 'sad'},{'positive' if n % 2 else 'negative'}" for n in range(6)]
    (tmp_path / "few.csv").write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    engine.task = {"reference": str(tmp_path / "few.csv")}
    found = engine.read(WORDS, calibration="batch")
    assert found["complete"] and found["calibration"] is None
    assert any("needs 10 texts or more" in warning for warning in found["warnings"])


def test_whole_words_are_read_on_the_calibrations_texts_too(engine: AtHand, embedded: LanguageModel) -> None:
    whole = "positive=really good negative=bad"
    engine.read(WORDS, calibration="contextual")
    with pytest.raises(NeedsModel) as need:
        engine.score(whole, "contextual")
    request = engine.request("score", words=engine.words(whole), calibration="contextual")
    found = engine.answer(need.value.then, request)["figures"]
    assert found["calibration"]["kind"] == "contextual"
    assert found["accuracy"] == engine.read(whole, calibration="contextual")["accuracy"]


def test_an_unknown_calibration_is_refused(engine: AtHand) -> None:
    engine.read(WORDS)
    with pytest.raises(ConfigError, match="Unknown calibration"):
        engine.score(WORDS, "magic")


def test_older_words_are_not_scored_once_newer_ones_came(engine: AtHand) -> None:
    engine.read(WORDS)
    old = engine.request("score", words=engine.words(OTHER), calibration=None)
    engine.score(WORDS)
    with pytest.raises(Abandoned):
        engine.answer(score, old)


def test_the_difference_to_the_baseline_is_that_of_a_comparison(engine: AtHand) -> None:
    first = engine.read(WORDS)
    assert first["delta"] is None
    baseline = scores_of(engine, WORDS)
    pinned = pin(engine.held, engine.request("pin", name="the first"), lambda event: None)
    assert pinned["name"] == "the first" and pinned["figures"]["accuracy"] == first["accuracy"]
    other = engine.score("positive=awful negative=great")
    wanted = compare(baseline, scores_of(engine, "positive=awful negative=great"), names=("the first", "this one"))
    assert other["delta"]["difference"] == pytest.approx(wanted.difference) != 0
    assert (other["delta"]["sentence"], other["delta"]["n"]) == (wanted.sentence, 60)
    assert other["delta"]["against"] == "the first"
    unpin(engine.held, engine.request("unpin"), lambda event: None)
    assert engine.score(OTHER)["delta"] is None


def test_the_baseline_is_not_compared_with_itself_and_stays_for_the_next_reading(engine: AtHand) -> None:
    engine.read(WORDS)
    pin(engine.held, engine.request("pin"), lambda event: None)
    reading = engine.held.reading
    assert reading is not None
    engine.score_rev = -1
    assert engine.score(WORDS)["delta"] is None
    engine.template = "{text} All in all it was {mask}."
    partly = engine.read(WORDS)
    assert engine.scored()[0]["delta"]["n"] == 32 and partly["delta"]["n"] == 60


def test_another_table_is_not_compared_with_the_baseline(engine: AtHand) -> None:
    engine.read(WORDS)
    pin(engine.held, engine.request("pin"), lambda event: None)
    engine.task = {**engine.task, "labels": "negative,positive"}
    assert engine.read(WORDS)["delta"] is None


def test_half_an_evaluation_cannot_be_pinned(engine: AtHand) -> None:
    refused: list[str] = []

    def hear(event: Any) -> None:
        if event["kind"] == "scored":
            with pytest.raises(Unread) as refusal:
                pin(engine.held, engine.request("pin"), lambda event: None)
            refused.append(str(refusal.value))

    engine.read(WORDS, hear)
    assert refused == ["Only 32 of 60 rows are read: pin when all are."]


def test_a_stored_run_can_be_the_baseline(engine: AtHand) -> None:
    engine.read(WORDS)
    scores = scores_of(engine, OTHER)
    reading = engine.held.reading
    assert reading is not None
    run = Run("kept", "eval", {}, "hash", scores.figures(), "sample", reading.task.fingerprint, scores)
    with RunStore.open(engine.held.workspace) as store:
        number = store.add(run)
    pinned = pin(engine.held, engine.request("pin", run=number), lambda event: None)
    assert pinned["name"] == "kept" and pinned["figures"]["accuracy"] == scores.accuracy
    assert engine.score(WORDS)["delta"]["against"] == "kept"
    with pytest.raises((ConfigError, StoreError)):
        pin(engine.held, engine.request("pin", run=99), lambda event: None)


def test_what_did_not_fit_is_counted(engine: AtHand, tmp_path: Path) -> None:
    lines = [f"{'word ' * 700},{'positive' if n % 2 else 'negative'}" for n in range(2)]
    (tmp_path / "long.csv").write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    engine.task = {"reference": str(tmp_path / "long.csv"), "text": "text", "label": "label"}
    assert engine.read(WORDS)["cut"]["rows"] == 2
