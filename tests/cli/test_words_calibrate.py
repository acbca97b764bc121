"""``words calibrate``: kinds beside each other on the same rows, one of them kept, and wrong ways to ask for it."""

from pathlib import Path
from typing import Any

import pytest

from promptlab.verbalizer import read_words

WORDS = "good=great bad=terrible"
KINDS = ["batch", "contextual", "domain", "pmi", "word"]


def table(path: Path, rows: list[tuple[str, str]]) -> Path:
    """A file of texts and labels."""
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    return path


def test_every_kind_stands_beside_the_uncalibrated_figures(promptlab: Any, films: Path) -> None:
    ran = promptlab("words", "calibrate", "--task", films, "--words", WORDS)
    assert ran.code == 0 and all(len(line) <= 80 for line in ran.out.splitlines()[6:])
    for part in ("uncalibrated", *KINDS, "ECE", "Brier", "log-loss", "verdict", "on 16 evaluated texts of films"):
        assert part in ran.out
    results = promptlab("words", "calibrate", "--task", films, "--words", WORDS, "--json").results
    assert [one["calibration"]["kind"] for one in results] == KINDS
    raw = results[0]["calibration"]["raw"]
    assert all(one["calibration"]["raw"] == raw and one["n"] == 16 for one in results)


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_is_kept_with_the_words_and_evaluates_alike(kind: str, promptlab: Any, films: Path) -> None:
    asked = ("words", "calibrate", "--task", films, "--words", WORDS, "--kind", kind, "--json")
    ran = promptlab(*asked, "--out", "mine.toml#calibrated")
    (result,) = ran.results
    calibration = read_words(Path("mine.toml"))["calibrated"].calibration
    assert calibration is not None and calibration.kind == kind
    (again,) = promptlab("eval", "--task", films, "--words", "mine.toml#calibrated", "--json").results
    assert again["log_loss"] == pytest.approx(result["log_loss"], abs=1e-5)
    assert again["calibration"]["raw"]["log_loss"] == pytest.approx(result["calibration"]["raw"]["log_loss"], abs=1e-5)
    (direct,) = promptlab("eval", "--task", films, "--words", WORDS, "--calibrate", kind, "--json").results
    assert direct["log_loss"] == pytest.approx(result["log_loss"], abs=1e-5)


def test_kinds_that_lack_texts_are_left_out_and_said(promptlab: Any, tmp_path: Path) -> None:
    few = table(tmp_path / "few.csv", [("a fine film", "good"), ("dull", "bad"), ("great fun", "good")])
    ran = promptlab("words", "calibrate", "--task", few, "--words", WORDS, "--json")
    assert [one["calibration"]["kind"] for one in ran.results] == ["contextual", "pmi"]
    assert ran.err.count("Left out: The calibration") == 3
    ran = promptlab("words", "calibrate", "--task", few, "--words", WORDS, "--kind", "word")
    assert ran.code == 2 and "needs 10 texts or more, and there are 3 texts" in ran.err


def test_words_that_are_far_likelier_before_any_text_are_said(promptlab: Any, films: Path) -> None:
    ran = promptlab("words", "calibrate", "--task", films, "--words", "good=good bad=horrid", "--kind", "contextual")
    assert "'good' is" in ran.err and "x likelier than 'horrid' before any text." in ran.err


def test_lopsided_labels_are_said(promptlab: Any, tmp_path: Path) -> None:
    rows = [(f"a fine film {number}", "good") for number in range(12)] + [("dull", "bad"), ("very dull", "bad")]
    ran = promptlab("words", "calibrate", "--task", table(tmp_path / "many.csv", rows), "--words", WORDS)
    assert "The labels are 6:1 here" in ran.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--kind", "bath"), "--kind takes batch or contextual or domain or pmi or word, not 'bath'"),
        (("--out", "mine.toml#x"), "--out keeps one kind of calibration: name it with one --kind."),
        (("--kind", "pmi", "--kind", "word", "--out", "mine.toml#x"), "with one --kind"),
        (("--kind", "batch", "--premise", "It was"), "--premise goes with --kind pmi"),
        (("--kind", "pmi", "--premise", "The {text} was"), "--premise has the field 'text'"),
        (("--kind", "pmi", "--premise", "{mask} {mask}"), "The premise has 2 slots"),
    ],
)
def test_wrong_options_are_one_sentence(options: tuple[str, ...], message: str, promptlab: Any, films: Path) -> None:
    ran = promptlab("words", "calibrate", "--task", films, "--words", WORDS, *options)
    assert ran.code == 2 and message in ran.err and not Path("mine.toml").exists()
