"""``ensemble``: the whole is what ``Ensemble`` says, members are read once, weights never pretend."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from engine_at_hand import AtHand

import promptlab
from promptlab.errors import ConfigError
from promptlab.jobs.engine.ensemble import ensemble, read_first
from promptlab.jobs.engine.held import Abandoned, NeedsModel, Unread
from promptlab.jobs.engine.pin import pin
from promptlab.jobs.engine.save import save
from promptlab.model import LanguageModel
from promptlab.pipeline import Ensemble, Pipeline, as_scores
from promptlab.task import sample_rows
from promptlab.template import Template
from promptlab.verbalizer import from_table

OWN, SECOND, THIRD = "{text} It was {mask}.", "{mask}! {text}", "All in all {mask}. {text}"
GOOD, FEW, ODD = "positive=great,good negative=terrible,bad", "positive=fine negative=awful", "positive=of negative=the"


def member(engine: AtHand, template: str, words: str, name: str = "", **fields: Any) -> dict[str, Any]:
    return {"template": template, "truncate": "tail", "words": engine.words(words), "name": name, **fields}


@pytest.fixture
def members(engine: AtHand) -> list[dict[str, Any]]:
    return [
        member(engine, OWN, GOOD, "own"),
        member(engine, SECOND, GOOD, "second"),
        member(engine, SECOND, ODD, "odd"),
        member(engine, THIRD, FEW, "third"),
    ]


def lone(folder: Path, rows: int) -> Path:
    """A file of one split."""
    lines = [f"number {n} was {'nice' if n % 3 else 'sad'},{'positive' if n % 3 else 'negative'}" for n in range(rows)]
    (folder / "lone.csv").write_text("\n".join(["text,label", *lines]) + "\n", encoding="utf-8")
    return folder / "lone.csv"


def asked(engine: AtHand, members: Any, weights: str = "uniform", hear: Any = None) -> Any:
    """An ensemble, read first where it must be, as the dispatcher would."""
    request = engine.request("ensemble", members=members, weights=weights)
    try:
        answer = engine.answer(ensemble, request, hear)
    except NeedsModel as need:
        answer = engine.answer(need.then, request, hear)
    json.dumps([answer, engine.events], allow_nan=False)
    return answer


def by_hand(engine: AtHand, lm: LanguageModel, members: list[dict[str, Any]], weights: list[float]) -> Ensemble:
    return Ensemble(
        tuple(
            Pipeline.of(lm, Template.parse(one["template"]), from_table(one["words"], where="test")) for one in members
        ),
        tuple(weights),
    )


def rows(engine: AtHand) -> Any:
    assert engine.held.reading is not None
    return list(engine.held.reading.rows)


def test_the_whole_is_what_an_ensemble_of_these_pipelines_says(
    engine: AtHand, embedded: LanguageModel, members: list[dict[str, Any]]
) -> None:
    engine.read(GOOD)
    found = asked(engine, members)
    whole = by_hand(engine, embedded, members, [1.0] * 4)
    expected = as_scores(whole.labels, whole.logprobs(rows(engine), cache=engine.held.cache), rows(engine))
    figures = found["figures"]
    assert figures["accuracy"] == expected.accuracy and figures["n"] == figures["total"] == 60
    assert figures["confusion"] == expected.confusion().tolist()
    assert figures["log_loss"] == pytest.approx(expected.log_loss, abs=1e-5)
    assert figures["complete"] and figures["split"] == "dev" and figures["rows"] == "dev, 60 rows"
    assert (figures["read_rev"], figures["score_rev"]) == (1, 0)
    assert [one["weight"] for one in found["members"]] == [1.0] * 4
    for one, pipeline in zip(found["members"], whole.members, strict=True):
        alone = as_scores(whole.labels, pipeline.logprobs(rows(engine), cache=engine.held.cache), rows(engine))
        assert one["accuracy"] == alone.accuracy and one["n"] == 60 and one["interval"] == list(alone.interval())
        assert one["agrees"] == np.mean(alone.predictions == expected.predictions)
    assert len({one["accuracy"] for one in found["members"]}) > 1


def test_weights_set_by_hand_count(engine: AtHand, embedded: LanguageModel, members: list[dict[str, Any]]) -> None:
    engine.read(GOOD)
    weights = [0.5, 0.0, 3.0, 1.0]
    weighed = [{**one, "weight": weight} for one, weight in zip(members, weights, strict=True)]
    found, plain = asked(engine, weighed, "hand"), asked(engine, weighed, "uniform")
    whole = by_hand(engine, embedded, members, weights)
    expected = as_scores(whole.labels, whole.logprobs(rows(engine), cache=engine.held.cache), rows(engine))
    assert found["figures"]["log_loss"] == pytest.approx(expected.log_loss, abs=1e-5)
    assert found["figures"]["log_loss"] != pytest.approx(plain["figures"]["log_loss"], abs=1e-3)
    assert [one["weight"] for one in found["members"]] == weights
    with pytest.raises(ConfigError, match="All weights are 0"):
        asked(engine, [{**one, "weight": 0} for one in members], "hand")
    found = asked(engine, [{**members[0], "weight": -1}, members[1]], "hand")
    assert [one["name"] for one in found["members"]] == ["second"]
    assert "own is left out. Its weight must be 0 or more" in found["figures"]["warnings"][0]
    with pytest.raises(ConfigError, match="Unknown weights 'best'"):
        asked(engine, members, "best")


def test_accuracies_as_weights_come_from_train_rows(
    engine: AtHand, embedded: LanguageModel, members: list[dict[str, Any]]
) -> None:
    engine.read(GOOD)
    found = asked(engine, members, "accuracy")
    train = list(sample_rows(engine.held.task(engine.task).train, 200))
    assert found["weighed_on"] == "80 train rows" and len(train) == 80
    alone = [
        as_scores(one.labels, one.logprobs(train, cache=engine.held.cache), train).accuracy
        for one in by_hand(engine, embedded, members, [1.0] * 4).members
    ]
    assert [one["weight"] for one in found["members"]] == alone
    assert not any("optimistic" in warning for warning in found["figures"]["warnings"])
    assert [one["weight"] for one in found["members"]] != [one["accuracy"] for one in found["members"]]


def test_without_train_rows_the_weights_are_said_to_be_optimistic(
    engine: AtHand, tmp_path: Path, members: list[dict[str, Any]]
) -> None:
    engine.task = {"reference": str(lone(tmp_path, 40))}
    engine.read(GOOD)
    found = asked(engine, members, "accuracy")
    assert [one["weight"] for one in found["members"]] == [one["accuracy"] for one in found["members"]]
    assert "optimistic" in found["figures"]["warnings"][0] and found["weighed_on"] == found["figures"]["rows"]
    assert not any("optimistic" in warning for warning in asked(engine, members)["figures"]["warnings"])


def test_members_are_read_once_and_found_in_the_cache_of_readings(
    fresh_engine: AtHand, members: list[dict[str, Any]]
) -> None:
    engine = fresh_engine
    engine.template = THIRD
    engine.read(GOOD)
    engine.template = OWN
    engine.read(GOOD)
    assert engine.held.lm is not None
    calls = engine.held.lm.calls
    first = asked(engine, [members[0], members[3]])  # both were read by the workbench
    assert engine.held.lm.calls == calls and first["figures"]["from_cache"] and first["figures"]["calls"] == 0
    second = asked(engine, members)
    assert second["figures"]["calls"] == engine.held.lm.calls - calls > 0 and not second["figures"]["from_cache"]
    assert {"kind": "phase", "text": "reading 1 template"} in engine.events
    assert [event for event in engine.events if event["kind"] == "progress"][-1]["total"] == 60
    calls = engine.held.lm.calls
    request = engine.request("ensemble", members=[*members, member(engine, SECOND, FEW)], weights="uniform")
    third = engine.answer(ensemble, request)  # other words, and no NeedsModel: it is answered beside a reading
    assert engine.held.lm.calls == calls and third["figures"]["from_cache"] and engine.events == []
    engine.template = SECOND
    assert engine.read(GOOD)["from_cache"]


def test_disagreements_begin_with_the_most_divided(engine: AtHand, members: list[dict[str, Any]]) -> None:
    engine.read(GOOD)
    found = asked(engine, members)
    seen = found["disagreements"]
    assert seen and all(len(set(one["votes"].values())) > 1 for one in seen)
    assert set(seen[0]["votes"]) == {"own", "second", "odd", "third"}
    largest = [max(map(list(one["votes"].values()).count, one["votes"].values())) for one in seen]
    assert largest == sorted(largest) and largest[0] == 2
    reading = engine.held.reading
    assert reading is not None
    places = {one["place"] for one in seen}
    for one in seen:
        row = reading.rows[one["place"]]
        assert (one["id"], one["text"], one["label"]) == (row.id, row.fields["text"], row.label)
    scores = [reading.scores(from_table(engine.words(GOOD), where="test"), None).scores]
    own = [scores[0].labels[place] for place in scores[0].predictions]
    assert all(one["votes"]["own"] == own[one["place"]] for one in seen) and len(places) == len(seen) < 60


def test_members_that_do_not_go_are_named_and_left_out(engine: AtHand, members: list[dict[str, Any]]) -> None:
    engine.read(GOOD)
    wrong = [
        member(engine, "{text} It was", GOOD, "no slot"),
        member(engine, "{title} is {mask}.", GOOD, "no field"),
        {**members[0], "words": {"words": {"positive": ["great"]}}, "name": "one label"},
        member(engine, "word " * 600 + "{mask} {text}", GOOD, "too long"),
        member(engine, "{mask} {text} {", GOOD, "no template"),
    ]
    found = asked(engine, [*wrong, *members[:2]])
    warnings = [warning for warning in found["figures"]["warnings"] if "is left out" in warning]
    assert [one["name"] for one in found["members"]] == ["own", "second"]
    assert {one["name"] for one in wrong} == {warning.partition(" is left out")[0] for warning in warnings}
    assert "'title'" in "".join(warnings)
    request = engine.request("ensemble", members=[*wrong, *members[:2]], weights="uniform")
    assert engine.answer(ensemble, request)["members"] == found["members"]  # what cannot be read is not tried again
    with pytest.raises(ConfigError, match=r"No member is left.*no slot is left out"):
        asked(engine, wrong)
    with pytest.raises(ConfigError, match="No member is left"):
        asked(engine, [])


def test_one_name_for_two_members_becomes_two(engine: AtHand, members: list[dict[str, Any]]) -> None:
    engine.read(GOOD)
    found = asked(engine, [members[0], {**members[2], "name": "own"}, {**members[1], "name": ""}])
    assert [one["name"] for one in found["members"]][:2] == ["own", "own (2)"]
    assert set(found["disagreements"][0]["votes"]) == {one["name"] for one in found["members"]}
    assert found["members"][2]["name"].startswith("{mask}! {text} | ")


def test_an_older_ensemble_ends_where_a_newer_one_or_a_reading_comes(
    fresh_engine: AtHand, members: list[dict[str, Any]]
) -> None:
    engine = fresh_engine
    engine.read(GOOD)
    for newer in ("ensemble", "abandon", "read"):

        def interrupt(event: Any, newer: str = newer) -> None:
            engine.request(newer)

        with pytest.raises(Abandoned):
            asked(engine, members[:2], hear=interrupt)
        assert "progress" not in engine.kinds()
    before = engine.request("ensemble", members=members, weights="uniform")
    engine.request("ensemble", members=members, weights="uniform")
    with pytest.raises(Abandoned, match="newer ensemble"):
        engine.answer(ensemble, before)
    assert asked(engine, members[:2])["figures"]["n"] == 60


def test_rows_that_are_not_all_read_are_not_combined(engine: AtHand, members: list[dict[str, Any]]) -> None:
    with pytest.raises(Unread):
        asked(engine, members)
    engine.read(GOOD)
    assert engine.held.reading is not None
    engine.held.reading.complete = False
    with pytest.raises(Unread, match="are read"):
        asked(engine, members)


def test_words_that_are_read_whole_are_read_for_their_member(
    engine: AtHand, embedded: LanguageModel, tmp_path: Path
) -> None:
    engine.task = {"reference": str(lone(tmp_path, 6))}
    engine.read(GOOD)
    whole = {**engine.words("positive=wonderfully-made negative=utterly-dreadful"), "pieces": "whole"}
    members = [{"template": OWN, "words": whole, "name": "whole"}, member(engine, OWN, GOOD, "own")]
    found = asked(engine, members)
    expected = by_hand(engine, embedded, members, [1.0, 1.0])
    scores = as_scores(expected.labels, expected.logprobs(rows(engine), cache=engine.held.cache), rows(engine))
    assert found["figures"]["log_loss"] == pytest.approx(scores.log_loss, abs=1e-4)
    assert engine.answer(ensemble, engine.request("ensemble", members=members, weights="uniform"))["figures"]["n"] == 6


def test_frozen_calibrations_of_members_are_in_the_whole(engine: AtHand, members: list[dict[str, Any]]) -> None:
    engine.read(GOOD)
    prior = {"kind": "contextual", "label_prior": [0.0, -3.0], "support": "a test"}
    tilted = {**members[0], "words": {**members[0]["words"], "calibration": prior}}
    plain, calibrated = asked(engine, members[:1]), asked(engine, [tilted])
    assert plain["figures"]["confusion"] != calibrated["figures"]["confusion"]


def test_the_whole_is_compared_with_the_pinned_baseline_of_the_same_words(
    engine: AtHand, members: list[dict[str, Any]]
) -> None:
    alone = engine.read(GOOD)
    engine.answer(pin, engine.request("pin", name="own"))
    figures = asked(engine, members)["figures"]
    assert figures["delta"]["against"] == "own" and figures["delta"]["n"] == 60
    assert figures["delta"]["difference"] == pytest.approx(figures["accuracy"] - alone["accuracy"])


def test_an_ensemble_is_saved_as_a_bundle(
    fresh_engine: AtHand,
    embedded: LanguageModel,
    members: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = fresh_engine
    monkeypatch.chdir(tmp_path)
    engine.read(GOOD)
    hand = [{**one, "weight": weight} for one, weight in zip(members, (1.0, 2.0, 0.0, 1.0), strict=True)]
    request = engine.request("save", what="ensemble", folder="bundles/all", members=hand, weights="hand", about="four")
    with pytest.raises(NeedsModel) as need:
        engine.answer(save, request)
    answer = engine.answer(need.value.then, request)
    assert answer == {"folder": "bundles/all", "command": 'promptlab predict bundles/all "text"'}
    loaded = promptlab.load("bundles/all", embedded)
    assert isinstance(loaded, Ensemble) and loaded.weights == (1.0, 2.0, 0.0, 1.0)
    figures = asked(engine, hand, "hand")["figures"]
    assert loaded.about["metrics"]["accuracy"] == figures["accuracy"] and loaded.about["about"] == "four"
    assert torch.isfinite(loaded.logprobs(rows(engine))).all()
    assert engine.answer(read_first, engine.request("ensemble", members=hand, weights="hand"))["figures"]["n"] == 60
