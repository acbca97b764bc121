"""Bad input: each gets one or two plain sentences and exit code 2, without a traceback and with nothing written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import promptlab as package

Case = Callable[[Path], tuple[tuple[object, ...], str]]
WORDS = "good=great bad=terrible"


def films(folder: Path) -> Path:
    path = folder / "films.csv"
    path.write_text("text,label\na fine film,good\na poor film,bad\n")
    return path


def model_folder(folder: Path) -> Path:
    """A copy of the embedded model that a case may spoil."""
    copy = folder / "copied"
    shutil.copytree(Path(package.__file__).parent / "model" / "embedded", copy)
    return copy


def a_missing_file(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", folder / "none.csv"), "There is no file"


def an_empty_file(folder: Path) -> tuple[tuple[object, ...], str]:
    (folder / "empty.csv").write_text("")
    return ("--task", folder / "empty.csv"), "empty"


def a_wrong_column(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--text", "txt"), "Did you mean 'text'?"


def an_unknown_label(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--labels", "good=fine,bd=poor"), "the label 'bad'"


def no_labelled_row(folder: Path) -> tuple[tuple[object, ...], str]:
    (folder / "plain.csv").write_text("text,label\na film,\nanother film,\n")
    return ("--task", folder / "plain.csv"), "--label"


def text_that_no_encoding_fits(folder: Path) -> tuple[tuple[object, ...], str]:
    (folder / "odd.csv").write_bytes(b"text,label\na fine film,good\na p\xff\xfe\x81or film,bad\n")
    return ("--task", folder / "odd.csv", "--encoding", "utf-8"), "line 3"


def a_template_without_a_slot(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--template", "{text} It was good."), "{mask}"


def a_template_with_an_unknown_field(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--template", "{txt} It was {mask}."), "unknown field 'txt'"


def a_template_that_does_not_parse(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--template", "{text It was {mask}."), "line 1, column"


def a_label_without_words(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--words", "good=great"), "'bad'"


def a_word_under_two_labels(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--words", "good=great bad=great"), "under two labels"


def an_unknown_label_in_the_words(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--words", "good=great bat=terrible"), "good, bad"


def an_unknown_option_in_a_toml_file(folder: Path) -> tuple[tuple[object, ...], str]:
    (folder / "run.toml").write_text('tempate = "sst2"\n')
    return ("--spec", folder / "run.toml"), "Did you mean 'template'?"


def an_unknown_key_in_task_toml(folder: Path) -> tuple[tuple[object, ...], str]:
    (folder / "task").mkdir()
    (folder / "task" / "test.csv").write_text("text,label\na film,good\nno film,bad\n")
    (folder / "task" / "task.toml").write_text('lable = "label"\n')
    return ("--task", folder / "task"), "Did you mean 'label'?"


def labels_that_are_bare_numbers(folder: Path) -> tuple[tuple[object, ...], str]:
    (folder / "numbers.csv").write_text("text,label\na fine film,1\na poor film,0\n")
    return ("--task", folder / "numbers.csv", "--template", "{text} {mask}"), "--labels '0=name,1=name'"


def a_model_folder_that_is_none(folder: Path) -> tuple[tuple[object, ...], str]:
    (folder / "nothing").mkdir()
    return ("--task", films(folder), "--words", WORDS, "--model", folder / "nothing"), "is not a model folder"


def a_model_without_a_head(folder: Path) -> tuple[tuple[object, ...], str]:
    from safetensors.torch import load_file, save_file

    copy = model_folder(folder)
    weights = load_file(copy / "model.safetensors")
    body = {name: value for name, value in weights.items() if not name.startswith("cls.")}
    assert len(body) < len(weights)
    save_file(body, copy / "model.safetensors", metadata={"format": "pt"})
    return ("--task", films(folder), "--words", WORDS, "--model", copy), "no trained word-prediction head"


def weights_that_are_not_safetensors(folder: Path) -> tuple[tuple[object, ...], str]:
    copy = model_folder(folder)
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    return ("--task", films(folder), "--words", WORDS, "--model", copy), "no weights in safetensors form"


def a_model_that_asks_for_code(folder: Path) -> tuple[tuple[object, ...], str]:
    copy = model_folder(folder)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "evil.Model"}}))
    return ("--task", films(folder), "--words", WORDS, "--model", copy), "'auto_map' asks for code"


def no_network(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--words", WORDS, "--model", "some/model"), "The hub cannot be reached"


def a_model_that_is_not_here_when_offline(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--words", WORDS, "--model", "some/model", "--offline"), "--offline forbids"


def a_prompt_longer_than_the_model_allows(folder: Path) -> tuple[tuple[object, ...], str]:
    template = "{text} " + "very " * 300 + "{mask}"
    return ("--task", films(folder), "--words", WORDS, "--template", template), "pieces"


def a_gpu_that_is_not_there(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--words", WORDS, "--device", "cuda:7"), "There is no device 'cuda:7'"


def a_dtype_that_there_is_not(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--words", WORDS, "--dtype", "float31"), "Did you mean 'float32'?"


def a_limit_of_nothing(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--limit", 0), "1 or more"


def an_unknown_split(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", "reviews", "--split", "tset"), "Did you mean 'test'?"


def a_bundle_that_is_none(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--bundle", folder), "bundle"


def two_ways_of_printing(folder: Path) -> tuple[tuple[object, ...], str]:
    return ("--task", films(folder), "--json", "--events"), "choose one"


CASES: list[Case] = [
    a_missing_file,
    an_empty_file,
    a_wrong_column,
    an_unknown_label,
    no_labelled_row,
    text_that_no_encoding_fits,
    a_template_without_a_slot,
    a_template_with_an_unknown_field,
    a_template_that_does_not_parse,
    a_label_without_words,
    a_word_under_two_labels,
    an_unknown_label_in_the_words,
    an_unknown_option_in_a_toml_file,
    an_unknown_key_in_task_toml,
    labels_that_are_bare_numbers,
    a_model_folder_that_is_none,
    a_model_without_a_head,
    weights_that_are_not_safetensors,
    a_model_that_asks_for_code,
    no_network,
    a_model_that_is_not_here_when_offline,
    a_prompt_longer_than_the_model_allows,
    a_gpu_that_is_not_there,
    a_dtype_that_there_is_not,
    a_limit_of_nothing,
    an_unknown_split,
    a_bundle_that_is_none,
    two_ways_of_printing,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_bad_input_is_answered_in_plain_sentences(promptlab: Any, case: Case, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    arguments, said = case(tmp_path / "data")
    before = sorted(tmp_path.rglob("*"))
    ran = promptlab("eval", *arguments)
    sentence = ran.err.rstrip("\n").split("\n")[-1]
    assert ran.code == 2
    assert said in sentence
    assert ran.out == "" and "Traceback" not in ran.err and "inside promptlab" not in ran.err
    assert len(sentence) < 420 and (sentence.endswith((".", "?")) or ": promptlab " in sentence)  # a command to copy
    assert sorted(tmp_path.rglob("*")) == before
