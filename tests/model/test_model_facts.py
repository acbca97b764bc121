"""What is known of a loaded model (family, length, notes), and the options of loading."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from model_folders import refusal
from tiny_models import EVERY, build, examples, reading, saved, tiny
from tiny_tokenizers import tokenizer

from promptlab.errors import ConfigError, ModelError
from promptlab.model import load_model, wrap_model
from promptlab.model.load import family_of
from promptlab.template import Template

TEXTS = ("The plot is dull.", "A bad movie")


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


def test_t5_v1_0_says_that_it_has_seen_glue_and_v1_1_that_it_may_be_lm_adapted() -> None:
    assert "GLUE" in tiny("t5").notes[0]
    assert "lm-adapt" in tiny("t5-v1.1").notes[0]
    assert tiny("t5-lm-adapt").notes == ()
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
