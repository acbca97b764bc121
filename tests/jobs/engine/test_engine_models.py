import threading
from pathlib import Path
from typing import Any

import pytest
from engine_at_hand import AtHand

from promptlab.jobs.engine import sizes
from promptlab.jobs.engine.describe import describe
from promptlab.jobs.engine.downloads import watched
from promptlab.jobs.engine.held import Held
from promptlab.jobs.engine.load import load
from promptlab.jobs.wire import Request


def described(tmp_path: Path, **model: Any) -> dict[str, Any]:
    return describe(Held(tmp_path), Request(1, "describe", fields={"model": model}), lambda event: None)


def test_the_models_here_and_the_machine_are_described(tmp_path: Path) -> None:
    found = describe(Held(tmp_path), Request(1, "describe"), lambda event: None)
    assert found["models"][0]["name"] == "embedded" and found["models"][0]["problem"] == ""
    machine = found["machine"]
    assert machine["device"] in ("cpu", "cuda:0", "mps") and machine["cores"] >= machine["threads"] >= 1
    assert f"{machine['threads']} thread" in machine["sentence"] and machine["dtype"] in machine["sentence"]


def test_a_model_here_is_described_by_what_it_takes(tmp_path: Path) -> None:
    found = described(tmp_path, name="embedded", dtype="float32", device="cpu")
    assert found["here"] and found["fits"] and found["problem"] == "" and found["bytes"] > 10_000_000
    assert found["sentence"].startswith("The model takes about 68.6 MB (float32) of ")
    assert described(tmp_path, name="embedded", dtype="bfloat16")["sentence"].startswith(
        "The model takes about 34.3 MB"
    )


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        ({"name": "no such model"}, "no model folder"),
        ({"name": "embedded", "device": "cuda:99"}, "device"),
        ({"name": "some/model", "offline": True}, "not on this machine"),
        ({"name": "some/model"}, "hub cannot be reached"),
    ],
)
def test_a_model_that_cannot_be_had_is_described_by_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: dict[str, Any], problem: str
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    found = described(tmp_path, **model)
    assert problem in found["problem"] and not found["here"] and found["bytes"] is None


def test_a_model_of_the_hub_is_described_by_its_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "hub_folder", lambda name, revision: None)
    monkeypatch.setattr(sizes, "hub_size", lambda name, revision: 440_000_000)
    found = described(tmp_path, name="some/model@v2")
    assert (found["here"], found["bytes"], found["sentence"]) == (False, 440_000_000, "440 MB must be downloaded.")


def test_a_model_is_loaded_ahead_only_where_it_is_here(engine: AtHand, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.held.lm = engine.held._model = None
    monkeypatch.setattr(sizes, "hub_folder", lambda name, revision: pytest.fail("a look into the hub's cache"))
    assert engine.answer(load, engine.request("load", model={"name": "embedded", "dtype": "float32"})) == {}
    assert engine.held.lm is not None and "model" in engine.kinds()
    held = engine.held.lm
    monkeypatch.setattr(sizes, "size_of", lambda *args, **kwargs: sizes.Size(False, 1, None))
    monkeypatch.setattr("promptlab.jobs.engine.load.size_of", sizes.size_of)
    assert engine.answer(load, engine.request("load", model={"name": "some/model"})) == {}
    assert engine.held.lm is held


def test_a_download_is_followed_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    blobs = tmp_path / "models--some--model" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "settings").write_bytes(b"x" * 100)
    said, seen = [], threading.Event()

    def say(event: Any) -> None:
        said.append(event)
        if event.get("done") == 1500:
            seen.set()
        if event["kind"] == "download" and event["done"] == 0:
            (blobs / "weights.incomplete").write_bytes(b"x" * 1500)

    with watched("some/model@main", say) as heard:
        heard("Downloading some/model: 1 file, 2 kB.")
        assert seen.wait(10)
    assert said[0] == {"kind": "note", "level": "info", "text": "Downloading some/model: 1 file, 2 kB."}
    assert said[1] == {"kind": "download", "done": 0, "total": 2000}
