"""Whole runs of adapt on tiny models: what falls, what moves, what is written, and what stops a run."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from model_folders import edit
from safetensors.torch import load_file, save_file
from tiny_models import reading
from training_runs import FEW, FLOAT, finished, notes, toy_text

from promptlab.errors import ConfigError, DataError, ModelError, PromptlabError, StoreError
from promptlab.model import load_model
from promptlab.model.check import check_answers
from promptlab.model.training import Place, Settings, Texts, adapt
from promptlab.results.events import Done, Event, Progress

Folder = Callable[[str], Path]


@pytest.fixture
def text(tmp_path: Path) -> Texts:
    return Texts([toy_text(tmp_path / "text.txt")])


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize("name", ["bert", "deberta-v2", "gpt2", "gemma3", "t5", "bart"])
def test_validation_loss_falls_on_a_text_that_can_be_learnt(
    name: str, folder: Folder, text: Texts, tmp_path: Path
) -> None:
    events = list(adapt(str(folder(name)), text, tmp_path / "out", settings=FEW, place=FLOAT))
    result = finished(events)
    assert result["validation_loss"] < 0.75 * result["validation_loss_before"]
    assert result["perplexity"] < result["perplexity_before"]
    steps = [event for event in events if isinstance(event, Progress)]
    assert [event.step for event in steps] == list(range(1, 41)) and {event.total for event in steps} == {40}
    assert {"loss", "pieces_per_second", "seconds_left"} <= set(steps[-1].metrics)
    assert sum("validation_loss" in event.metrics for event in steps) == 9
    lm = load_model(str(tmp_path / "out"), dtype="float32")
    check_answers(lm)
    assert not (tmp_path / "out.partial").exists()


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5", "deberta-v2"])
def test_lora_moves_its_matrices_alone_and_merged_it_answers_as_before(
    name: str, folder: Folder, text: Texts, tmp_path: Path
) -> None:
    before = folder(name)
    work = adapt(
        str(before), text, tmp_path / "out", settings=replace(FEW, steps=5), place=FLOAT, method="lora", rank=4
    )
    result = finished(work)
    assert result["validation_loss"] < result["validation_loss_before"] and result["method"] == "LoRA, rank 4"
    old, new = weights(before), weights(tmp_path / "out")
    assert set(old) == set(new)
    moved = {name for name in old if not torch.equal(old[name], new[name])}
    assert moved and all(old[name].dim() == 2 and "embed" not in name and "wte" not in name for name in moved)


def test_merged_lora_gives_the_answers_that_training_ended_with(folder: Folder, text: Texts, tmp_path: Path) -> None:
    from promptlab.model.training.lora import add_lora

    lm = load_model(str(folder("bert")), dtype="float32")
    merge = add_lora(lm, rank=4, seed=1)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in (value for value in lm.model.parameters() if value.requires_grad):
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    apart = reading(lm, "{text} It was {mask}.", ["good film", "bad"]).words(["great", "dull"])
    merge()
    merged = reading(lm, "{text} It was {mask}.", ["good film", "bad"]).words(["great", "dull"])
    assert torch.allclose(apart, merged, atol=1e-4)
    assert not any("lora" in name or value.requires_grad for name, value in lm.model.named_parameters())


def test_the_outcome_has_the_precision_of_the_model_it_came_from(folder: Folder, text: Texts, tmp_path: Path) -> None:
    half = folder("bert")
    save_file(
        {name: value.half() for name, value in weights(half).items()}, half / "model.safetensors", {"format": "pt"}
    )
    edit(half, dtype="float16")
    result = finished(adapt(str(half), text, tmp_path / "out", settings=replace(FEW, steps=3), place=FLOAT))
    assert result["stored"] == "float16"
    assert {value.dtype for value in weights(tmp_path / "out").values()} == {torch.float16}


def test_document_starts_and_bfloat16_and_dropout_and_cosine_train_too(
    folder: Folder, text: Texts, tmp_path: Path
) -> None:
    settings = replace(FEW, steps=20, packed=False, dropout=True, decay="cosine")
    place = Place(dtype="bfloat16", threads=1)
    result = finished(adapt(str(folder("bert")), text, tmp_path / "out", settings=settings, place=place))
    assert result["validation_loss"] < result["validation_loss_before"]
    assert (result["packing"], result["dtype"]) == ("document starts", "bfloat16")


def test_a_time_budget_ends_a_run(folder: Folder, text: Texts, tmp_path: Path) -> None:
    settings = replace(FEW, steps=None, minutes=0.01)
    result = finished(adapt(str(folder("bert")), text, tmp_path / "out", settings=settings, place=FLOAT))
    assert 0.6 <= result["seconds"] < 5 and result["steps"] > 1


def test_sizes_are_said_first_and_the_card_holds_no_text(folder: Folder, text: Texts, tmp_path: Path) -> None:
    events = list(adapt(str(folder("bert")), text, tmp_path / "out", settings=replace(FEW, steps=2), place=FLOAT))
    first = notes(events)[0]
    assert first.startswith("The model will take ") and "of memory" in first
    assert "200 documents" in notes(events)[2] and "10 documents are held out" in notes(events)[2]
    card = (tmp_path / "out" / "README.md").read_text()
    assert "whole-word masking, 200 documents" in card and "terrible bore" not in card


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_checkpoint(
    folder: Folder, text: Texts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from promptlab.model.training import trainer

    loss = trainer.summed_loss
    monkeypatch.setattr(trainer, "summed_loss", lambda lm, part: loss(lm, part) * spoilt[0])
    spoilt = [1.0]
    settings, model = replace(FEW, steps=30, checkpoint_minutes=0), str(folder("bert"))
    work = adapt(model, text, tmp_path / "out", settings=settings, place=FLOAT)
    with pytest.raises(ModelError, match=r"loss of step 6 is not a finite number.*--learning-rate.*step 5 is kept"):
        for event in work:
            if isinstance(event, Progress) and event.step == 5:
                spoilt[0] = float("nan")
    spoilt[0] = 1.0
    kept = load_file(tmp_path / "out.partial" / "step-5" / "weights.safetensors")
    assert all(torch.isfinite(value).all() for value in kept.values())
    lower = replace(settings, learning_rate=1e-3)
    events = list(adapt(model, text, tmp_path / "out", settings=lower, place=FLOAT, resume=True))
    assert finished(events)["steps"] == 30
    assert any("learning rate is 0.001 from here on, and was 0.01" in note for note in notes(events))


def test_a_loss_that_rises_stops(folder: Folder, text: Texts, tmp_path: Path) -> None:
    wild = replace(FEW, steps=100, learning_rate=2.0)
    with pytest.raises(ModelError, match=r"The loss rises: .* Lower --learning-rate"):
        list(adapt(str(folder("bert")), text, tmp_path / "out", settings=wild, place=FLOAT))
    assert not (tmp_path / "out").exists()


def test_a_pass_that_does_not_fit_into_memory_is_halved_and_the_step_stays_the_same(
    folder: Folder, text: Texts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from promptlab.model.training import trainer

    model = str(folder("bert"))
    whole = finished(adapt(model, text, tmp_path / "whole", settings=replace(FEW, steps=10), place=FLOAT))
    loss = trainer.summed_loss

    def scarce(lm: Any, part: Any) -> torch.Tensor:
        if len(part) > 2:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return loss(lm, part)

    monkeypatch.setattr(trainer, "summed_loss", scarce)
    cut = finished(adapt(model, text, tmp_path / "cut", settings=replace(FEW, steps=10), place=FLOAT))
    assert cut["validation_loss"] == pytest.approx(whole["validation_loss"], abs=1e-3)
    for name, value in weights(tmp_path / "whole").items():
        assert torch.allclose(value, weights(tmp_path / "cut")[name], atol=1e-3)


def test_memory_and_disk_that_do_not_suffice_are_refused_first(
    folder: Folder, text: Texts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = str(folder("bert"))
    monkeypatch.setattr("promptlab.model.training.requirements.hardware.free_memory", lambda device: 1_000_000)
    with pytest.raises(ModelError, match=r"Training takes about .* has 1\.0 MB free\. Use --method lora"):
        list(adapt(model, text, tmp_path / "out", settings=FEW, place=FLOAT))
    monkeypatch.setattr("promptlab.model.training.requirements.hardware.free_memory", lambda device: None)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 50})())
    with pytest.raises(ModelError, match=r"of disk with its checkpoints, and .* has 50 B free"):
        list(adapt(model, text, tmp_path / "out", settings=FEW, place=FLOAT))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"minutes": 1.0}, "two budgets"),
        ({"steps": 0}, "--steps 0"),
        ({"sequence": 8192}, "reads at most 64 pieces"),
        ({"learning_rate": -1.0}, "--learning-rate -1"),
        ({"held_out": 0.9}, "--held-out 0.9"),
    ],
)
def test_settings_out_of_range_are_refused(
    changes: dict[str, Any], sentence: str, folder: Folder, text: Texts, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        list(adapt(str(folder("bert")), text, tmp_path / "out", settings=replace(FEW, **changes), place=FLOAT))


def test_what_cannot_be_trained_is_refused_in_a_sentence(folder: Folder, text: Texts, tmp_path: Path) -> None:
    model = str(folder("bert"))

    def refused(kind: type[PromptlabError], texts: Texts = text, out: str = "out", **changes: Any) -> str:
        with pytest.raises(kind) as error:
            list(adapt(model, texts, tmp_path / out, **{"settings": FEW, "place": FLOAT, **changes}))
        return str(error.value)

    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "notes.txt").write_text("mine")
    assert "is there already" in refused(ConfigError, out="there")
    assert "float16 does not train" in refused(ConfigError, place=Place(dtype="float16"))
    assert "--rank 0" in refused(ConfigError, rank=0)
    short = tmp_path / "short.txt"
    short.write_text("a film\n" * 3)
    assert "3 documents" in refused(DataError, texts=Texts([short]))
    assert "cannot be written" in refused(StoreError, out="short.txt/out")
    other = tmp_path / "short.partial"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    assert "holds something else" in refused(ConfigError, out="short")
    assert (other / "notes.txt").read_text() == "mine"


def test_a_tokenizer_of_another_model_is_refused(folder: Folder, text: Texts, tmp_path: Path) -> None:
    model = folder("bert")
    table = json.loads((model / "tokenizer.json").read_text())
    table["model"]["vocab"] = {entry: place + 500 * (place > 4) for entry, place in table["model"]["vocab"].items()}
    (model / "tokenizer.json").write_text(json.dumps(table))
    with pytest.raises(ModelError, match="do not belong together"):
        list(adapt(str(model), text, tmp_path / "out", settings=FEW, place=FLOAT))


def test_closing_a_run_leaves_a_checkpoint_of_the_last_step(folder: Folder, text: Texts, tmp_path: Path) -> None:
    work = adapt(str(folder("bert")), text, tmp_path / "out", settings=FEW, place=FLOAT)
    next(event for event in work if isinstance(event, Progress) and event.step == 3)
    work.close()
    assert sorted(path.name for path in (tmp_path / "out.partial").iterdir()) == ["run.json", "step-3"]


def test_a_model_that_learns_the_text_by_heart_is_said_to(folder: Folder, tmp_path: Path) -> None:
    lines = [" ".join(str(digit) for digit in line) for line in np.random.default_rng(0).integers(10, size=(30, 20))]
    (tmp_path / "numbers.txt").write_text("\n".join(lines))
    settings = Settings(steps=250, batch_pieces=256, sequence=32, learning_rate=2e-2, held_out=0.3)
    events: list[Event] = list(
        adapt(str(folder("gpt2")), Texts([tmp_path / "numbers.txt"]), tmp_path / "out", settings=settings, place=FLOAT)
    )
    assert isinstance(events[-1], Done) and any("by heart" in note for note in notes(events))
