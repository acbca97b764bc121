"""From a stored run to a bundle, to predictions of texts and files, and to one prediction taken apart."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

WORDS = "good=great bad=terrible"


@pytest.fixture
def bundle(promptlab: Any, films: Path) -> Path:
    """The bundle of a calibrated run on the films."""
    promptlab("eval", "--task", films, "--words", WORDS, "--calibrate", "batch")
    assert promptlab("bundle", "save", "last", "b").code == 0
    return Path("b")


def test_a_bundle_says_what_it_holds_without_its_model(promptlab: Any, bundle: Path) -> None:
    shown = promptlab("bundle", "show", bundle)
    assert "good=great  bad=terrible" in shown.out and "batch, on 16 evaluated texts" in shown.out
    assert "on films all" in shown.out and shown.err == ""
    (table,) = promptlab("bundle", "show", bundle, "--json").results
    assert table["verbalizer"]["calibration"]["kind"] == "batch" and table["metrics"]["n"] == 16


def test_a_bundle_does_not_replace_a_folder(promptlab: Any, bundle: Path) -> None:
    ran = promptlab("bundle", "save", 1, bundle)
    assert ran.code == 2 and "exists already" in ran.err


def test_a_text_gets_a_label_and_every_probability(promptlab: Any, bundle: Path) -> None:
    (result,) = promptlab("predict", bundle, "a wonderful film", "--json").results
    assert result["label"] == "good" and list(result["scores"]) == ["good", "bad"]
    assert promptlab("predict", bundle, "a wonderful film").out.splitlines()[0].split() == [
        "good",
        f"{result['score']:.3f}",
    ]


def test_the_bundle_scores_a_row_alone_as_the_run_scored_it(promptlab: Any, bundle: Path) -> None:
    rows = promptlab("runs", "rows", 1, "--json").results
    for row in rows[:3]:
        (alone,) = promptlab("predict", bundle, row["fields"]["text"], "--json").results
        assert alone["scores"] == pytest.approx(row["probabilities"], abs=5e-3)


def test_lines_of_standard_input_are_labelled(promptlab: Any, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a wonderful film\na terrible film\n"))
    lines = promptlab("predict", bundle, "-").out.splitlines()
    assert [line.split()[0] for line in lines] == ["good", "bad"]


def test_a_file_becomes_a_file_with_every_probability(promptlab: Any, bundle: Path, films: Path) -> None:
    ran = promptlab("predict", bundle, films, "--out", "out.csv")
    assert ran.code == 0 and ran.out == "" and "Wrote 16 rows" in ran.err
    rows = list(csv.DictReader(io.StringIO(Path("out.csv").read_text())))
    assert len(rows) == 16 and {"id", "text", "label", "margin", "p(good)", "p(bad)"} <= rows[0].keys()
    (result,) = promptlab("predict", bundle, films, "--out", "out.jsonl", "--no-texts", "--json").results
    assert result == {"out": "out.jsonl", "n": 16, "labels": ["good", "bad"]}
    assert "text" not in json.loads(Path("out.jsonl").read_text().splitlines()[0])
    assert list(Path().glob("*.partial*")) == []


def test_a_file_without_labels_is_fine(promptlab: Any, bundle: Path) -> None:
    Path("plain.csv").write_text("note\na wonderful film\na terrible film\n")
    assert promptlab("predict", bundle, "plain.csv", "--text", "note", "--out", "out.csv").code == 0
    assert [row["label"] for row in csv.DictReader(Path("out.csv").read_text().splitlines())] == ["good", "bad"]


def test_a_file_needs_a_place_for_its_predictions(promptlab: Any, bundle: Path, films: Path) -> None:
    assert "add --out" in promptlab("predict", bundle, films).err
    assert promptlab("predict", bundle, "a text", "--out", "out.csv").code == 2
    missing = promptlab("predict", bundle, "nofile.csv", "--out", "out.csv")
    assert missing.code == 2 and "There is no file 'nofile.csv'" in missing.err


def test_why_takes_a_row_of_a_run_apart(promptlab: Any, bundle: Path) -> None:
    row = promptlab("runs", "rows", 1, "--json").results[0]
    ran = promptlab("why", "--run", 1, "--row", row["id"])
    assert ran.code == 0 and "The prompt as the model saw it" in ran.out
    assert row["fields"]["text"].lower() in ran.out and "it was {mask}" in ran.out
    assert "uncalibrated" in ran.out and "Likeliest at the slot" in ran.out
    (result,) = promptlab("why", "--run", 1, "--row", row["id"], "--json").results
    assert result["prediction"] == row["predicted"] and result["label"] == row["label"] and result["id"] == row["id"]
    assert len(result["top"][0]) == 20 and {word["word"] for word in result["words"]} == {"great", "terrible"}
    assert max(map(len, ran.out.splitlines())) <= 80


def test_why_takes_a_row_by_its_number(promptlab: Any, films: Path) -> None:
    (first,) = promptlab("why", "--task", films, "--row", 1, "--json").results
    assert "a wonderful film" in first["prompt"] and first["label"] == "good"
    beyond = promptlab("why", "--task", films, "--row", 17)
    assert beyond.code == 2 and "a number from 1 to 16" in beyond.err


def test_why_takes_a_text_with_words_of_its_own(promptlab: Any) -> None:
    (result,) = promptlab("why", "a fine film", "--words", "pos=great neg=bad", "--json").results
    assert set(result["labels"]) == {"pos", "neg"} and result["label"] is None
    pair = ("--template", "{premise}? {mask}, {hypothesis}", "--words", "yes=yes no=no")
    (result,) = promptlab("why", "It rains.", "It is wet.", *pair, "--json").results
    assert "it rains.?" in result["prompt"] and "it is wet." in result["prompt"]


def test_why_takes_a_bundle(promptlab: Any, bundle: Path) -> None:
    (result,) = promptlab("why", "a wonderful film", "--bundle", bundle, "--json").results
    assert result["prediction"] == "good" and result["raw"] != result["labels"]


@pytest.mark.parametrize(
    "given, said",
    [
        ((), "Name one thing to explain"),
        (("a text", "--row", "1"), "Name one thing to explain"),
        (("--row", "1"), "--row needs --task or --run"),
        (("a text", "--run", "1", "--words", "a=b c=d"), "--words does not go with a stored run"),
        (("a text", "--bundle", "b", "--dtype", "float32"), "--dtype does not go with a bundle"),
        (("a text", "--words", "sst2"), "--words names 4 entries"),
    ],
)
def test_why_says_what_does_not_go_together(promptlab: Any, given: tuple[str, ...], said: str) -> None:
    ran = promptlab("why", *given)
    assert ran.code == 2 and said in ran.err
