"""Models by the name they have on a hub: from its cache without a network, else a sentence that says what to do."""

import shutil
import sys
from pathlib import Path

import pytest
from tiny_models import build, reading, saved, tiny

from promptlab.errors import ModelError
from promptlab.model import load_model
from promptlab.model.source import find

SHA = "0123456789abcdef0123456789abcdef01234567"
OTHER = "fedcba9876543210fedcba9876543210fedcba98"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache; the process's own settings are put back afterwards."""
    import huggingface_hub

    cache = tmp_path / "hub"
    cache.mkdir()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    snapshot = sys.modules["huggingface_hub._snapshot_download"]
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
    assert reading(lm, "{text} {mask}", ["good"]).tokens(range(99)).tolist() == expected.tolist()


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
