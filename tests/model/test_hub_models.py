"""Models by the name they have on a hub: from its cache without a network, else a sentence that says what to do."""

import json
import shutil
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tiny_models import build, reading, saved, tiny

from promptlab.errors import ModelError
from promptlab.model import load_model
from promptlab.model.source import find
from promptlab.text import size

SHA = "0123456789abcdef0123456789abcdef01234567"
OTHER = "fedcba9876543210fedcba9876543210fedcba98"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache; the process's own settings are put back afterwards."""
    from huggingface_hub import constants

    cache = tmp_path / "hub"
    cache.mkdir()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    snapshot = import_module("huggingface_hub._snapshot_download")
    if hasattr(snapshot, "constants"):
        monkeypatch.setattr(snapshot.constants, "HF_HUB_CACHE", str(cache))
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return cache


def store(hub: Path, model: Path, *, name: str = "org--tiny", sha: str = SHA, ref: str = "main") -> Path:
    """A model as the hub's own library keeps it: files in a snapshot, branches in refs."""
    snapshot = hub / f"models--{name}" / "snapshots" / sha
    shutil.copytree(model, snapshot)
    refs = hub / f"models--{name}" / "refs"
    refs.mkdir(exist_ok=True)
    (refs / ref).write_text(sha)
    return snapshot


@pytest.mark.parametrize("offline", [True, False])
def test_a_model_in_the_hub_s_cache_loads_by_its_name_without_a_network(offline: bool, hub: Path, shelf: Path) -> None:
    store(hub, saved("bert", shelf))
    lm = load_model("org/tiny", offline=offline, dtype="float32")
    assert (lm.name, lm.revision) == ("org/tiny", SHA)
    expected = reading(tiny("bert"), "{text} {mask}", ["good"]).tokens(range(99))
    # Where weights lie in memory can change the last bit.
    assert torch.allclose(reading(lm, "{text} {mask}", ["good"]).tokens(range(99)), expected, atol=1e-5)


@pytest.mark.parametrize("reference", ["org/tiny@v2", f"org/tiny@{OTHER}"])
def test_a_revision_is_a_branch_or_a_commit(reference: str, hub: Path, shelf: Path) -> None:
    store(hub, saved("bert", shelf))
    store(hub, saved("roberta", shelf), sha=OTHER, ref="v2")
    lm = load_model(reference, offline=True, dtype="float32")
    assert (lm.revision, lm.model_type) == (OTHER, "roberta")
    assert load_model("org/tiny", revision="v2", offline=True, dtype="float32").revision == OTHER


def test_an_lm_adapted_t5_is_known_by_its_name_on_the_hub(hub: Path, shelf: Path) -> None:
    store(hub, saved("t5-v1.1", shelf), name="google--t5-small-lm-adapt")
    assert load_model("google/t5-small-lm-adapt", offline=True, dtype="float32").mark(0) == ()


def test_offline_a_model_that_is_not_in_the_cache_is_said_with_the_remedy(hub: Path) -> None:
    with pytest.raises(ModelError) as error:
        load_model("org/absent", offline=True)
    assert str(error.value) == (
        "The model 'org/absent' (revision main) is not in the hub's cache on this machine, and --offline forbids a "
        "download. Download it once without --offline, or name a folder."
    )


def test_offline_a_revision_that_is_not_in_the_cache_is_said(hub: Path, shelf: Path) -> None:
    store(hub, saved("bert", shelf))
    with pytest.raises(ModelError, match=r"'org/tiny' \(revision v9\) is not in the hub's cache"):
        load_model("org/tiny@v9", offline=True)


def test_without_a_network_the_hub_cannot_be_reached(hub: Path) -> None:
    with pytest.raises(ModelError) as error:
        load_model("org/absent")
    assert str(error.value).startswith("The hub cannot be reached to download 'org/absent' (")
    assert "or use the embedded model (--model embedded)" in str(error.value)


