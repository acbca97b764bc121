"""A run that was closed or killed goes on to the same weights, bit for bit; another run is refused by name."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from training_runs import FEW, FLOAT, finished, notes, toy_text

from promptlab.errors import ConfigError, ModelError, StoreError
from promptlab.model.training import Texts, adapt, pretrain
from promptlab.results.events import Progress

Folder = Callable[[str], Path]
TWELVE = replace(FEW, steps=12, dropout=True, decay="cosine", checkpoint_minutes=0)
KILLED = """
import sys
from dataclasses import replace
from pathlib import Path
sys.path[:0] = sys.argv[4:]
from training_runs import FEW, FLOAT
from promptlab.model.training import Texts, adapt
settings = replace(FEW, steps=30, checkpoint_minutes=0)
for event in adapt(sys.argv[1], Texts([Path(sys.argv[2])]), Path(sys.argv[3]), settings=settings, place=FLOAT):
    pass
"""


@pytest.fixture
def text(tmp_path: Path) -> Texts:
    return Texts([toy_text(tmp_path / "text.txt")])


def stop_after(step: int, work: Any) -> None:
    next(event for event in work if isinstance(event, Progress) and event.step == step)
    work.close()


def equal(one: Path, other: Path) -> bool:
    first, second = (load_file(folder / "model.safetensors") for folder in (one, other))
    return set(first) == set(second) and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("name", "method"), [("bert", "full"), ("bert", "lora"), ("gpt2", "full"), ("t5", "full")])
def test_a_run_that_was_closed_twice_ends_with_the_same_bits(
    name: str, method: Any, folder: Folder, text: Texts, tmp_path: Path
) -> None:
    model = str(folder(name))
    options: dict[str, Any] = {"settings": TWELVE, "place": FLOAT, "method": method}
    whole = finished(adapt(model, text, tmp_path / "whole", **options))
    stop_after(4, adapt(model, text, tmp_path / "parts", **options))
    stop_after(9, adapt(model, text, tmp_path / "parts", resume=True, **options))
    events = list(adapt(model, text, tmp_path / "parts", resume=True, **options))
    assert "Going on after step 9." in notes(events)
    assert equal(tmp_path / "whole", tmp_path / "parts")
    same = ("steps", "pieces", "validation_loss", "validation_loss_before")
    assert [whole[key] for key in same] == [finished(events)[key] for key in same]


def test_a_run_that_was_killed_ends_with_the_same_bits(folder: Folder, text: Texts, tmp_path: Path) -> None:
    model, out = str(folder("bert")), tmp_path / "killed"
    tests = Path(__file__).parents[1]
    command = [sys.executable, "-c", KILLED, model, str(text.paths[0]), str(out), str(tests / "model"), str(tests)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(tests.parent)})
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        reached = [int(path.name.removeprefix("step-")) for path in out.with_name("killed.partial").glob("step-*")]
        if max(reached, default=0) >= 5:
            break
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and not out.exists()
    settings = replace(FEW, steps=30)
    finished(adapt(model, text, out, settings=settings, place=FLOAT, resume=True))
    finished(adapt(model, text, tmp_path / "whole", settings=settings, place=FLOAT))
    assert equal(tmp_path / "whole", out)


def test_a_second_start_is_refused_and_says_resume(folder: Folder, text: Texts, tmp_path: Path) -> None:
    model = str(folder("bert"))
    stop_after(2, adapt(model, text, tmp_path / "out", settings=TWELVE, place=FLOAT))
    with pytest.raises(ConfigError, match=r"holds a run that was stopped\. Go on with it with --resume"):
        list(adapt(model, text, tmp_path / "out", settings=TWELVE, place=FLOAT))


def test_two_runs_do_not_share_an_outcome(folder: Folder, text: Texts, tmp_path: Path) -> None:
    model = str(folder("bert"))
    first = adapt(model, text, tmp_path / "out", settings=TWELVE, place=FLOAT)
    next(first)
    with pytest.raises(ConfigError, match=r"Another process is making .*out'"):
        list(adapt(model, text, tmp_path / "out", settings=TWELVE, place=FLOAT))
    assert finished(first)["steps"] == 12


def test_another_run_is_refused_and_what_differs_is_named(folder: Folder, text: Texts, tmp_path: Path) -> None:
    model, out = str(folder("bert")), tmp_path / "out"
    stop_after(2, adapt(model, text, out, settings=TWELVE, place=FLOAT))
    other = Texts([toy_text(tmp_path / "other.txt", seed=1)])
    for model_now, texts_now, settings, named in (
        (model, other, TWELVE, "the text"),
        (model, text, replace(TWELVE, seed=14), r"seed \(13 then, 14 now\)"),
        (model, text, replace(TWELVE, steps=13), r"steps \(12 then, 13 now\)"),
        (str(folder("roberta")), text, TWELVE, "model"),
    ):
        with pytest.raises(ConfigError, match=f"another value of {named}"):
            list(adapt(model_now, texts_now, out, settings=settings, place=FLOAT, resume=True))
    assert finished(adapt(model, text, out, settings=TWELVE, place=FLOAT, resume=True))["steps"] == 12


def test_nothing_to_resume_starts_at_the_beginning(folder: Folder, text: Texts, tmp_path: Path) -> None:
    model = str(folder("bert"))
    events = list(adapt(model, text, tmp_path / "out", settings=TWELVE, place=FLOAT, resume=True))
    assert finished(events)["steps"] == 12 and "has no checkpoint: this run starts anew." in notes(events)[0]


def test_a_time_budget_goes_on_with_the_time_already_spent(folder: Folder, text: Texts, tmp_path: Path) -> None:
    model = str(folder("bert"))
    settings = replace(FEW, steps=None, minutes=0.02)
    stop_after(3, adapt(model, text, tmp_path / "out", settings=settings, place=FLOAT))
    stopped_at = time.monotonic()
    result = finished(adapt(model, text, tmp_path / "out", settings=settings, place=FLOAT, resume=True))
    assert result["steps"] > 3 and 1.2 <= result["seconds"] < 1.2 + (time.monotonic() - stopped_at)


def test_a_disk_that_fills_up_keeps_the_checkpoint_before(
    folder: Folder, text: Texts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from promptlab.model.training import checkpoints

    model, out, write = str(folder("bert")), tmp_path / "out", checkpoints.save_file

    def full(tensors: Any, path: Path) -> None:
        if "step-5" in str(path) and path.name == "optimizer.safetensors":
            raise OSError(28, "No space left on device")
        write(tensors, path)

    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(StoreError, match=r"Step 5 cannot be written .*No space left.*step 4 is kept.*--resume"):
        list(adapt(model, text, out, settings=TWELVE, place=FLOAT))
    monkeypatch.undo()
    assert finished(adapt(model, text, out, settings=TWELVE, place=FLOAT, resume=True))["steps"] == 12


def test_a_disk_that_fills_up_at_the_end_loses_nothing(
    folder: Folder, text: Texts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, out = str(folder("bert")), tmp_path / "out"

    def full(result: Any) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("promptlab.model.training.outcome.card", full)
    with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\).*step 12 is kept"):
        list(adapt(model, text, out, settings=TWELVE, place=FLOAT))
    assert not out.exists()
    monkeypatch.undo()
    assert finished(adapt(model, text, out, settings=TWELVE, place=FLOAT, resume=True))["steps"] == 12


def test_a_tokenizer_that_cannot_be_written_loses_nothing(
    folder: Folder, text: Texts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, out = str(folder("bert")), tmp_path / "out"

    def full(self: Any, folder: Path, **options: Any) -> None:
        raise Exception("No space left on device (os error 28)")

    monkeypatch.setattr("transformers.PreTrainedTokenizerBase.save_pretrained", full)
    with pytest.raises(StoreError, match=r"cannot be written \(No space left on device.*step 12 is kept"):
        list(adapt(model, text, out, settings=TWELVE, place=FLOAT))
    enough = Texts([toy_text(tmp_path / "enough.txt", documents=600)])
    with pytest.raises(StoreError, match=r"tokenizer' cannot be written \(No space left on device"):
        list(pretrain("causal", "tiny", enough, tmp_path / "new", settings=FEW, place=FLOAT))
    assert not out.exists() and not (tmp_path / "new").exists()


def test_a_run_that_goes_on_does_not_need_the_room_it_has_already(
    folder: Folder, text: Texts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, out = str(folder("bert")), tmp_path / "out"
    work = adapt(model, text, out, settings=TWELVE, place=FLOAT)
    next(event for event in work if isinstance(event, Progress))
    work.close()
    checkpoint = sum(file.stat().st_size for file in (out.with_name("out.partial") / "step-1").iterdir())
    usage = type("Usage", (), {"free": int(1.5 * checkpoint)})()
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(ModelError, match="Make room"):
        list(adapt(model, text, tmp_path / "other", settings=TWELVE, place=FLOAT))
    assert finished(adapt(model, text, out, settings=TWELVE, place=FLOAT, resume=True))["steps"] == 12


def test_a_damaged_checkpoint_is_said_to_be(folder: Folder, text: Texts, tmp_path: Path) -> None:
    model, out = str(folder("bert")), tmp_path / "out"
    stop_after(2, adapt(model, text, out, settings=TWELVE, place=FLOAT))
    (tmp_path / "out.partial" / "step-2" / "weights.safetensors").write_bytes(b"cut")
    with pytest.raises(StoreError, match="is damaged"):
        list(adapt(model, text, out, settings=TWELVE, place=FLOAT, resume=True))


def test_a_new_model_goes_on_with_its_own_vocabulary(tmp_path: Path) -> None:
    text, out = Texts([toy_text(tmp_path / "text.txt", documents=600)]), tmp_path / "out"
    settings = replace(FEW, steps=4)
    stop_after(2, pretrain("masked", "tiny", text, out, settings=settings, place=FLOAT))
    made = (tmp_path / "out.partial" / "tokenizer" / "tokenizer.json").read_text()
    events = list(pretrain("masked", "tiny", text, out, settings=settings, place=FLOAT, resume=True))
    assert finished(events)["steps"] == 4 and "Making a vocabulary." not in notes(events)
    assert json.loads((out / "tokenizer.json").read_text())["model"] == json.loads(made)["model"]
