"""``runs``: what the workspace keeps, as the application lists, compares and opens it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from engine_at_hand import AtHand

from promptlab.errors import ConfigError, DataError, StoreError
from promptlab.jobs import Rows, evaluate, finish
from promptlab.jobs.engine.runs import runs
from promptlab.jobs.engine.save import save
from promptlab.jobs.plan import plan_rows
from promptlab.jobs.record import as_run
from promptlab.model import LanguageModel
from promptlab.pipeline import Ensemble, Pipeline
from promptlab.pipeline import save as save_bundle
from promptlab.results import Run, RunStore
from promptlab.spec import RunSpec
from promptlab.template import Template
from promptlab.verbalizer import parse_words

GOOD, OTHER = "positive=great,good negative=terrible,bad", "positive=the negative=of"


def asked(engine: AtHand, op: str, **fields: Any) -> Any:
    answer = engine.answer(runs, engine.request("runs", op=op, **fields))
    json.dumps(answer, allow_nan=False)
    return answer


@pytest.fixture
def kept(engine: AtHand) -> AtHand:
    """An engine with two runs: 1 with good words, 2 with words that say nothing."""
    engine.read(GOOD, calibration="contextual")
    keep(engine, name="good ones", template_name="film#2", words_name="mine")
    engine.score(OTHER)
    keep(engine)
    return engine


def keep(engine: AtHand, **fields: Any) -> None:
    engine.answer(save, engine.request("save", what="run", **fields))


def store(engine: AtHand, run: Run) -> int:
    with RunStore.open(engine.held.workspace) as opened:
        return opened.add(run)


def test_the_list_has_the_newest_first_with_what_a_table_shows(kept: AtHand, small_task: Path) -> None:
    second, first = asked(kept, "list")["runs"]
    assert (first["id"], second["id"]) == (1, 2)
    assert first["name"] == "good ones" and first["template_name"] == "film#2" and first["words_name"] == "mine"
    assert first["calibration"] == "contextual" and second["calibration"] is None
    assert second["template"] == "{text} It was {mask}." and second["template_name"] == ""
    assert first["accuracy"] > second["accuracy"] and first["n"] == second["n"] == 60
    low, high = first["interval"]
    assert low < first["accuracy"] <= high and first["task"] == small_task.name and first["split"] == "dev"
    assert first["model"] == "embedded" and first["dtype"] == "float32" and first["command"] == "eval"
    assert not first["pinned"] and first["created"].startswith("20")


def test_without_a_store_there_is_nothing_and_none_is_made(engine: AtHand) -> None:
    assert asked(engine, "list") == {"runs": []}
    for op, fields in (
        ("pin", {"run": 1}),
        ("delete", {"ids": [1]}),
        ("open", {"run": 1}),
        ("compare", {"ids": [1, 2]}),
    ):
        with pytest.raises(ConfigError, match="No run is kept"):
            asked(engine, op, **fields)
    assert list(engine.held.workspace.iterdir()) == []
    with pytest.raises(ConfigError, match="Unknown thing to do with runs 'sort'"):
        asked(engine, "sort")


def test_pins_and_deletions_last(kept: AtHand) -> None:
    assert asked(kept, "pin", run=2, pinned=True) == {"run": 2, "pinned": True}
    assert [run["pinned"] for run in asked(kept, "list")["runs"]] == [True, False]
    asked(kept, "pin", run=2, pinned=False)
    assert not any(run["pinned"] for run in asked(kept, "list")["runs"])
    with pytest.raises(ConfigError, match="no run 9"):
        asked(kept, "delete", ids=[1, 9])
    assert len(asked(kept, "list")["runs"]) == 2
    asked(kept, "delete", ids=[1])
    assert [run["id"] for run in asked(kept, "list")["runs"]] == [2]


def test_two_runs_are_compared_row_by_row(kept: AtHand) -> None:
    found = asked(kept, "compare", ids=[2, 1])
    accuracies = {run["id"]: run["accuracy"] for run in asked(kept, "list")["runs"]}
    assert found["difference"] == pytest.approx(accuracies[1] - accuracies[2]) and found["n"] == 60
    assert found["verdict"] == "second" and "run 1 is better" in found["sentence"] and found["p"] < 0.05
    assert found["only_second"] - found["only_first"] == round(60 * found["difference"])
    assert found["interval"][0] <= found["difference"] <= found["interval"][1] and found["notes"] == []
    back = asked(kept, "compare", ids=[1, 2])
    assert back["verdict"] == "first" and back["difference"] == -found["difference"]
    with pytest.raises(ConfigError, match="two different runs"):
        asked(kept, "compare", ids=[1, 1])


def test_runs_on_data_that_changed_are_not_compared(kept: AtHand, tmp_path: Path, small_task: Path) -> None:
    with RunStore.open(kept.held.workspace) as opened:
        changed = replace(opened.get("1"), fingerprint="another")
    number = store(kept, changed)
    with pytest.raises(DataError, match="changed between run 1 and run 3"):
        asked(kept, "compare", ids=[1, number])


def test_a_run_opens_as_it_was_read(kept: AtHand) -> None:
    figures = {run["id"]: run["accuracy"] for run in asked(kept, "list")["runs"]}
    opened = asked(kept, "open", run=1)
    assert opened["template"] == "{text} It was {mask}." and opened["truncate"] == "tail"
    assert opened["template_name"] == "film#2" and opened["words_name"] == "mine" and opened["notes"] == []
    assert opened["calibration"] == "contextual" and "calibration" not in opened["words"]
    assert opened["model"] == {"name": "embedded", "dtype": "float32"}
    kept.template, kept.task = opened["template"], opened["task"]
    assert kept.read(opened["words"], calibration=opened["calibration"])["accuracy"] == figures[1]
    assert kept.read(opened["words"], calibration=None)["calibration"] is None


def test_columns_labels_and_encoding_are_opened_too(engine: AtHand, tmp_path: Path) -> None:
    lines = "".join(f"{n};na\u00efve play {n};{n % 2}\n" for n in range(40))
    (tmp_path / "plays.csv").write_bytes(("number;said;mark\n" + lines).encode("latin-1"))
    engine.task = {
        "reference": str(tmp_path / "plays.csv"),
        "text": "said",
        "label": "mark",
        "labels": "1=positive,0=negative",
        "encoding": "latin-1",
    }
    engine.read(GOOD)
    keep(engine)
    assert asked(engine, "open", run=1)["task"] == engine.task


def evaluated(engine: AtHand, classifier: Any, **made: Any) -> int:
    spec = RunSpec(task=engine.task["reference"])
    plan = plan_rows(spec)
    rows = Rows(plan.rows[:12], plan.task.name, plan.split, plan.task.fingerprint)
    evaluation = finish(evaluate(classifier, rows, cache=engine.held.cache))
    return store(engine, as_run(evaluation, plan, spec, **made))


def test_a_run_that_the_workbench_cannot_show_says_why(engine: AtHand, embedded: LanguageModel, tmp_path: Path) -> None:
    template = Template.parse("{text} It was {mask}.")
    one = Pipeline.of(embedded, template, parse_words(GOOD, engine.labels))
    both = Ensemble((one, one), (1.0, 2.0))
    folder = save_bundle(one, tmp_path / "films")
    of_bundle = evaluated(engine, one, bundle=folder)
    of_several = evaluated(engine, both, bundle=save_bundle(both, tmp_path / "both"))
    with pytest.raises(ConfigError, match=r"evaluated the bundle .*films"):
        asked(engine, "open", run=of_bundle)
    with pytest.raises(ConfigError, match=f"Run {of_several} evaluated the bundle"):
        asked(engine, "open", run=of_several)
    with RunStore.open(engine.held.workspace) as opened:
        several = opened.get(str(of_several))
    spec = {key: value for key, value in several.spec.items() if key != "bundle"}
    with pytest.raises(ConfigError, match="evaluated an ensemble"):
        asked(engine, "open", run=store(engine, replace(several, spec=spec)))
    with pytest.raises(ConfigError, match="does not hold what it was made with"):
        asked(engine, "open", run=store(engine, Run("old", "eval", {}, "0" * 64, {"template": "x"})))
    newest = asked(engine, "list")["runs"]
    assert newest[0]["accuracy"] is None and newest[0]["name"] == "old" and newest[1]["template"] == "2 templates"


def test_a_run_with_demonstrations_opens_with_a_note(engine: AtHand, embedded: LanguageModel) -> None:
    template = Template.parse("{demos}{text} It was {mask}.")
    shown = engine.held.task(engine.task).train[:2]
    one = Pipeline.of(embedded, template, parse_words(GOOD, engine.labels), demonstrations=shown)
    opened = asked(engine, "open", run=evaluated(engine, one))
    assert "{demos}" in opened["template"] and "2 solved examples" in opened["notes"][0]


def test_a_calibration_that_came_with_the_words_stays_with_them(engine: AtHand, embedded: LanguageModel) -> None:
    engine.read(GOOD, calibration="batch")
    reading = engine.held.reading
    assert reading is not None
    words = reading.scores(*reading.newest()[:2]).pipeline.words
    assert words is not None
    one = Pipeline.of(embedded, reading.template, words)
    opened = asked(engine, "open", run=evaluated(engine, one))
    assert opened["calibration"] is None and opened["words"]["calibration"]["kind"] == "batch"
    priors = torch.tensor(opened["words"]["calibration"]["label_prior"])
    assert len(priors) == 2 and torch.isfinite(priors).all()


def test_a_store_that_is_damaged_is_a_sentence(kept: AtHand) -> None:
    for name in ("runs.db-wal", "runs.db-shm"):
        (kept.held.workspace / name).unlink(missing_ok=True)
    (kept.held.workspace / "runs.db").write_bytes(b"no database" * 500)
    with pytest.raises(StoreError, match=r"runs\.db"):
        asked(kept, "list")
