"""A GGUF file is a model like any other: it answers as the folder it was made from, and is unpacked once."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from tiny_ggufs import write_gguf
from tiny_models import build, reading, tiny, tokenizer_kind
from tiny_tokenizers import tokenizer

from promptlab.errors import ModelError, StoreError
from promptlab.model import load_model, wrap_model
from promptlab.model.gguf.cached import in_cache
from promptlab.model.source import find
from promptlab.paths import cache_folder

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie")
PIECES = range(256)


def answers(lm: object) -> torch.Tensor:
    return reading(lm, "{text} It was {mask}", TEXTS).tokens(PIECES)  # type: ignore[arg-type]


@pytest.mark.parametrize(("packing", "tolerance"), [("F32", 1e-5), ("F16", 0.02)])
@pytest.mark.parametrize("name", ["llama3", "gpt2"])
def test_a_gguf_file_answers_as_the_folder_it_was_made_from(
    name: str, packing: str, tolerance: float, tmp_path: Path
) -> None:
    lm = load_model(str(write_gguf(name, tmp_path / "m.gguf", packing=packing)), dtype="float32")
    torch.testing.assert_close(answers(lm), answers(tiny(name)), atol=tolerance, rtol=1e-5)
    assert lm.quantization == "" and lm.max_length == tiny(name).max_length


def rounded(array: torch.Tensor, packing: str) -> torch.Tensor:
    import gguf

    kind = gguf.GGMLQuantizationType[packing]
    packed = gguf.quants.quantize(array.numpy(), kind)
    return torch.from_numpy(gguf.quants.dequantize(packed, kind)).to(torch.bfloat16).float()


@pytest.mark.parametrize("packing", ["Q8_0", "Q4_0"])
def test_a_packed_file_answers_as_a_model_whose_weights_were_rounded_alike(packing: str, tmp_path: Path) -> None:
    lm = load_model(str(write_gguf("llama3", tmp_path / "m.gguf", packing=packing)), dtype="float32")
    model = build("llama3")
    with torch.no_grad():
        for parameter in model.parameters():
            fits = parameter.dim() > 1 and parameter.shape[-1] % 32 == 0
            parameter.copy_(rounded(parameter, packing) if fits else parameter.to(torch.bfloat16).float())
    twin = wrap_model(model, tokenizer(tokenizer_kind("llama3")))
    torch.testing.assert_close(answers(lm), answers(twin), atol=1e-4, rtol=1e-4)
    assert lm.quantization == packing
    assert 0 < (answers(lm) - answers(tiny("llama3"))).abs().max() < 3  # of scores down to -13


def test_the_second_use_reads_the_folder_and_needs_no_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_gguf("llama3", tmp_path / "m.gguf", packing="Q4_0")
    said: list[str] = []
    first = load_model(str(path), dtype="float32", say=said.append)
    (unpacking,) = [sentence for sentence in said if sentence.startswith("Unpacking")]
    assert "m.gguf (llama, Q4_0, " in unpacking and "about 10 seconds" in unpacking and " kB in " in unpacking
    assert "Licence, as the file names it: apache-2.0." in unpacking
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said.clear()
    second = load_model(str(path), dtype="float32", say=said.append)
    assert said == [] and second.fingerprint == first.fingerprint and second.name == first.name
    assert torch.equal(answers(first), answers(second))


def test_the_same_content_under_another_name_is_unpacked_once_and_has_the_same_fingerprint(tmp_path: Path) -> None:
    one = write_gguf("gpt2", tmp_path / "one.gguf")
    other = tmp_path / "sub" / "other"
    other.parent.mkdir()
    other.write_bytes(one.read_bytes())  # known by its first bytes, whatever its name
    first, second = find(str(one)), find(str(other))
    assert first.folder == second.folder and first.fingerprint == second.fingerprint
    assert second.name == str(other) and first.folder.stat().st_mode & 0o077 == 0o055
    assert cache_folder("converted").stat().st_mode & 0o077 == 0


def test_a_file_of_the_same_name_in_the_working_folder_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_gguf("llama3", tmp_path / "m")
    (tmp_path / "elsewhere").mkdir()
    path = write_gguf("gpt2", tmp_path / "elsewhere" / "m")
    monkeypatch.chdir(tmp_path)
    assert load_model(str(path), dtype="float32").model_type == "gpt2"
    assert load_model("m", dtype="float32").model_type == "llama"


def test_a_file_that_changes_is_another_model(tmp_path: Path) -> None:
    path = write_gguf("gpt2", tmp_path / "m.gguf")
    before = find(str(path))
    write_gguf("gpt2", path, values={"general.name": "another"})
    assert find(str(path)).fingerprint != before.fingerprint


def test_the_folder_is_an_ordinary_one_with_a_card(tmp_path: Path) -> None:
    folder = find(str(write_gguf("llama3", tmp_path / "tiny.gguf", packing="Q8_0"))).folder
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "origin.toml", "README.md"} <= names
    card = (folder / "README.md").read_text()
    assert "tiny.gguf (llama, whose weights were packed as Q8_0)" in card and "apache-2.0" in card
    plain = load_model(str(folder), dtype="float32")
    assert plain.quantization == "Q8_0"  # as its origin.toml says


def test_two_processes_unpack_a_file_once(tmp_path: Path) -> None:
    from promptlab.model.gguf import cached
    from promptlab.model.weights import content_hash

    path = write_gguf("gpt2", tmp_path / "m.gguf")
    said: list[str] = []
    folder = cached.folder_of(content_hash(path))
    with cached.one_at_a_time(folder, lambda: None):
        other = threading.Thread(target=lambda: find(str(path), say=said.append))
        other.start()
        while not said:
            time.sleep(0.001)
    other.join()
    assert said[0] == "Another process is unpacking m.gguf; waiting for it." and cached.is_there(folder)


def left_in_cache() -> list[str]:
    return [path.name for path in cache_folder("converted").iterdir() if path.suffix != ".lock"]


def test_a_conversion_that_is_stopped_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from promptlab.model.gguf import convert

    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    path = write_gguf("gpt2", tmp_path / "m.gguf")
    monkeypatch.setattr(convert, "write_card", stop)
    with pytest.raises(KeyboardInterrupt):
        find(str(path))
    assert left_in_cache() == []


_KILLED = """
import os, signal, sys
from promptlab.model.gguf import convert
convert.write_card = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
from promptlab.model.source import find
find(sys.argv[1])
"""


def test_what_a_killed_conversion_left_is_removed_by_the_next(tmp_path: Path) -> None:
    path = write_gguf("gpt2", tmp_path / "m.gguf")
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False)
    assert killed.returncode == -9
    (left,) = left_in_cache()
    assert left.endswith(".partial") and list(in_cache()) == []
    source = find(str(path))
    assert left_in_cache() == [source.folder.name]


def test_a_disk_that_is_too_small_or_fills_up_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource
    import shutil
    from types import SimpleNamespace

    path = write_gguf("llama3", tmp_path / "m.gguf")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=1000))
        with pytest.raises(ModelError, match=r"m\.gguf takes .* kB unpacked, and the disk of .* has 1 kB free\."):
            find(str(path))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, before[1]))
    try:
        with pytest.raises(ModelError, match=r"cannot be written: .*\. Nothing was left there\."):
            find(str(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert left_in_cache() == []


def test_a_cache_that_cannot_be_opened_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_gguf("gpt2", tmp_path / "m.gguf")
    (tmp_path / "file").touch()
    monkeypatch.setenv("PROMPTLAB_CACHE", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="PROMPTLAB_CACHE names another place"):
        find(str(path))


def test_a_cut_file_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = write_gguf("llama3", tmp_path / "m.gguf")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"m\.gguf is cut short"):
        find(str(path))
    assert left_in_cache() == []


@pytest.mark.parametrize("absent", ["gguf", "accelerate"])
def test_a_missing_extra_is_named_with_its_command(
    absent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_gguf("gpt2", tmp_path / "m.gguf")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == absent else object())
    with pytest.raises(ModelError, match=rf'needs {absent}\. .*: pip install "\.\[gguf\]"'):
        find(str(path))


def test_an_architecture_that_transformers_does_not_read_is_named_with_those_it_does(tmp_path: Path) -> None:
    path = write_gguf("gpt2", tmp_path / "m.gguf", values={"general.architecture": "bert"})
    with pytest.raises(ModelError, match=r"no GGUF files of the architecture 'bert'\. .*It reads .*gemma3, .*llama"):
        find(str(path))


def test_weights_that_transformers_would_pass_over_are_a_reason_to_refuse(tmp_path: Path) -> None:
    import numpy as np

    extra = {"blk.0.attn_q.bias": np.ones(32, dtype=np.float32)}
    with pytest.raises(ModelError, match=r"transformers uses [\d,]+ of its [\d,]+ weights"):
        find(str(write_gguf("llama3", tmp_path / "m.gguf", tensors=extra)))
    assert left_in_cache() == []


@pytest.mark.parametrize(("key", "value"), [("attention.head_count", 0), ("attention.head_count", 7)])
def test_a_header_that_transformers_stumbles_over_is_one_sentence(key: str, value: int, tmp_path: Path) -> None:
    path = write_gguf("llama3", tmp_path / "m.gguf", values={f"llama.{key}": value})
    with pytest.raises(ModelError, match=r"m\.gguf: transformers cannot read it"):
        find(str(path))
    assert left_in_cache() == []


def test_a_file_named_like_the_hash_of_another_is_not_taken_for_it(tmp_path: Path) -> None:
    other = find(str(write_gguf("llama3", tmp_path / "other.gguf"))).folder
    padded = write_gguf("gpt2", tmp_path / other.name.partition("-")[0])
    assert find(str(padded)).folder != other


def test_a_gguf_file_that_is_not_there_is_not_looked_for_on_a_hub(tmp_path: Path) -> None:
    write_gguf("gpt2", tmp_path / "model.gguf")
    with pytest.raises(ModelError, match=r"There is no file '.*modle\.gguf'\. Did you mean 'model\.gguf'\?"):
        find(str(tmp_path / "modle.gguf"))
    for odd, said in (("a" * 5000, "File name too long"), ("~nobody-here/m.gguf", "home directory")):
        with pytest.raises(ModelError, match=rf"cannot be opened: .*{said}.*\.$"):
            find(odd)


def test_a_file_that_is_neither_model_nor_gguf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ModelError, match="or a GGUF file, which this is not"):
        find(str(tmp_path / "notes.txt"))
    write_gguf("gpt2", tmp_path / "m.gguf")
    with pytest.raises(ModelError, match="only a hub's models have revisions"):
        find(str(tmp_path / "m.gguf"), revision="main")
    with pytest.raises(ModelError, match=r"Name the file itself: .*m\.gguf"):
        load_model(str(tmp_path))
