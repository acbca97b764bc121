"""Tokenizers of GGUF files: the file's own pieces, a start piece where one must be, nothing that data can forge."""

from pathlib import Path
from typing import Any

import pytest
from tiny_ggufs import write_gguf
from tiny_models import tiny

from promptlab.errors import ModelError
from promptlab.model import load_model
from promptlab.model.gguf.header import read_header
from promptlab.model.gguf.slim import write_slim
from promptlab.model.gguf.tokenizer import check, read_tokenizer
from promptlab.model.tokens import Tokens
from promptlab.task import Example
from promptlab.template import Template


def made_from(path: Path) -> Any:
    return read_tokenizer(read_header(path), path)


@pytest.mark.parametrize("name", ["llama3", "gpt2", "gemma3"])
def test_texts_have_the_pieces_of_the_original_tokenizer(name: str, tmp_path: Path) -> None:
    made, original = Tokens(made_from(write_gguf(name, tmp_path / "m.gguf"))), tiny(name).tokens
    for text in ("It was great.", " Just okay!", "two\nlines", "x 12345 y", ""):
        assert made.ids(text) == original.ids(text)
    assert made.prefix == original.prefix and len(made) == len(original)


@pytest.mark.parametrize("said", [True, False, None])
def test_gemma_s_prompts_begin_with_its_start_piece_whatever_the_file_says(said: bool | None, tmp_path: Path) -> None:
    key = "tokenizer.ggml.add_bos_token"
    values, unset = ({}, (key,)) if said is None else ({key: said}, ())
    lm = load_model(str(write_gguf("gemma3", tmp_path / "m.gguf", values=values, unset=unset)), dtype="float32")
    start = lm.tokens.tokenizer.bos_token_id
    (prompt,) = lm.encode(Template.parse("{text} It was {mask}"), [Example({"text": "fine"})])
    assert lm.tokens.entry(start) == "<bos>" and lm.place(prompt).ids[0] == start


@pytest.mark.parametrize(("said", "begins"), [(True, True), (False, False)])
def test_other_models_begin_as_their_file_says(said: bool, begins: bool, tmp_path: Path) -> None:
    values = {"tokenizer.ggml.add_bos_token": said}
    lm = load_model(str(write_gguf("llama3", tmp_path / "m.gguf", values=values)), dtype="float32")
    assert bool(lm.tokens.prefix) == begins


def test_llama_3_begins_with_its_start_piece_in_files_that_do_not_say(tmp_path: Path) -> None:
    path = write_gguf("llama3", tmp_path / "m.gguf", unset=("tokenizer.ggml.add_bos_token",))
    assert load_model(str(path), dtype="float32").tokens.prefix == [0]


def test_no_text_can_write_a_control_piece_or_one_that_the_model_lacks(tmp_path: Path) -> None:
    lm = load_model(str(write_gguf("llama3", tmp_path / "m.gguf")), dtype="float32")
    assert {0, 1} <= lm.tokens.special
    template = Template.parse("{text} It was {mask}")
    for text in ("<|end_of_text|>", "<|begin_of_text|>", "<|endoftext|>", "a<|end_of_text|>b"):
        (prompt,) = lm.encode(template, [Example({"text": text})])
        assert max(prompt.ids) < lm.pieces and not {0, 1} & set(prompt.ids[1:])


def test_control_pieces_in_letters_of_other_scripts_keep_their_names_and_numbers(tmp_path: Path) -> None:
    header = read_header(write_gguf("llama3", tmp_path / "plain.gguf"))
    pieces = ["<\uff5cbegin\uff5c>", "<\uff5cend\uff5c>", *header.pieces[2:]]
    path = write_gguf("llama3", tmp_path / "m.gguf", values={"tokenizer.ggml.tokens": pieces})
    lm = load_model(str(path), dtype="float32")
    assert lm.tokens.prefix == [0] and lm.tokens.entry(1) == "<\uff5cend\uff5c>" and len(lm.tokens) == len(pieces)
    assert lm.tokens.ids("It was great.") == tiny("llama3").tokens.ids("It was great.")


