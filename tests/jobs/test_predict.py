"""Labelling files: streamed, resumable, the same numbers as calling the pipeline."""

import csv
import json
from pathlib import Path

import pytest

import promptlab.jobs.predict as predict_module
from promptlab.errors import ConfigError, DataError
from promptlab.jobs import predict_file
from promptlab.model import LanguageModel
from promptlab.pipeline import Pipeline
from promptlab.task import Example
from promptlab.template import Template
from promptlab.verbalizer import LabelWords, Word

WORDS = LabelWords({"negative": (Word("terrible"),), "positive": (Word("great"),)})
ROWS = [Example({"text": f'row {number}, a "quoted"\nfilm\rwith ends\r\n'}, id=f"r{number}") for number in range(23)]


@pytest.fixture
def pipeline(embedded: LanguageModel) -> Pipeline:
    return Pipeline.of(embedded, Template.parse("{text} it was {mask}."), WORDS)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predict_module, "CHUNK", 5)


def run(pipeline: Pipeline, out: Path, *, resume: bool = False, origin: str = "x") -> int:
    events = predict_file(pipeline, ROWS, out, origin=origin, resume=resume)
    while True:
        try:
            next(events)
        except StopIteration as end:
            return int(end.value)


def test_csv_holds_ids_texts_label_margin_and_all_scores(pipeline: Pipeline, tmp_path: Path) -> None:
    assert run(pipeline, tmp_path / "out.csv") == 23
    with (tmp_path / "out.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["id"] for line in lines] == [row.id for row in ROWS]
    assert [line["text"] for line in lines] == [row.fields["text"] for row in ROWS]
    expected = pipeline([row.fields["text"] for row in ROWS], top_k=None)
    for line, entries in zip(lines, expected, strict=True):
        assert line["label"] == entries[0]["label"]
        assert float(line[f"p({line['label']})"]) == pytest.approx(entries[0]["score"], abs=1e-5)
        assert float(line["margin"]) >= 0
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_jsonl_holds_the_same(pipeline: Pipeline, tmp_path: Path) -> None:
    run(pipeline, tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == [row.id for row in ROWS]
    assert all(sum(line["scores"].values()) == pytest.approx(1, abs=1e-4) for line in lines)


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
@pytest.mark.parametrize("bytes_lost", [0, 1, 7, 40, 10_000])
def test_a_stopped_run_goes_on_to_the_same_file(
    ending: str, bytes_lost: int, pipeline: Pipeline, tmp_path: Path
) -> None:
    run(pipeline, tmp_path / f"whole{ending}")
    out = tmp_path / f"out{ending}"
    events = predict_file(pipeline, ROWS, out, origin="x")
    next(events), next(events)
    events.close()
    partial = tmp_path / f"out{ending}.partial"
    content = partial.read_bytes()
    partial.write_bytes(content[: max(0, len(content) - bytes_lost)])
    assert not out.exists()
    done_now = run(pipeline, out, resume=True)
    assert out.read_bytes() == (tmp_path / f"whole{ending}").read_bytes()
    assert done_now >= 13 and not partial.exists()


def test_a_partial_file_is_neither_overwritten_nor_mixed_up(pipeline: Pipeline, tmp_path: Path) -> None:
    events = predict_file(pipeline, ROWS, tmp_path / "out.csv", origin="x")
    next(events)
    events.close()
    with pytest.raises(ConfigError, match="--resume"):
        run(pipeline, tmp_path / "out.csv")
    with pytest.raises(ConfigError, match="another bundle, model or file"):
        run(pipeline, tmp_path / "out.csv", resume=True, origin="y")


def test_an_existing_file_is_kept(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        run(pipeline, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "mine"


def test_another_ending_and_a_missing_folder_are_refused(pipeline: Pipeline, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.csv or \.jsonl"):
        run(pipeline, tmp_path / "out.xlsx")
    with pytest.raises(ConfigError, match="no folder"):
        run(pipeline, tmp_path / "nowhere" / "out.csv")


def test_a_missing_field_is_said_before_anything_is_written(pipeline: Pipeline, tmp_path: Path) -> None:
    events = predict_file(pipeline, [Example({"body": "x"})], tmp_path / "out.csv", origin="x")
    with pytest.raises(DataError, match="no field 'text'"):
        next(events)
    assert list(tmp_path.iterdir()) == []
