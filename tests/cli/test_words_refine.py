"""``words refine``: what is dropped and why, what is written, what it changes, and every way to ask for it wrongly."""

import json
from pathlib import Path
from typing import Any

import pytest

from promptlab.verbalizer import read_words

LISTS = """# lists of mine
[lists]
words.bad = ["bad", "awful", "terrible", "wonderful", "film", "zzyzx"]
words.good = ["good", "great", "wonderful", "superb", "film"]

[other]  # keep
words.bad = ["poor"]
words.good = ["fine"]
"""


@pytest.fixture
def lists(tmp_path: Path) -> str:
    """Two labels' lists with words in both."""
    (tmp_path / "mine.toml").write_text(LISTS)
    return "mine.toml#lists"


def judged(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{one['label']}/{one['word']}": one for one in result["judged"]}


def test_dropped_words_are_shown_with_the_reason_and_written_as_off(promptlab: Any, films: Path, lists: str) -> None:
    asked = ("words", "refine", "--task", films, "--words", lists, "--keep", "0.3", "--relevance")
    ran = promptlab(*asked, "--out", "mine.toml#refined")
    assert ran.code == 0
    assert all(len(line) <= 80 for line in ran.out.splitlines() if "No label was used" not in line)
    for part in ("label", "pieces", "prior", "rank", "kept", "of several labels", "as given", "No label was used"):
        assert part in ran.out
    assert "without their labels" in ran.err and "Written: --words mine.toml#refined" in ran.err
    text = Path("mine.toml").read_text()
    assert text.startswith(LISTS.rstrip())
    words = read_words(Path("mine.toml"))["refined"].words
    by_word = {label: {str(word): word for word in row} for label, row in words.items()}
    assert by_word["good"]["film"].dropped == "of several labels: also under 'bad'" and not by_word["good"]["film"].on
    assert by_word["bad"]["bad"].on and by_word["bad"]["bad"].prior is not None
    assert all(word.on != bool(word.dropped) for row in words.values() for word in row)


def test_the_result_as_json(promptlab: Any, films: Path, lists: str) -> None:
    asked = ("words", "refine", "--task", films, "--words", lists, "--keep", "0.3", "--relevance", "--json")
    (result,) = promptlab(*asked).results
    assert {"task", "split", "n", "accuracy", "interval", "ece", "brier", "before", "comparison"} <= set(result)
    assert (result["form"], result["keep"], result["relevance"]) == ("paper", 0.3, True)
    found = judged(result)
    one = found["bad/zzyzx"]
    assert one["dropped"].startswith(("rare: prior", "nearer to")) and one["pieces"] > 1 and not one["on"]
    assert one["rank"] <= result["vocabulary"]
    assert found["bad/bad"]["on"] and found["bad/bad"]["relevance"] >= 1
    assert result["before"]["n"] == result["n"] == 16


def test_a_refined_file_is_used_and_a_word_brought_back(promptlab: Any, films: Path, lists: str) -> None:
    asked = ("words", "refine", "--task", films, "--keep", "0.001")
    promptlab(*asked, "--words", lists, "--out", "mine.toml#refined")
    assert promptlab("eval", "--task", films, "--words", "mine.toml#refined").code == 0
    ran = promptlab(*asked, "--words", "mine.toml#refined", "--bring-back", "superb, awful", "--json")
    found = judged(ran.results[0])
    assert found["good/superb"]["on"] and found["bad/awful"]["on"]
    assert found["good/great"]["dropped"] or found["good/great"]["on"]


def test_a_label_that_keeps_its_name_alone_is_said(promptlab: Any, films: Path, lists: str) -> None:
    ran = promptlab("words", "refine", "--task", films, "--words", lists, "--keep", "0.00001")
    assert ran.code == 0
    assert "The label 'bad' keeps its name 'bad' alone: its 5 other words were dropped." in ran.err
    assert "good: 1 kept, 4 dropped" in ran.out


def test_for_sentiment_only_shared_words_go_and_that_is_said(promptlab: Any, lists: str) -> None:
    words = "positive=good,great negative=bad,awful"
    ran = promptlab("words", "refine", "--task", "reviews", "--words", words, "--limit", "20", "--json")
    assert "For sentiment, KPT drops no rare or irrelevant words: --keep 0.5 --relevance drops them here." in ran.err
    (result,) = ran.results
    assert (result["keep"], result["relevance"]) == (1.0, False)
    assert all(one["on"] for one in result["judged"])


@pytest.mark.parametrize(("form", "combine"), [("paper", "logsumexp"), ("code", None)])
def test_with_calibration_priors_are_frozen_into_the_words(
    form: str, combine: str | None, promptlab: Any, films: Path, lists: str
) -> None:
    asked = ("words", "refine", "--task", films, "--words", lists, "--form", form, "--calibrate", "--json")
    (result,) = promptlab(*asked, "--out", "mine.toml#kpt").results
    table = result["words"]
    assert table["calibration"]["kind"] == "word" and table.get("combine") == combine
    assert "16 texts of films" in table["calibration"]["support"]
    (again,) = promptlab("eval", "--task", films, "--words", "mine.toml#kpt", "--json").results
    assert again["accuracy"] == result["accuracy"] and again["calibration"]["kind"] == "word"


def test_all_words_are_shown_on_request(promptlab: Any, films: Path, tmp_path: Path) -> None:
    many = ["good", "great", "fine", "nice", "lovely", "superb", "perfect", "happy", "glad", "warm", "funny", "best"]
    (tmp_path / "many.toml").write_text(f'[many]\nwords.good = {json.dumps(many)}\nwords.bad = ["bad"]\n')
    asked = ("words", "refine", "--task", films, "--words", "many.toml#many", "--keep", "1", "--no-relevance")
    assert "... 4 more" in promptlab(*asked).out
    every = promptlab(*asked, "--all").out
    assert "more" not in every and "best" in every


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--keep", "0"), "--keep 0: the share of the vocabulary that stays is above 0"),
        (("--keep", "half"), "'--keep': Input should be a valid number"),
        (("--form", "draft"), "draft"),
        (("--texts", "5"), "10 texts or more, and there are too few: 5 texts of films"),
        (("--texts", "0"), "Invalid value for '--texts'"),
        (("--limit", "5"), "5 texts of films"),
        (("--bring-back", ", "), "--bring-back holds no word"),
        (("--bring-back", "grate"), "There is no word 'grate' to bring back. Did you mean 'great'?"),
        (("--bring-back", "film"), "'film' stands under several labels"),
        (("--template", "{text} {mask} and {mask}"), "2 slots"),
        (("--template", "{text} It was {mask}", "--template", "sst2"), "entries"),
        (("--out", "mine.toml"), "write the file and the entry's name"),
        (("--out", "mine.toml#other"), "has an entry 'other' already"),
        (("--words", "mine.toml"), "--words names 2 entries"),
        (("--words", "good=good,bad bad=bad"), "stands under two labels"),
    ],
)
def test_wrong_options_are_one_sentence_and_leave_the_file(
    options: tuple[str, ...], message: str, promptlab: Any, films: Path, lists: str
) -> None:
    ran = promptlab("words", "refine", "--task", films, "--words", lists, *options)
    assert ran.code == 2 and message in ran.err and "Traceback" not in ran.err
    assert Path("mine.toml").read_text() == LISTS