def test_a_model_that_was_downloaded_in_part_is_not_taken_for_whole(hub: Path, shelf: Path) -> None:
    snapshot = store(hub, saved("bert", shelf))
    build("bert").save_pretrained(snapshot, max_shard_size="40KB")
    (snapshot / "model.safetensors").unlink()
    sorted(snapshot.glob("model-*.safetensors"))[1].unlink()
    with pytest.raises(ModelError, match="The hub cannot be reached to download 'org/tiny'"):
        load_model("org/tiny")
    with pytest.raises(ModelError, match="is not in the hub's cache"):
        load_model("org/tiny", offline=True)


def test_a_name_near_the_embedded_model_s_is_pointed_to_it(hub: Path) -> None:
    with pytest.raises(ModelError, match="Did you mean 'embedded'"):
        load_model("embeded", offline=True)


@pytest.mark.parametrize("reference", ["./models/absent", "a/b/c", "-x", "name with blanks", "/absent"])
def test_what_is_no_folder_and_no_hub_name_is_said(reference: str, hub: Path) -> None:
    with pytest.raises(ModelError, match="There is no model folder"):
        load_model(reference)


def test_a_folder_needs_no_hub_and_has_no_revision(shelf: Path, hub: Path) -> None:
    source = find(str(saved("bert", shelf)))
    assert source.revision == ""
    assert list(hub.iterdir()) == []


@pytest.fixture
def remote(hub: Path, tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub that can be reached: a folder whose files are copied into the cache as they are asked for."""
    import huggingface_hub

    folder = tmp_path / "remote"
    shutil.copytree(saved("bert", shelf), folder)
    cached = huggingface_hub.snapshot_download

    def model_info(self: object, name: str, *, revision: str, files_metadata: bool) -> SimpleNamespace:
        files = [SimpleNamespace(rfilename=path.name, size=path.stat().st_size) for path in sorted(folder.iterdir())]
        return SimpleNamespace(sha=SHA, siblings=files)

    def snapshot_download(name: str, *, revision: str, **options: Any) -> str:
        if options.get("local_files_only"):
            return str(cached(name, revision=revision, **options))
        snapshot = hub / f"models--{name.replace('/', '--')}" / "snapshots" / SHA
        snapshot.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if any(fnmatch(path.name, pattern) for pattern in options["allow_patterns"]):
                shutil.copy(path, snapshot)
        if revision != SHA:
            (snapshot.parents[1] / "refs").mkdir(exist_ok=True)
            (snapshot.parents[1] / "refs" / revision).write_text(SHA)
        return str(snapshot)

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", model_info)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return folder


def test_the_size_is_said_before_a_download_and_the_model_is_known_afterwards(remote: Path) -> None:
    (remote / "pytorch_model.bin").write_bytes(b"not wanted")
    (remote / "modeling_tiny.py").write_text("raise SystemExit")
    said: list[str] = []
    source = find("org/tiny", say=said.append)
    weights = (remote / "model.safetensors").stat().st_size
    assert said == [f"Downloading org/tiny: 1 file, {size(weights)}."]
    assert source.revision == SHA
    assert not {"pytorch_model.bin", "modeling_tiny.py"} & {path.name for path in source.folder.iterdir()}
    assert find("org/tiny", offline=True) == source


def test_a_configuration_with_code_is_refused_before_its_weights_are_fetched(remote: Path, hub: Path) -> None:
    config = json.loads((remote / "config.json").read_text())
    (remote / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "evil.Model"}}))
    with pytest.raises(ModelError, match="auto_map"):
        find("org/tiny")
    assert not list(hub.rglob("*.safetensors"))


def test_a_hub_model_without_safetensors_is_refused(remote: Path) -> None:
    (remote / "model.safetensors").rename(remote / "pytorch_model.bin")
    with pytest.raises(ModelError, match="no weights in safetensors form"):
        find("org/tiny")


def test_a_disk_too_small_is_said_before_a_download(remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=10))
    with pytest.raises(ModelError, match="has 10 B free"):
        find("org/tiny")
