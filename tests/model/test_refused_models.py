"""Models that cannot answer truly, and folders that are damaged, are refused in plain words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from model_folders import edit, refusal
from tiny_models import build, reading, tiny, tokenizer_kind
from tiny_tokenizers import tokenizer

from promptlab.errors import ModelError
from promptlab.model import load_model, wrap_model

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie")


def test_a_model_that_goes_round_its_output_layer_is_refused() -> None:
    from transformers import GPT2LMHeadModel

    class Bypassing(GPT2LMHeadModel):  # type: ignore[misc]
        def forward(self, input_ids: Any, attention_mask: Any, **_: Any) -> Any:
            from types import SimpleNamespace

            states = self.transformer(input_ids, attention_mask=attention_mask).last_hidden_state
            return SimpleNamespace(logits=states @ self.lm_head.weight.T)

    model = Bypassing(build("gpt2").config)
    with pytest.raises(ModelError, match="'gpt2' does not pass its vectors through its output layer"):
        wrap_model(model, tokenizer("gpt2"))


def test_a_model_that_changes_its_logits_afterwards_is_refused() -> None:
    from transformers import GPT2LMHeadModel

    class Scaling(GPT2LMHeadModel):  # type: ignore[misc]
        def forward(self, *args: Any, **inputs: Any) -> Any:
            output = super().forward(*args, **inputs)
            output.logits = output.logits * 3
            return output

    with pytest.raises(ModelError, match="differ from the model's own"):
        wrap_model(Scaling(build("gpt2").config), tokenizer("gpt2"))


def test_a_model_with_other_pieces_than_it_shows_is_refused() -> None:
    from transformers import GPT2LMHeadModel

    class Cutting(GPT2LMHeadModel):  # type: ignore[misc]
        def forward(self, *args: Any, **inputs: Any) -> Any:
            output = super().forward(*args, **inputs)
            output.logits = output.logits[..., :-5]
            return output

    with pytest.raises(ModelError, match="differ from the model's own"):
        wrap_model(Cutting(build("gpt2").config), tokenizer("gpt2"))


def test_a_model_that_hides_its_output_layer_is_refused() -> None:
    model = build("bert")
    model.get_output_embeddings = lambda: None
    with pytest.raises(ModelError, match="'bert' does not show its output layer"):
        wrap_model(model, tokenizer("bert"))


def test_a_tokenizer_of_another_model_is_refused() -> None:
    with pytest.raises(ModelError, match="they do not belong together"):
        wrap_model(build("bert"), tokenizer("modernbert"))


def test_a_masked_model_needs_a_tokenizer_with_a_mask() -> None:
    with pytest.raises(ModelError, match="has no mask piece"):
        wrap_model(build("bert"), tokenizer("gpt2"))


HEADLESS = {
    "BertModel": "bert",
    "BertForSequenceClassification": "bert",
    "BertForTokenClassification": "bert",
    "RobertaModel": "roberta",
    "ElectraForPreTraining": "electra",
    "LlamaModel": "llama3",
    "Qwen3Model": "qwen3",
    "GPT2ForSequenceClassification": "gpt2",
    "BartForSequenceClassification": "bart",
    "T5ForSequenceClassification": "t5",
    "DebertaV2ForSequenceClassification": "deberta-v2",
}


@pytest.mark.parametrize("kind", HEADLESS)
def test_a_model_without_a_trained_word_prediction_head_is_refused_in_one_sentence(kind: str, tmp_path: Path) -> None:
    import transformers

    name = HEADLESS[kind]
    getattr(transformers, kind)(build(name).config).save_pretrained(tmp_path)
    tokenizer(tokenizer_kind(name)).save_pretrained(tmp_path)
    said = refusal(tmp_path)
    assert "has no trained word-prediction head" in said
    assert "answers would be random" in said
    assert said.count(". ") == 1


def test_deberta_v3_which_was_trained_to_detect_replaced_words_is_refused(folder: Callable[[str], Path]) -> None:
    from safetensors.torch import load_file, save_file

    place = folder("deberta-v2")
    weights = load_file(place / "model.safetensors")
    save_file(
        weights | {"mask_predictions.dense.weight": torch.zeros(2)}, place / "model.safetensors", {"format": "pt"}
    )
    assert "has no trained word-prediction head: it was saved as a detector of replaced words" in refusal(place)


@pytest.mark.parametrize("name", ["deberta", "deberta-v2"])
def test_the_weights_say_which_head_a_deberta_has_whatever_its_configuration_says(
    name: str, folder: Callable[[str], Path]
) -> None:
    lm = load_model(str(edit(folder(name), legacy=True)), dtype="float32")
    found, expected = (reading(each, "{text} It was {mask}", TEXTS).tokens(range(99)) for each in (lm, tiny(name)))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_a_weight_that_is_missing_inside_is_named(folder: Callable[[str], Path]) -> None:
    from safetensors.torch import load_file, save_file

    place = folder("bert")
    weights = load_file(place / "model.safetensors")
    del weights["bert.encoder.layer.1.output.dense.weight"]
    save_file(weights, place / "model.safetensors", {"format": "pt"})
    assert "lacks 1 weight (bert.encoder.layer.1.output.dense.weight" in refusal(place)


@pytest.mark.parametrize("name", ["bert", "gpt2", "t5"])
def test_weights_cut_at_any_place_are_refused_with_file_and_remedy(name: str, folder: Callable[[str], Path]) -> None:
    path = folder(name) / "model.safetensors"
    content = path.read_bytes()
    for share in (0, 1e-5, 1e-3, 0.02, 0.5, 0.999):
        path.write_bytes(content[: int(len(content) * share)])
        assert refusal(path.parent) == f"{path} is cut short or damaged. Copy or download the model again."


def test_a_header_with_any_byte_flipped_is_refused_or_loads_the_same_model(folder: Callable[[str], Path]) -> None:
    path = folder("bert") / "model.safetensors"
    content = path.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    expected = reading(tiny("bert"), "{text} {mask}", TEXTS).tokens(range(99))
    refused = 0
    for at in (*range(8), *range(8, header, header // 60)):
        damaged = bytearray(content)
        damaged[at] ^= 0x04
        path.write_bytes(bytes(damaged))
        try:
            lm = load_model(str(path.parent), dtype="float32")
        except ModelError as error:
            refused += 1
            assert str(path.parent) in str(error)
            continue
        torch.testing.assert_close(
            reading(lm, "{text} {mask}", TEXTS).tokens(range(99)), expected, atol=1e-5, rtol=1e-5
        )
    assert refused > 50


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json", "config.json"])
def test_a_settings_file_cut_in_half_is_refused_with_its_folder(file: str, folder: Callable[[str], Path]) -> None:
    path = folder("bert") / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert str(path.parent) in refusal(path.parent)


@pytest.mark.parametrize("name", ["bert", "roberta", "t5", "llama3"])
def test_a_folder_without_a_tokenizer_is_refused_and_none_is_made_up(name: str, folder: Callable[[str], Path]) -> None:
    place = folder(name)
    (place / "tokenizer.json").unlink()
    assert "has no tokenizer (tokenizer.json)" in refusal(place)
    (place / "tokenizer_config.json").unlink()
    assert "has no tokenizer (tokenizer.json)" in refusal(place)


def test_a_shard_that_is_not_there_is_named(folder: Callable[[str], Path]) -> None:
    place = folder("bert")
    build("bert").save_pretrained(place, max_shard_size="40KB")
    (place / "model.safetensors").unlink()
    shards = sorted(place.glob("model-*.safetensors"))
    assert len(shards) > 1
    assert load_model(str(place), dtype="float32").family == "masked"
    shards[1].unlink()
    assert f"lacks {shards[1].name}, which its index names" in refusal(place)


CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "an unknown type": {"model_type": "nonsense"},
    "no type": {"model_type": None, "architectures": None},
    "a type that predicts no words": {"model_type": "vit", "architectures": ["ViTForImageClassification"]},
    "a width that is text": {"hidden_size": "abc"},
    "a width that does not divide": {"num_attention_heads": 5},
    "another width than the weights": {"hidden_size": 64},
    "a negative vocabulary": {"vocab_size": -1},
    "an activation that is not there": {"hidden_act": "magic"},
    "architectures that are a number": {"architectures": 5, "hidden_size": 64},
}


@pytest.mark.parametrize("change", CONFIGURATIONS)
def test_a_configuration_that_does_not_fit_is_refused_and_nothing_else_is_raised(
    change: str, folder: Callable[[str], Path]
) -> None:
    place = edit(folder("bert"), **CONFIGURATIONS[change])
    said = refusal(place)
    assert len(said) < 400
    assert str(place) in said or "predicts no words" in said
