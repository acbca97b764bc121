"""The tiny models as GGUF files, written with the gguf package the way llama.cpp's converters lay them out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tiny_models import build, tokenizer_kind
from tiny_tokenizers import tokenizer

Arrays = dict[str, np.ndarray[Any, Any]]
_LLAMA_LAYER = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_GEMMA_LAYER = {
    **_LLAMA_LAYER,
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
}
_GPT2_LAYER = {
    "attn_norm": "ln_1",
    "ffn_norm": "ln_2",
    "attn_qkv": "attn.c_attn",
    "attn_output": "attn.c_proj",
    "ffn_up": "mlp.c_fc",
    "ffn_down": "mlp.c_proj",
}
_CHAT = "{% for message in messages %}{{ message.content }}{% endfor %}"


def write_gguf(
    name: str,
    path: Path,
    *,
    packing: str = "F32",
    values: Mapping[str, Any] | None = None,
    tensors: Arrays | None = None,
    unset: tuple[str, ...] = (),
) -> Path:
    """One of ``llama3``, ``gpt2``, ``gemma3`` as a GGUF file; matrices whose rows allow it are packed as ``packing``.

    ``values`` sets keys of the header besides, ``unset`` leaves keys out, ``tensors`` adds some.
    """
    import gguf

    architecture, arrays, shape = _CONTENT[name]()
    writer = gguf.GGUFWriter(path, architecture)
    header = {"general.name": f"Tiny {name}", "general.license": "apache-2.0", "tokenizer.chat_template": _CHAT}
    header |= {f"{architecture}.{key}": value for key, value in shape.items()}
    header |= _vocabulary(name, architecture)
    header["general.file_type"] = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 7}[packing]
    for key, value in {**header, **(values or {})}.items():
        if key not in unset:
            _put(writer, key, value)
    kind = gguf.GGMLQuantizationType[packing]
    for key, array in {**arrays, **(tensors or {})}.items():
        if array.ndim > 1 and array.shape[-1] % 32 == 0 and packing != "F32":
            writer.add_tensor(key, gguf.quants.quantize(array, kind), raw_dtype=kind)
        else:
            writer.add_tensor(key, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _put(writer: Any, key: str, value: Any) -> None:
    kinds: dict[type, Callable[[str, Any], None]] = {
        bool: writer.add_bool,
        int: writer.add_uint32,
        float: writer.add_float32,
        str: writer.add_string,
        list: writer.add_array,
    }
    kinds[type(value)](key, value)


def _vocabulary(name: str, architecture: str) -> dict[str, Any]:
    """The tokenizer as llama.cpp writes it: pieces, their kinds (3 is control, 6 a byte, 1 normal) and merges."""
    import json

    made = tokenizer(tokenizer_kind(name))
    pieces = [str(piece) for piece in made.convert_ids_to_tokens(list(range(len(made))))]
    special = set(made.all_special_tokens)
    kinds = [3 if piece in special else 6 if piece.startswith("<0x") else 1 for piece in pieces]
    is_bytes = architecture != "gemma3"
    table: dict[str, Any] = {
        "tokenizer.ggml.model": "gpt2" if is_bytes else "llama",
        "tokenizer.ggml.tokens": pieces,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.merges": [
            " ".join(merge) for merge in json.loads(made.backend_tokenizer.to_str())["model"]["merges"]
        ],
        "tokenizer.ggml.eos_token_id": made.eos_token_id,
        "tokenizer.ggml.bos_token_id": made.bos_token_id,
        "tokenizer.ggml.add_bos_token": name != "gpt2",
    }
    if name == "llama3":
        table["tokenizer.ggml.pre"] = "llama-bpe"
    if not is_bytes:
        table["tokenizer.ggml.scores"] = [-float(place) for place in range(len(pieces))]
        table["tokenizer.ggml.unknown_token_id"] = made.unk_token_id
        table["tokenizer.ggml.padding_token_id"] = made.pad_token_id
    return table


def _llama() -> tuple[str, Arrays, dict[str, Any]]:
    model = build("llama3")
    arrays = _layers(model, "model.layers", _LLAMA_LAYER)
    for key, array in arrays.items():
        if "attn_q" in key or "attn_k" in key:
            arrays[key] = _permuted(array, model.config, is_key="attn_k" in key)
    ends = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
    return "llama", arrays | _named(model, ends), _decoder(model.config)


def _gemma3() -> tuple[str, Arrays, dict[str, Any]]:
    model = build("gemma3")
    arrays = _layers(model, "model.layers", _GEMMA_LAYER)
    arrays |= _named(model, {"token_embd": "model.embed_tokens", "output_norm": "model.norm"})
    if not model.config.tie_word_embeddings:
        arrays |= _named(model, {"output": "lm_head"})
    arrays = {key: array + 1 if "norm" in key else array for key, array in arrays.items()}
    config = model.config
    heads = {"attention.key_length": config.head_dim, "attention.value_length": config.head_dim}
    return "gemma3", arrays, {**_decoder(config), **heads, "attention.sliding_window": config.sliding_window}


def _gpt2() -> tuple[str, Arrays, dict[str, Any]]:
    model = build("gpt2")
    arrays = _layers(model, "transformer.h", _GPT2_LAYER)
    arrays = {key: np.ascontiguousarray(array.T) if array.ndim > 1 else array for key, array in arrays.items()}
    ends = {"token_embd": "transformer.wte", "position_embd": "transformer.wpe", "output_norm": "transformer.ln_f"}
    config = model.config
    shape = {
        "context_length": config.n_positions,
        "embedding_length": config.n_embd,
        "feed_forward_length": 4 * config.n_embd,
        "block_count": config.n_layer,
        "attention.head_count": config.n_head,
        "attention.layer_norm_epsilon": config.layer_norm_epsilon,
    }
    return "gpt2", arrays | _named(model, ends), shape


def _decoder(config: Any) -> dict[str, Any]:
    parameters = config.rope_parameters
    theta = parameters.get("full_attention", parameters)["rope_theta"]
    return {
        "context_length": config.max_position_embeddings,
        "embedding_length": config.hidden_size,
        "feed_forward_length": config.intermediate_size,
        "block_count": config.num_hidden_layers,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": config.num_key_value_heads,
        "attention.layer_norm_rms_epsilon": config.rms_norm_eps,
        "rope.dimension_count": config.head_dim,
        "rope.freq_base": float(theta),
    }


def _layers(model: Any, place: str, names: Mapping[str, str]) -> Arrays:
    found: Arrays = {}
    for layer in range(model.config.num_hidden_layers):
        found |= _named(model, {f"blk.{layer}.{ours}": f"{place}.{layer}.{theirs}" for ours, theirs in names.items()})
    return found


def _named(model: Any, names: Mapping[str, str]) -> Arrays:
    state = model.state_dict()
    return {
        f"{ours}.{end}": state[f"{theirs}.{end}"].numpy()
        for ours, theirs in names.items()
        for end in ("weight", "bias")
        if f"{theirs}.{end}" in state
    }


def _permuted(array: Any, config: Any, *, is_key: bool) -> Any:
    """Rows of a head in llama.cpp's order: the two halves that are rotated together stand side by side."""
    heads = config.num_key_value_heads if is_key else config.num_attention_heads
    halves = array.reshape(heads, 2, array.shape[0] // heads // 2, *array.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(array.shape))


_CONTENT = {"llama3": _llama, "gemma3": _gemma3, "gpt2": _gpt2}
