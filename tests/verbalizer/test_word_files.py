"""Verbalizer files: reading, writing with comments kept, tables for bundles, and the checks of data."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptlab.errors import ConfigError
from promptlab.verbalizer import (
    Calibration,
    LabelWords,
    Word,
    check_words,
    from_table,
    read_words,
    save_words,
    to_table,
)

numbers = st.floats(allow_nan=False, allow_infinity=False)
strings = st.text(max_size=6)
word = st.builds(
    Word,
    strings | st.lists(strings, min_size=1, max_size=3).map(tuple),
    numbers,
    st.none() | numbers,
    strings,
    st.booleans(),
)
calibrations = st.builds(
    Calibration,
    st.sampled_from(["contextual", "batch", "word"]),
    st.none() | st.tuples(numbers, numbers),
    st.none() | st.dictionaries(strings, numbers, max_size=2),
    strings,
)
label_words = st.builds(
    LabelWords,
    st.fixed_dictionaries({"a": st.lists(word, max_size=3).map(tuple), "b c": st.lists(word, max_size=2).map(tuple)}),
    st.sampled_from(["first", "mean", "max", "whole"]),
    st.sampled_from(["mean", "logsumexp", "max"]),
    st.none() | calibrations,
    source=strings,
)


@given(label_words)
def test_a_table_survives_json(words: LabelWords) -> None:
    assert from_table(json.loads(json.dumps(to_table(words))), where="x") == words


def test_saving_keeps_comments_order_and_other_entries(tmp_path: Path) -> None:
    path = tmp_path / "verbalizers" / "mine.toml"
    path.parent.mkdir()
    path.write_text(
        '# mine\n[old]\nwords.a = ["x"] # keep\nwords.b = ["y"]\n\n[other]\nwords.a = ["p"]\nwords.b = ["q"]\n'
    )
    words = LabelWords({"a": (Word("x", 2.0), Word(("u", "v"))), "Message-Topic(e1,e2)": (Word("z"),)}, "whole", "max")
    save_words(words, path, "new")
    text = path.read_text()
    assert text.startswith("# mine\n[old]\n") and "# keep" in text
    saved = read_words(path)
    assert list(saved) == ["old", "other", "new"]
    assert saved["new"].words == words.words and saved["new"].pieces == "whole"
    save_words(saved["other"], path, "old")
    assert list(read_words(path)) == ["old", "other", "new"]
    assert read_words(path)["old"].words == saved["other"].words


def test_saving_makes_file_and_folder(tmp_path: Path) -> None:
    words = LabelWords({"a": (Word("x"),)})
    save_words(words, tmp_path / "verbalizers" / "new.toml", "first")
    assert read_words(tmp_path / "verbalizers" / "new.toml")["first"].words == words.words


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match=r"mine\.toml cannot be written: .*\. Choose another place\."):
        save_words(LabelWords({"a": (Word("x"),)}), tmp_path / "file" / "mine.toml", "first")


def test_reads_the_three_forms_of_a_word(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        '[n]\nwords.a = ["x", ["y", "z"], {text = "w", weight = 2, prior = -1, provenance = "wordnet", on = false}]\n'
    )
    assert read_words(path)["n"].words["a"] == (Word("x"), Word(("y", "z")), Word("w", 2.0, -1.0, "wordnet", False))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('words.a = "x"', "words.a is 'x', and a list"),
        ("words.a = [3]", "words.a, word 1 is 3"),
        ("words.a = [[]]", "word 1 is"),
        ('words.a = [{txt = "x"}]', "unknown key 'txt'.*'text'"),
        ('words.a = [{text = "x", weight = "y"}]', "weight is 'y', and a number"),
        ('words.a = [{text = "x", weight = nan}]', "and a number"),
        ('words.a = [{text = "x", on = 1}]', "true or false"),
        ('words.a = ["x"]\npieces = "firts"', "pieces is 'firts'.*'first'"),
        ('words.a = ["x"]\ncombine = 1', "combine is 1"),
        ('word.a = ["x"]', "unknown key 'word'.*'words'"),
        ('source = "x"', "needs words.label"),
        ('words.a = ["x"]\ncalibration = {kind = "bacth"}', "kind is 'bacth'.*'batch'"),
        ('words.a = ["x"]\ncalibration = {kind = "batch", label_prior = [1.0, 2.0]}', "2 numbers, and there are 1"),
        ('words.a = ["x"]\ncalibration = {kind = "word", word_prior = {x = "y"}}', "a table of numbers"),
    ],
)
def test_wrong_entries_are_said_with_file_and_key(tmp_path: Path, entry: str, said: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(f"[n]\n{entry}\n")
    with pytest.raises(ConfigError, match=said) as caught:
        read_words(path)
    assert f"{path}, [n]" in str(caught.value)


def test_an_unknown_key_of_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('tsk = "x"\n[n]\nwords.a = ["x"]\n')
    with pytest.raises(ConfigError, match="unknown key 'tsk'"):
        read_words(path)


GOOD: dict[str, Any] = {"a": (Word("x"),), "b": (Word("y"),)}


@pytest.mark.parametrize(
    ("changed", "slots", "said"),
    [
        ({"b": ()}, 1, "'b' has no words"),
        ({"b": (Word("y", on=False),)}, 1, "'b' has no words"),
        ({"b": (Word("y", weight=0.0),)}, 1, "'b' has no words"),
        ({"b": (Word("X"),)}, 1, "'X' stands under two labels"),
        ({"b": (Word(("y", "z")),)}, 1, "2 strings.*1 slot"),
        ({}, 2, "1 string.*2 slots"),
        ({"b": (Word("y", weight=-1.0),)}, 1, "weight -1"),
        ({"b": (Word("y", weight=math.inf),)}, 1, "weight inf"),
        ({"b": (Word("y", prior=-math.inf),)}, 1, "prior -inf"),
        ({"b": (Word(" "),)}, 1, "empty word"),
        ({"c": (Word("z"),)}, 1, "unknown label 'c'"),
    ],
)
def test_words_that_cannot_be_scored_are_refused(changed: dict[str, Any], slots: int, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_words(LabelWords(GOOD | changed), ["a", "b"], slots=slots)


@pytest.mark.parametrize(
    ("words", "slots"),
    [
        (GOOD, 1),
        ({"a": (Word(("x", "same")),), "b": (Word(("y", "same")),)}, 2),
        (GOOD | {"b": (Word("y"), Word("x", on=False))}, 1),
    ],
)
def test_words_that_fit_pass_unchanged(words: dict[str, Any], slots: int) -> None:
    table = LabelWords(words)
    check_words(table, ["a", "b"], slots=slots)
    assert table == LabelWords(words)
