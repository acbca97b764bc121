"""Folders with pickled weights become safetensors when asked, and nothing in them ever runs here."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from model_folders import refusal
from tiny_models import EVERY, build, reading, slot_last, tiny, tokenizer_kind
from tiny_tokenizers import tokenizer

from promptlab.errors import ModelError
from promptlab.model import bin_reader, load_model
from promptlab.model.bin_weights import bin_files, convert_bin

TEXTS = ("The plot is dull.", "I love this film, and the story is good too")


def pickled(name: str, folder: Path) -> Path:
    """A tiny model's folder with ``pytorch_model.bin``."""
    model = build(name)
    model.config.architectures = [type(model).__name__]
    folder.mkdir()
    model.config.save_pretrained(folder)
    tokenizer(tokenizer_kind(name)).save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder


def answers(lm: Any, name: str) -> torch.Tensor:
    template = "{text} It was {mask}" if slot_last(tiny(name)) else "{text} It was {mask} ."
    return reading(lm, template, TEXTS).tokens(range(99))


@pytest.mark.parametrize("name", EVERY)
def test_every_architecture_answers_as_before_and_ties_its_weights_again(name: str, tmp_path: Path) -> None:
    folder = pickled(name, tmp_path / name)
    assert bin_reader.convert([folder / "pytorch_model.bin"], folder) == "float32"
    lm = load_model(str(folder), dtype="float32")
    torch.testing.assert_close(answers(lm, name), answers(tiny(name), name))


def test_a_folder_is_converted_in_a_process_of_its_own(tmp_path: Path) -> None:
    folder = pickled("gpt2", tmp_path / "old")
    said = refusal(folder)
    assert "no weights in safetensors form (it has pytorch_model.bin)" in said and "model convert" in said
    heard: list[str] = []
    origin = convert_bin(folder, tmp_path / "new", say=heard.append)
    assert origin.source == "old" and origin.architecture == "gpt2" and origin.stored == "float32"
    assert "1 file of old" in heard[0] and "process of its own" in heard[0]
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "origin.toml", "README.md"} <= names
    assert not any(name.endswith(".bin") for name in names)
    lm = load_model(str(tmp_path / "new"), dtype="float32")
    assert lm.quantization == ""
    torch.testing.assert_close(answers(lm, "gpt2"), answers(tiny("gpt2"), "gpt2"))


class Malicious:
    """Would make a folder as soon as it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (os.mkdir, (self.path,))


def test_a_malicious_pickle_is_refused_and_never_run(tmp_path: Path) -> None:
    folder = pickled("gpt2", tmp_path / "old")
    marker = tmp_path / "it ran"
    torch.save({"weight": Malicious(marker)}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin asks to run 'posix\.mkdir' .*promptlab runs nothing"):
        convert_bin(folder, tmp_path / "new")
    assert not marker.exists() and {path.name for path in tmp_path.iterdir()} == {"old"}


REFUSED: dict[str, tuple[Any, str]] = {
    "no table": ([1, 2], "holds no weights by name"),
    "a table of other things": ({"weight": torch.ones(2), "epoch": 3}, r"holds more than weights \(epoch\)"),
    "nothing": ({}, "holds no weights by name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_contents_are_refused(case: str, tmp_path: Path) -> None:
    held, said = REFUSED[case]
    torch.save(held, tmp_path / "weights.bin")
    with pytest.raises(ModelError, match=said):
        bin_reader.read(tmp_path / "weights.bin")


def test_a_file_that_is_cut_is_refused(tmp_path: Path) -> None:
    path = pickled("gpt2", tmp_path / "old") / "pytorch_model.bin"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ModelError, match=r"pytorch_model\.bin cannot be read"):
        bin_reader.read(path)


def test_a_small_file_that_would_fill_the_disk_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(1).expand(300, 10_000)}, tmp_path / "weights.bin")
    with pytest.raises(ModelError, match=r"weights\.bin would grow to 12.0 MB"):
        bin_reader.convert([tmp_path / "weights.bin"], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["weights.bin"]


def test_weights_inside_a_checkpoint_are_found(tmp_path: Path) -> None:
    torch.save({"state_dict": {"weight": torch.ones(2, 2)}}, tmp_path / "weights.pt")
    assert bin_reader.read(tmp_path / "weights.pt")["weight"].shape == (2, 2)


def test_several_files_become_several_with_an_index(tmp_path: Path) -> None:
    folder = pickled("bert", tmp_path / "old")
    state = build("bert").state_dict()
    names = [name for name in state if "decoder" not in name]  # tied to others, which the first file holds
    parts = {"pytorch_model-1.bin": names[:20], "pytorch_model-2.bin": names[20:]}
    (folder / "pytorch_model.bin").unlink()
    for file, held in parts.items():
        torch.save({name: state[name] for name in held}, folder / file)
    places = {name: file for file, held in parts.items() for name in held}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": places}))
    assert [path.name for path in bin_files(folder)] == list(parts)
    bin_reader.convert(bin_files(folder), folder)
    torch.testing.assert_close(answers(load_model(str(folder), dtype="float32"), "bert"), answers(tiny("bert"), "bert"))
    for wrong in ("../elsewhere.bin", "pytorch_model-3.bin"):
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": {"a": wrong}}))
        (folder / "model.safetensors.index.json").unlink(missing_ok=True)
        for path in folder.glob("*.safetensors"):
            path.unlink()
        with pytest.raises(ModelError, match="which its index names"):
            bin_files(folder)


def test_which_file_holds_the_weights_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "training_args.bin").touch()
    (tmp_path / "optimizer.pt").touch()
    with pytest.raises(ModelError, match=r"no weights in \.bin, \.pt or \.pth form"):
        bin_files(tmp_path)
    (tmp_path / "one.bin").touch()
    assert [path.name for path in bin_files(tmp_path)] == ["one.bin"]
    (tmp_path / "two.pt").touch()
    with pytest.raises(ModelError, match=r"has one\.bin, two\.pt, and which of them is the model's"):
        bin_files(tmp_path)
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(ModelError, match="in safetensors form already"):
        bin_files(tmp_path)


def test_a_configuration_that_asks_for_code_is_refused_before_the_weights_are_opened(tmp_path: Path) -> None:
    folder = pickled("gpt2", tmp_path / "old")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "code.Model"}}))
    with pytest.raises(ModelError, match="asks for code from elsewhere"):
        convert_bin(folder, tmp_path / "new")
