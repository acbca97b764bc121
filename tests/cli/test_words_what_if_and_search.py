"""``promptlab words whatif`` and ``promptlab words search`` as a user runs them, and what they refuse."""

from pathlib import Path
from typing import Any

import pytest

WORDS = "positive=good,fine negative=bad"


def test_what_if_shows_both_halves_and_never_takes_test_rows_unasked(promptlab: Any) -> None:
    ran = promptlab(
        "words", "whatif", "--task", "reviews", "--words", WORDS, "--candidates", "great,awful", "--count", 4
    )
    assert ran.code == 0 and "Rows: dev, 60 rows." in ran.err
    assert "on the half that chooses (30 rows)" in ran.out and "word in use" in ran.out
    assert {line.split()[1] for line in ran.out.splitlines() if line.startswith("negative ")} >= {"great", "awful"}
    assert all(len(line) <= 80 for line in ran.out.splitlines() if line.startswith(("label", "negative", "positive")))


def test_what_if_over_the_whole_vocabulary_as_json(promptlab: Any) -> None:
    ran = promptlab(
        "words", "whatif", "--task", "reviews", "--words", WORDS, "--json", "--count", 3, "--calibrate", "batch"
    )
    (result,) = ran.results
    assert ran.code == 0 and result["candidates"] > 5000 and result["tried"] == 4 * (result["candidates"] - 3)
    assert result["rows"] == {"chosen": 30, "other": 30} and result["split"] == "dev"
    by_label = [change for change in result["changes"] if change["label"] == "negative"]
    assert len(by_label) == 3 and by_label[0]["chosen"] >= by_label[1]["chosen"] >= by_label[2]["chosen"]
    assert by_label[0]["effect"] == pytest.approx(by_label[0]["other"] - result["now"]["other"], abs=1e-6)
    assert [(one["word"], one["worth"] is None) for one in result["worth"]] == [
        ("bad", True),
        ("good", False),
        ("fine", False),
    ]


def test_candidates_that_are_in_use_are_said_and_not_counted(promptlab: Any) -> None:
    asked = ("words", "whatif", "--task", "reviews", "--words", WORDS, "--limit", 20, "--json")
    ran = promptlab(*asked, "--candidates", "Good,bad,great")
    (result,) = ran.results
    assert "In use already, so not tried: bad, good." in ran.err
    assert (result["candidates"], result["tried"]) == (3, 4)
    assert {change["word"] for change in result["changes"]} == {"great"}


def test_candidates_come_from_lists_too_and_words_of_several_pieces_are_left_out(
    promptlab: Any, tmp_path: Path
) -> None:
    (tmp_path / "list.txt").write_text("excellent\nmasterpieceish\n")
    ran = promptlab("words", "whatif", "--task", "reviews", "--words", WORDS, "--list", "list.txt", "--limit", 20)
    assert ran.code == 0 and "Left out, of several pieces in this model: masterpieceish" in ran.err
    assert "excellent" in ran.out and "list.txt" in ran.out


def test_confused_labels_come_with_the_words_that_tell_them_apart(promptlab: Any) -> None:
    ran = promptlab("words", "whatif", "--task", "tickets", "--candidates", "money,parcel,password,software", "--json")
    (result,) = ran.results
    first, *_ = result["confused"]
    assert first["n"] > 0 and {one["label"] for one in first["words"]} <= set(first["labels"])


@pytest.mark.parametrize("method", ["petal", "lm-bff", "autoprompt", "greedy", "beam"])
def test_every_method_reports_on_rows_that_it_never_saw(promptlab: Any, method: str) -> None:
    ran = promptlab("words", "search", "--task", "reviews", "--method", method, "--words", WORDS, "--k", 8)
    assert ran.code == 0 and "Chosen on 8 rows a label (train, seed 13), reported on 60 rows of test." in ran.err
    assert "Chosen among" in ran.out and "too few to te…" not in ran.out and "found, batch" in ran.out
    assert "On 60 rows of test:" in ran.out
    assert all(
        len(line) <= 80 for line in ran.out.splitlines() if line.startswith(("label", "start", "found", "words"))
    )


