"""Models from folders: every family loads and answers as before it was saved; what cannot answer truly is refused."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import EVERY, build, examples, reading, saved, tiny, tokenizer_kind
from tiny_tokenizers import tokenizer

from promptlab.errors import ConfigError, ModelError
from promptlab.model import LanguageModel, Readout, load_model, wrap_model
from promptlab.model import load as loading
from promptlab.model.load import family_of
from promptlab.template import Template

TEXTS = ("The plot is dull.", "I love this film, and the story is good too", "A bad movie")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the models of this file are saved, each once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def folder(shelf: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A model's folder that the test may change."""

    def copy(name: str = "bert") -> Path:
        return Path(shutil.copytree(saved(name, shelf), tmp_path / name))

    return copy


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models whose answers are checked, as they are."""
    names: list[str] = []
    check = loading.check_answers

    def counted(lm: LanguageModel) -> None:
        names.append(lm.name)
        check(lm)

    monkeypatch.setattr(loading, "check_answers", counted)
    return names


def edit(folder: Path, file: str = "config.json", **changes: Any) -> Path:
    table = json.loads((folder / file).read_text()) | changes
    (folder / file).write_text(json.dumps({key: value for key, value in table.items() if value is not None}))
    return folder


def refusal(folder: Path | str, **options: Any) -> str:
    """The sentence with which loading is refused."""
    with pytest.raises(ModelError) as error:
        load_model(str(folder), **options)
    return str(error.value)


@pytest.mark.parametrize("name", EVERY)
def test_every_family_loads_from_a_folder_and_answers_as_before_it_was_saved(name: str, shelf: Path) -> None:
    lm = load_model(str(saved(name, shelf)), dtype="float32", device="cpu")
    before = tiny(name)
    assert (lm.family, lm.max_length, lm.pieces, lm.dtype) == (
        before.family,
        before.max_length,
        before.pieces,
        "float32",
    )
    found, expected = (reading(each, "{text} It was {mask}", TEXTS) for each in (lm, before))
    torch.testing.assert_close(found.tokens(range(99)), expected.tokens(range(99)), atol=1e-5, rtol=1e-5)
    texts = examples(TEXTS)
    template = Template.parse("{text} It was {mask}")
    wholes = [Readout.join(each.read(template, texts, words=["not relevant"])).columns for each in (lm, before)]
    torch.testing.assert_close(wholes[0]["not relevant"], wholes[1]["not relevant"], atol=1e-4, rtol=1e-4)


def test_answers_are_checked_at_the_first_loading_only(shelf: Path, checks: list[str]) -> None:
    place = str(saved("bert", shelf))
    for _ in range(2):
        load_model(place, dtype="bfloat16")
    assert checks == [place]


def test_a_model_whose_files_changed_is_checked_again(folder: Callable[[str], Path], checks: list[str]) -> None:
    place = folder("bert")
    first = load_model(str(place), dtype="float32")
    model = build("bert")
    with torch.no_grad():
        model.bert.encoder.layer[0].output.dense.weight += 0.1
    model.save_pretrained(place)
    second = load_model(str(place), dtype="float32")
    assert len(checks) == 2
    assert first.fingerprint != second.fingerprint


def test_a_copy_elsewhere_has_the_same_fingerprint_and_is_not_checked_again(
    folder: Callable[[str], Path], shelf: Path, checks: list[str]
) -> None:
    original = load_model(str(saved("bert", shelf)), dtype="float32")
    copy = load_model(str(folder("bert")), dtype="float32")
    assert copy.fingerprint == original.fingerprint
    assert len(checks) == 1


def test_without_a_cache_that_can_be_written_a_model_loads_all_the_same(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PROMPTLAB_CACHE", str(tmp_path / "file" / "inside"))
    assert load_model(str(saved("bert", shelf)), dtype="float32").family == "masked"


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


@pytest.mark.parametrize("name", EVERY)
def test_the_family_is_found_without_the_name_of_an_architecture(name: str) -> None:
    config = build(name).config
    config.architectures = None
    assert family_of(config) == tiny(name).family


def test_a_t5_saved_under_its_first_class_name_is_an_encoder_decoder() -> None:
    config = build("t5").config
    config.architectures = ["T5WithLMHeadModel"]
    assert family_of(config) == "seq2seq"


@pytest.mark.parametrize("name", EVERY)
def test_prompts_of_exactly_the_longest_length_are_read(name: str) -> None:
    lm = tiny(name)
    readout = reading(lm, "{text} It was {mask}", ["film " * 3000])
    (prompt,) = lm.encode(Template.parse("{text} It was {mask}"), examples(["film " * 3000]))
    assert len(prompt.ids) == lm.max_length
    assert readout.cut.tolist() == [prompt.cut["text"]]
    assert prompt.cut["text"] > 2000


def test_the_longest_length_is_the_positions_that_are_used_and_the_tokenizer_s_own_limit() -> None:
    assert tiny("roberta").model.config.max_position_embeddings == 66
    assert tiny("roberta").max_length == 64
    assert tiny("bert").max_length == 64
    assert tiny("t5").max_length == 512
    assert tiny("llama3").max_length == 64
    assert tiny("distilbert").max_length == 64


def test_a_lower_limit_is_taken_and_others_are_refused(shelf: Path) -> None:
    assert load_model(str(saved("bert", shelf)), max_length=16).max_length == 16
    for wrong in (7, 65):
        assert f"--max-length {wrong}: this model reads 8 to 64 pieces" in refusal(
            saved("bert", shelf), max_length=wrong
        )


def test_t5_v1_0_says_that_it_has_seen_glue_and_v1_1_does_not() -> None:
    assert "GLUE" in tiny("t5").notes[0]
    assert tiny("t5-v1.1").notes == ()
    assert tiny("bert").notes == ()


def test_only_a_t5_is_taken_for_lm_adapted_by_its_name() -> None:
    bart = wrap_model(build("bart"), tokenizer("roberta"), name="/data/lm-adapt/bart")
    assert bart.mark(0) == (tokenizer("roberta").mask_token_id,)
    assert wrap_model(build("t5-v1.1"), tokenizer("t5"), name="t5-small-lm-adapt").mark(0) == ()


def test_an_lm_adapted_t5_wants_its_slot_at_the_end() -> None:
    with pytest.raises(ModelError, match="write one \\{mask\\}, at the end"):
        reading(tiny("t5-lm-adapt"), "{text} It was {mask}.", TEXTS)


def test_a_causal_model_wants_one_slot() -> None:
    with pytest.raises(ModelError, match=r"answers one slot, and .* has 2"):
        reading(tiny("gpt2"), "{text} {mask} {mask}", TEXTS)


def test_a_template_with_more_slots_than_sentinels_is_refused() -> None:
    with pytest.raises(ModelError, match="has 10 sentinels, one a slot, and the template has more slots"):
        reading(tiny("t5"), "{text}" + " {mask}" * 11, TEXTS)


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"device": "gpu"}, "Unknown device 'gpu'"),
    ({"device": "cuda:x"}, "Unknown device 'cuda:x'"),
    ({"device": "cpu:1"}, "Unknown device 'cpu:1'"),
    ({"dtype": "float23"}, "Unknown dtype 'float23'. Did you mean 'float32'?"),
    ({"threads": 0}, "--threads 0: at least one thread"),
)


@pytest.mark.parametrize(("options", "sentence"), WRONG)
def test_options_that_are_wrong_are_named_with_the_choices(options: dict[str, Any], sentence: str, shelf: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_model(str(saved("bert", shelf)), **options)
    assert str(error.value).startswith(sentence)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:3"])
def test_a_gpu_that_is_not_there_is_said(device: str, shelf: Path) -> None:
    with pytest.raises(ConfigError, match=f"no device '{device}': torch finds no CUDA GPU on this machine"):
        load_model(str(saved("bert", shelf)), device=device)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "bf16"])
def test_a_precision_that_was_asked_for_is_used(dtype: str, shelf: Path) -> None:
    lm = load_model(str(saved("bert", shelf)), dtype=dtype)
    assert lm.dtype == {"bf16": "bfloat16"}.get(dtype, dtype)
    assert lm.output.weight.dtype == getattr(torch, lm.dtype)


@pytest.fixture
def three_threads() -> Iterator[None]:
    yield
    torch.set_num_threads(1)


def test_the_number_of_threads_is_set(shelf: Path, three_threads: None) -> None:
    load_model(str(saved("bert", shelf)), threads=3)
    assert torch.get_num_threads() == 3


def test_a_model_too_large_for_the_memory_is_refused_before_it_is_loaded(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promptlab.model.hardware.free_memory", lambda _: 1000)
    assert "does not fit. The model takes about" in refusal(saved("bert", shelf), dtype="float32")


def test_the_embedded_model_is_the_default_and_answers() -> None:
    lm = load_model(dtype="float32")
    assert (lm.name, lm.family, lm.pieces) == ("embedded", "masked", 16000)
    scores = reading(lm, "{text} It was {mask}.", ["A wonderful film."]).words(["wonderful", "seventeen"])[0, 0]
    assert scores[0] > scores[1]
