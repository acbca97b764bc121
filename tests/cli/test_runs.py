"""Stored runs: listed, shown, compared, their rows read again, exported, pinned and deleted."""

import csv
import io
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WORDS = "good=great bad=terrible"


@pytest.fixture
def stored(promptlab: Any, films: Path) -> Any:
    """Two runs: one right on most rows, one with the words turned round."""
    promptlab("eval", "--task", films, "--words", WORDS)
    promptlab("eval", "--task", films, "--words", "good=terrible bad=great")
    return promptlab


def test_runs_are_listed_the_newest_first(stored: Any) -> None:
    listed = stored("runs", "list")
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == ["2", "1"]
    assert max(map(len, listed.out.splitlines())) <= 80
    results = stored("runs", "list", "--json", "--limit", 1).results
    assert [result["run"] for result in results] == [2] and len(results[0]["hash"]) == 64


def test_a_run_is_shown_as_eval_printed_it(stored: Any, films: Path) -> None:
    shown = stored("runs", "show", "last-1").out
    assert "true \\ predicted" in shown and "good=great" in shown
    (result,) = stored("runs", "show", 1, "--json").results
    assert result["spec"]["options"]["task"] == str(films) and result["spec"]["verbalizer"]["words"]["good"] == [
        "great"
    ]


def test_no_text_of_a_row_is_in_the_store(stored: Any) -> None:
    assert b"wonderful film" not in Path(".promptlab/runs.db").read_bytes()


def test_wrong_rows_come_with_text_margin_and_probabilities_the_worst_first(stored: Any) -> None:
    rows = stored("runs", "rows", 2, "--wrong", "--json").results
    assert rows and all(row["label"] != row["predicted"] and row["margin"] < 0 for row in rows)
    assert [row["margin"] for row in rows] == sorted(row["margin"] for row in rows)
    assert all(abs(sum(row["probabilities"].values()) - 1) < 1e-4 and row["fields"]["text"] for row in rows)
    shown = stored("runs", "rows", 2, "--wrong", "--limit", 2)
    assert rows[0]["id"] in shown.out and rows[0]["fields"]["text"] in shown.out
    assert f"{len(rows)} rows of 16, 2 shown" in shown.err


def test_rows_are_chosen_by_label_and_prediction(stored: Any) -> None:
    rows = stored("runs", "rows", 1, "--label", "GOOD", "--predicted", "good", "--json").results
    assert rows and {(row["label"], row["predicted"]) for row in rows} == {("good", "good")}
    unknown = stored("runs", "rows", 1, "--label", "goood")
    assert unknown.code == 2 and "Did you mean 'good'?" in unknown.err


def test_rows_are_exported_to_csv(stored: Any) -> None:
    assert stored("runs", "rows", 2, "--out", "rows.csv").code == 0
    rows = list(csv.DictReader(io.StringIO(Path("rows.csv").read_text())))
    assert len(rows) == 16 and list(rows[0]) == ["id", "text", "label", "predicted", "margin", "p(good)", "p(bad)"]
    assert {row["text"] for row in rows} >= {"a wonderful film"}
    assert '"a wonderful film","good"' in Path("rows.csv").read_text()  # text in quotes, numbers without
    assert not any(row["margin"].startswith('"') for row in rows)
    again = stored("runs", "rows", 2, "--out", "rows.csv")
    assert again.code == 2 and "exists already" in again.err


def test_exported_rows_hold_the_fields_of_the_template_in_columns_of_their_own(promptlab: Any, tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("id,review,predicted,verdict\n7,a fine film,yes,good\n8,a poor film,no,bad\n")
    about = ("--task", path, "--text", "review", "--label", "verdict", "--words", "good=great bad=terrible")
    promptlab("eval", *about, "--template", "{review} {predicted} {mask}")
    assert promptlab("runs", "rows", 1, "--out", "rows.csv").code == 0
    head, *rows = csv.reader(io.StringIO(Path("rows.csv").read_text()))
    figures = ["label", "predicted", "margin", "p(good)", "p(bad)"]
    assert head[:3] == ["id", "review", "field predicted"] and sorted(head[3:]) == sorted(figures)
    assert {(row[1], row[2]) for row in rows} == {("a fine film", "yes"), ("a poor film", "no")}


def test_rows_of_changed_data_come_without_text_and_it_is_said(stored: Any, films: Path) -> None:
    films.write_text(films.read_text().replace("wonderful", "splendid"))
    ran = stored("runs", "rows", 1, "--json")
    assert "The data changed since run 1" in ran.err and all(row["fields"] == {} for row in ran.results)
    films.unlink()
    assert "cannot be read again" in stored("runs", "rows", 1).err


def test_two_runs_are_compared_in_words(stored: Any) -> None:
    ran = stored("compare", 2, 1)
    assert "Run 1 is better: +" in ran.out
    (result,) = stored("compare", 2, 1, "--json").results
    assert result["verdict"] == "second" and result["n"] == 16
    assert stored("compare", 1).code == 2


def test_runs_on_different_data_are_not_compared(stored: Any) -> None:
    stored("eval", "--task", "reviews", "--limit", 4)
    ran = stored("compare", 1, 3)
    assert ran.code == 2 and "Only runs on the same data can be compared" in ran.err


def test_runs_before_and_after_a_change_of_the_data_are_not_compared(stored: Any, films: Path) -> None:
    films.write_text(films.read_text().replace("wonderful", "splendid"))
    stored("eval", "--task", films, "--words", WORDS)
    ran = stored("compare", 1, 3)
    assert ran.code == 2 and "changed between run 1 and run 3: evaluate both again" in ran.err and not ran.out


def test_a_run_is_pinned_and_the_mark_taken_away(stored: Any) -> None:
    stored("runs", "pin", 1)
    assert "pinned 1" in stored("runs", "list").out
    stored("runs", "pin", 1, "--off")
    assert "pinned" not in stored("runs", "list").out


def test_runs_are_deleted_on_a_yes_alone(stored: Any) -> None:
    refused = stored("runs", "delete", 1)
    assert refused.code == 2 and "--yes" in refused.err and stored("runs", "show", 1).code == 0
    assert stored("runs", "delete", 1, "last", "--yes").code == 0
    assert "There are no runs." in stored("runs", "list").out
    assert stored("runs", "show", 1).code == 2


def test_a_folder_without_runs_says_how_to_get_one(promptlab: Any) -> None:
    ran = promptlab("runs", "list")
    assert ran.code == 2 and "promptlab eval" in ran.err and not Path(".promptlab").exists()


def test_a_workspace_that_is_a_file_is_refused(promptlab: Any, films: Path) -> None:
    ran = promptlab("runs", "list", "--workspace", films)
    assert ran.code == 2 and "is a file, and a workspace is a folder" in ran.err


def test_runs_are_looked_at_on_a_full_disk(stored: Any, shared_cache: Path) -> None:
    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    for arguments in (("runs", "list"), ("runs", "rows", "1"), ("compare", "1", "2")):
        command = [sys.executable, "-m", "promptlab", *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, env=environment, preexec_fn=fill)
        assert ran.returncode == 0 and ran.stdout, ran.stderr