def test_found_words_are_written_and_can_be_used(promptlab: Any, tmp_path: Path) -> None:
    out = ("--out", "verbalizers/mine.toml#petal")
    ran = promptlab("words", "search", "--task", "reviews", "--k", 8, "--set", "words=3", "--json", *out)
    (result,) = ran.results
    assert ran.code == 0 and result["method"] == "petal" and result["settings"] == {"words": 3}
    assert result["n"] == 60 and result["start"]["n"] == 60 and result["batch"]["found"]["n"] == 60
    text = (tmp_path / "verbalizers" / "mine.toml").read_text()
    assert "PETAL, ratio" in text and "promptlab words search --method petal" in text
    used = promptlab("eval", "--task", "reviews", "--split", "test", "--words", "verbalizers/mine.toml#petal", "--json")
    assert used.results[0]["accuracy"] == result["accuracy"]
    again = promptlab("words", "search", "--task", "reviews", *out)
    assert again.code == 2 and "--replace" in again.err


def test_several_templates_are_searched_together_and_reported_as_an_ensemble(promptlab: Any) -> None:
    templates = ("--template", "{text} It was {mask}.", "--template", "Just {mask}! {text}")
    ran = promptlab("words", "search", "--task", "reviews", "--k", 4, "--json", *templates)
    (result,) = ran.results
    assert ran.code == 0 and len(result["template"]) == 2 and result["batch"] is None
    refused = promptlab("words", "search", "--task", "reviews", "--method", "autoprompt", *templates)
    assert refused.code == 2 and "one template" in refused.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("whatif", "--candidates", " , "), "--candidates holds no word"),
        (("whatif", "--list", "none.txt"), "none.txt"),
        (("whatif", "--words", "positive=good negative=good"), "under two labels"),
        (("whatif", "--template", "sst2"), "--template names"),
        (("whatif", "--split", "tset"), "Did you mean 'test'?"),
        (("whatif", "--candidates", "masterpieceish"), "has several pieces"),
        (("search", "--k", 500), "has 40 rows in train"),
        (("search", "--method", "patel"), "Invalid value for '--method'"),
        (("search", "--set", "wrds=3"), "Did you mean 'words'?"),
        (("search", "--set", "words"), "words=5"),
        (("search", "--set", "words=many"), "takes a whole number, not 'many'"),
        (("search", "--set", "words=0"), "at least 1 word"),
        (("search", "--split", "train"), "would not be on unseen rows"),
        (("search", "--candidates", "great"), "1 candidate word for 2 labels"),
        (("search", "--method", "greedy", "--k", 1), "has one row"),
        (("search", "--words", "sst2"), "--words names"),
        (("search", "--out", "mine.toml"), "verbalizers/mine.toml#name"),
    ],
)
def test_bad_input_gets_a_sentence_and_exit_code_2(
    promptlab: Any, arguments: tuple[object, ...], message: str, tmp_path: Path
) -> None:
    ran = promptlab("words", arguments[0], "--task", "reviews", *arguments[1:])
    assert ran.code == 2 and message in ran.err and ran.out == ""
    assert "Traceback" not in ran.err and not list(tmp_path.glob("*.toml"))


def test_a_task_whose_only_rows_are_for_testing_must_be_told_so(promptlab: Any, tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "test.csv").write_text("text,label\n" + "a fine film,good\na poor film,bad\n" * 4)
    given = ("--task", "task", "--words", "good=great bad=poor", "--candidates", "fine")
    refused = promptlab("words", "whatif", *given)
    assert refused.code == 2 and "--split" in refused.err
    assert promptlab("words", "whatif", *given, "--split", "test").code == 0


def test_one_file_of_rows_gives_shots_and_unseen_rows(promptlab: Any, films: Path) -> None:
    ran = promptlab("words", "search", "--task", films, "--words", "good=great bad=poor", "--k", 2)
    assert ran.code == 0 and "reported on 12 rows" in ran.err
    assert "batch" not in ran.out  # four texts are too few to fit a calibration
