"""Model folders that ask for code, or hold it: nothing of it runs, and the message names what asked."""

import pickle
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from model_folders import edit, refusal
from tiny_models import build, saved

from promptlab.model import load_model


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that exists once foreign code has run."""
    return tmp_path / "canary"


@pytest.fixture
def folder(shelf: Path, tmp_path: Path, canary: Path) -> Path:
    """A sound model with a module beside it that leaves the canary when it is imported."""
    place = Path(shutil.copytree(saved("bert", shelf), tmp_path / "model"))
    (place / "canary_module.py").write_text(f"from pathlib import Path\nPath({str(canary)!r}).touch()\n")
    return place


CODE: dict[str, tuple[str, dict[str, Any], str]] = {
    "a model class of its own": (
        "config.json",
        {"auto_map": {"AutoModelForMaskedLM": "canary_module.Model"}},
        "auto_map",
    ),
    "a configuration class of its own": (
        "config.json",
        {"auto_map": {"AutoConfig": "canary_module.Config"}},
        "auto_map",
    ),
    "code of another repository": (
        "config.json",
        {"auto_map": {"AutoConfig": "evil/repo--canary_module.C"}},
        "auto_map",
    ),
    "a tokenizer class of its own": (
        "tokenizer_config.json",
        {"auto_map": {"AutoTokenizer": ["canary_module.Tokenizer", None]}},
        "auto_map",
    ),
    "a tokenizer class, said in the configuration": (
        "config.json",
        {"auto_map": {"AutoTokenizer": "canary_module.T"}},
        "auto_map",
    ),
    "a kernel of a hub": ("config.json", {"_attn_implementation": "evil/kernel"}, "_attn_implementation"),
    "a kernel by the inner name": (
        "config.json",
        {"_attn_implementation_internal": "evil/kernel"},
        "_attn_implementation_internal",
    ),
    "a kernel by the plain name": ("config.json", {"attn_implementation": "evil/kernel:run"}, "attn_implementation"),
    "a kernel for one part": (
        "config.json",
        {"attn_implementation": {"decoder": "evil/kernel"}},
        "attn_implementation",
    ),
    "a kernel in a nested configuration": (
        "config.json",
        {"text_config": {"layers": [{"_attn_implementation": "evil/kernel"}]}},
        "_attn_implementation",
    ),
    "trust in a nested configuration": (
        "config.json",
        {"keypoint_config": {"trust_remote_code": True}},
        "trust_remote_code",
    ),
    "trust at the top": ("config.json", {"trust_remote_code": True}, "trust_remote_code"),
    "trust in the tokenizer's settings": ("tokenizer_config.json", {"trust_remote_code": True}, "trust_remote_code"),
    "a generation of its own": (
        "generation_config.json",
        {"custom_pipelines": {"x": {"impl": "canary_module.X"}}},
        "custom_pipelines",
    ),
    "a processor of its own": ("processor_config.json", {"auto_map": {"AutoProcessor": "canary_module.P"}}, "auto_map"),
}


@pytest.mark.parametrize("ask", CODE)
def test_a_folder_that_asks_for_code_is_refused_and_the_key_is_named(ask: str, folder: Path, canary: Path) -> None:
    file, changes, key = CODE[ask]
    edit(folder, file, **changes)
    said = refusal(folder)
    assert said.startswith(f"{folder / file}: the key {key!r} asks for code from elsewhere")
    assert not canary.exists()
    assert "canary_module" not in sys.modules


def test_a_kernel_that_transformers_would_fetch_by_a_plain_name_is_not_asked_for(folder: Path) -> None:
    edit(folder, attn_implementation="flash_attention_2", _attn_implementation="flash_attention_2")
    assert load_model(str(folder), dtype="float32").model.config._attn_implementation in ("sdpa", "eager")


def test_keys_that_say_no_are_no_reason_to_refuse(folder: Path) -> None:
    edit(folder, "config.json", trust_remote_code=False, auto_map={})
    assert load_model(str(folder), dtype="float32").family == "masked"


def test_an_adapter_that_could_bring_in_another_model_is_refused(folder: Path) -> None:
    edit(folder, "adapter_config.json", peft_type="LORA", base_model_name_or_path="evil/model")
    assert "holds an adapter (adapter_config.json)" in refusal(folder)


class Exploit:
    """What a hostile pickle holds: unpickling it leaves the canary."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.canary,)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pth", "weights.ckpt"])
def test_weights_that_can_run_code_are_refused_and_not_opened(name: str, folder: Path, canary: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(pickle.dumps(Exploit(canary)))
    said = refusal(folder)
    assert f"has no weights in safetensors form (it has {name})" in said
    assert "Other forms can run code when they are opened" in said
    assert not canary.exists()


def test_a_pickle_beside_safetensors_is_left_alone(folder: Path, canary: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Exploit(canary)))
    load_model(str(folder), dtype="float32")
    assert not canary.exists()


def test_a_pickle_named_as_safetensors_is_refused_as_damaged(folder: Path, canary: Path) -> None:
    (folder / "model.safetensors").write_bytes(pickle.dumps(Exploit(canary)) + b" " * 100)
    assert "is cut short or damaged" in refusal(folder)
    assert not canary.exists()


HEADERS = {
    "no length": b"\x01",
    "a length beyond all bounds": (1 << 62).to_bytes(8, "little") + b"{}",
    "not JSON": (4).to_bytes(8, "little") + b"{{{{",
    "a list": (2).to_bytes(8, "little") + b"[]",
    "offsets that are text": (47).to_bytes(8, "little")
    + b'{"a":{"dtype":"F32","shape":[1],"data_offsets":["x","y"]}}'[:47],
    "no offsets": (13).to_bytes(8, "little") + b'{"a":{"b":1}}',
    "no end of brackets": (9000).to_bytes(8, "little") + b"[" * 9000,
}


@pytest.mark.parametrize("header", HEADERS)
def test_a_hostile_header_is_refused_as_damaged(header: str, folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(HEADERS[header])
    assert "is cut short or damaged" in refusal(folder)


def test_a_folder_without_weights_says_so(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert "has no weights in safetensors form. Other forms" in refusal(folder)


def test_a_folder_that_is_no_model_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    said = refusal(tmp_path)
    assert "is not a model folder: it has no config.json (it holds notes.txt)" in said
    assert "save_pretrained" in said


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe", b"", b"[" * 100_000])
def test_settings_that_are_not_a_json_object_are_refused_with_their_file(content: bytes, folder: Path) -> None:
    (folder / "config.json").write_bytes(content)
    assert refusal(folder).startswith(f"{folder / 'config.json'} is not")


def test_a_file_is_no_model(folder: Path) -> None:
    assert "is a file, and a model is a folder" in refusal(folder / "model.safetensors")


def test_the_sound_folder_loads_and_its_module_is_not_imported(folder: Path, canary: Path) -> None:
    load_model(str(folder), dtype="float32")
    assert not canary.exists()


def test_weights_are_what_was_saved(folder: Path) -> None:
    lm = load_model(str(folder), dtype="float32")
    assert torch.equal(lm.output.weight, build("bert").get_output_embeddings().weight)