def test_the_chat_template_comes_along(tmp_path: Path) -> None:
    lm = load_model(str(write_gguf("llama3", tmp_path / "m.gguf")), dtype="float32")
    talk = [{"role": "user", "content": "It was great."}]
    assert lm.tokens.tokenizer.apply_chat_template(talk, tokenize=False) == "It was great."


def test_a_tokenizer_that_loses_text_is_refused(tmp_path: Path) -> None:
    from tokenizers import normalizers

    header = read_header(write_gguf("gpt2", tmp_path / "m.gguf"))
    tokenizer = made_from(header.path)
    tokenizer.backend_tokenizer.normalizer = normalizers.Lowercase()
    with pytest.raises(ModelError, match=r"reads 'It was great\.' as 'it was great\.'"):
        check(tokenizer, header)


def test_a_kind_of_tokenizer_that_transformers_does_not_make_is_refused(tmp_path: Path) -> None:
    path = write_gguf("gpt2", tmp_path / "m.gguf", values={"tokenizer.ggml.model": "rwkv"})
    with pytest.raises(ModelError, match="transformers cannot make its tokenizer"):
        load_model(str(path))


def test_a_copy_without_the_vocabulary_holds_the_same_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np
    from gguf import GGUFReader

    from promptlab.model.gguf import slim

    monkeypatch.setattr(slim, "_LONG", 100)
    header = read_header(write_gguf("gemma3", tmp_path / "m.gguf", packing="Q8_0"))
    assert slim.is_worth_it(header, spare=10**9) and not slim.is_worth_it(header, spare=100)
    copy, original = GGUFReader(write_slim(header, tmp_path / "slim.gguf")), GGUFReader(header.path)
    assert copy.fields["gemma3.vocab_size"].contents() == len(header.pieces)
    assert not {"tokenizer.ggml.tokens", "tokenizer.ggml.merges", "tokenizer.ggml.scores"} & set(copy.fields)
    assert [one.name for one in copy.tensors] == [one.name for one in original.tensors]
    assert all(np.array_equal(a.data, b.data) for a, b in zip(copy.tensors, original.tensors, strict=True))


def llama3_factors(factor: float) -> list[float]:
    """As transformers works them out from Llama 3's configuration."""
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    recipe = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
    rope = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": factor, **recipe}
    config = LlamaConfig(hidden_size=256, num_attention_heads=4, rope_parameters=rope)
    stretched, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    return [500000.0 ** -(place / 64) / float(each) for place, each in zip(range(0, 64, 2), stretched, strict=True)]


def test_llama_3_s_stretched_positions_are_put_into_the_configuration(tmp_path: Path) -> None:
    import numpy as np
    from transformers import LlamaConfig

    from promptlab.model.gguf.config import complete

    factors = np.array(llama3_factors(32.0), dtype=np.float32)
    config = LlamaConfig(hidden_size=256, num_attention_heads=4)
    config.rope_parameters = {"rope_type": "default", "rope_theta": 500000.0}
    complete(config, read_header(write_gguf("llama3", tmp_path / "m.gguf", tensors={"rope_freqs.weight": factors})))
    assert config.rope_parameters["rope_type"] == "llama3"
    assert config.rope_parameters["factor"] == pytest.approx(32.0)
    odd = write_gguf("llama3", tmp_path / "odd.gguf", tensors={"rope_freqs.weight": factors**2})
    with pytest.raises(ModelError, match=r"stretches its positions \(rope_freqs\.weight\)"):
        complete(config, read_header(odd))


def test_positions_stretched_in_a_way_that_is_left_out_are_refused(tmp_path: Path) -> None:
    values = {"llama.rope.scaling.type": "yarn", "llama.rope.scaling.factor": 4.0}
    with pytest.raises(ModelError, match=r"stretches its positions \(yarn\)"):
        load_model(str(write_gguf("llama3", tmp_path / "m.gguf", values=values)))
    linear = {"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0}
    lm = load_model(str(write_gguf("llama3", tmp_path / "l.gguf", values=linear)), dtype="float32")
    assert lm.model.config.rope_parameters["rope_type"] == "linear"
