"""An encoder-decoder model as a GGUF file: sentinels, end piece, activation and answers of the original."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_architectures import MODELS
from tiny_models import reading, shake
from tiny_tokenizers import tokenizer

from promptlab.model import load_model, wrap_model

TEXTS = ("The plot is dull.", "I love this film, and the story is good too")
_BLOCK = {
    "attn_norm": "layer.0.layer_norm",
    **{f"attn_{part}": f"layer.0.SelfAttention.{part}" for part in "qkvo"},
    "attn_rel_b": "layer.0.SelfAttention.relative_attention_bias",
}
_CROSS = {
    "cross_attn_norm": "layer.1.layer_norm",
    **{f"cross_attn_{part}": f"layer.1.EncDecAttention.{part}" for part in "qkvo"},
}


def vocabulary() -> list[tuple[str, float]]:
    """The tiny T5's pieces with the hundred sentinels that every released T5 has."""
    import json

    known = json.loads(tokenizer("t5").backend_tokenizer.to_str())["model"]["vocab"]
    plain = [(str(piece), float(score)) for piece, score in known if "extra_id" not in piece]
    return [*plain, *((f"<extra_id_{number}>", 0.0) for number in range(99, -1, -1))]


def arrays(model: Any, *, gated: bool) -> dict[str, np.ndarray[Any, Any]]:
    names = {"token_embd": "shared", "enc.output_norm": "encoder.final_layer_norm"}
    names |= {"dec.output_norm": "decoder.final_layer_norm", **({"output": "lm_head"} if gated else {})}
    parts = {"ffn_gate": "wi_0", "ffn_up": "wi_1", "ffn_down": "wo"} if gated else {"ffn_up": "wi", "ffn_down": "wo"}
    for ours, theirs, last in (("enc", "encoder", 1), ("dec", "decoder", 2)):
        block = {**_BLOCK, **(_CROSS if ours == "dec" else {}), "ffn_norm": f"layer.{last}.layer_norm"}
        block |= {name: f"layer.{last}.DenseReluDense.{part}" for name, part in parts.items()}
        for layer in range(2):
            names |= {f"{ours}.blk.{layer}.{one}": f"{theirs}.block.{layer}.{part}" for one, part in block.items()}
    state = model.state_dict()
    found = {f"{ours}.weight": f"{theirs}.weight" for ours, theirs in names.items()}
    return {ours: state[theirs].numpy() for ours, theirs in found.items() if theirs in state}


def write(model: Any, path: Path, *, gated: bool) -> Path:
    import gguf

    config, pieces = model.config, vocabulary()
    writer = gguf.GGUFWriter(path, "t5")
    for key, value in {
        "t5.context_length": 64,
        "t5.embedding_length": config.d_model,
        "t5.feed_forward_length": config.d_ff,
        "t5.block_count": config.num_layers,
        "t5.decoder_start_token_id": 0,
        "t5.attention.head_count": config.num_heads,
        "t5.attention.key_length": config.d_kv,
        "t5.attention.relative_buckets_count": config.relative_attention_num_buckets,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.unknown_token_id": 2,
        "tokenizer.ggml.padding_token_id": 0,
    }.items():
        writer.add_uint32(key, value)
    writer.add_float32("t5.attention.layer_norm_epsilon", config.layer_norm_epsilon)
    writer.add_string("tokenizer.ggml.model", "t5")
    named = [f"[PAD{number}]" if "extra_id" in piece else piece for number, (piece, _) in enumerate(pieces)]
    writer.add_array("tokenizer.ggml.tokens", named)
    writer.add_array("tokenizer.ggml.scores", [score for _, score in pieces])
    writer.add_array("tokenizer.ggml.token_type", [3, 3, 2, *(5 if "PAD" in piece else 1 for piece in named[3:])])
    writer.add_bool("tokenizer.ggml.add_eos_token", True)
    for name, array in arrays(model, gated=gated).items():
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize(("name", "gated"), [("t5-v1.1", True), ("t5", False)])
def test_a_t5_answers_as_the_model_it_was_made_from(name: str, gated: bool, tmp_path: Path) -> None:
    from transformers import T5Tokenizer

    pieces = vocabulary()
    model = MODELS[name](len(pieces), {"pad_token_id": 0, "bos_token_id": None, "eos_token_id": 1})
    shake(model)
    twin = wrap_model(model.eval(), T5Tokenizer(vocab=pieces))
    lm = load_model(str(write(model, tmp_path / "m.gguf", gated=gated)), dtype="float32")
    assert (lm.family, lm.tokens.suffix, lm.tokens.special) == ("seq2seq", [1], twin.tokens.special)
    found, expected = (reading(each, "{text} It was {mask} .", TEXTS).tokens(range(99)) for each in (lm, twin))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
