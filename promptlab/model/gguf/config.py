"""What transformers' reader of GGUF files leaves out of a configuration, set as the file has it or refused."""

import math
import struct
from collections.abc import Sequence
from typing import Any

from promptlab.errors import ModelError
from promptlab.model.gguf.header import Header, TensorInfo
from promptlab.text import shorten

# Llama 3's recipe: these are the same in every release, the factor is not.
_LOW, _HIGH, _TRAINED = 1.0, 4.0, 8192


# Gemma's largest models, by their layers, scale queries by width over heads; the others by the width of a head.
_SCALED_BY_HEADS = {"gemma2": 46, "gemma3": 62}


def complete(config: Any, header: Header) -> None:
    """Set the longest prompt, Gemma's scale of queries, T5's activation and stretched positions.

    ModelError for positions that are stretched in a way that cannot be set exactly.
    """
    arch = header.architecture
    longest = header.number(f"{arch}.context_length")
    if longest and getattr(config, "max_position_embeddings", longest) != longest:
        config.max_position_embeddings = longest
    if arch in _SCALED_BY_HEADS:
        by_heads = config.num_hidden_layers == _SCALED_BY_HEADS[arch]
        config.query_pre_attn_scalar = config.hidden_size // config.num_attention_heads if by_heads else config.head_dim
    if config.model_type == "t5":
        gated = any(".ffn_gate." in tensor.name for tensor in header.tensors)
        config.is_gated_act = gated
        config.feed_forward_proj, config.dense_act_fn = ("gated-gelu", "gelu_new") if gated else ("relu", "relu")
    _stretch_positions(config, header)


def _stretch_positions(config: Any, header: Header) -> None:
    stretched = next((each for each in header.tensors if each.name.startswith("rope_")), None)
    if stretched is not None:
        _as_llama3(config, header, stretched)
        return
    arch = header.architecture
    kind = header.text(f"{arch}.rope.scaling.type")
    factor = header.values.get(f"{arch}.rope.scaling.factor", 1.0)
    if kind in ("", "none") or not isinstance(factor, float) or factor in (0.0, 1.0) or _is_stretched(config):
        return
    if kind != "linear":
        raise _left_out(header, kind)
    _set(config, {"rope_type": "linear", "factor": factor})


def _as_llama3(config: Any, header: Header, tensor: TensorInfo) -> None:
    """The factors by which each frequency is divided come from Llama 3's recipe, or the file is refused."""
    width = 2 * tensor.numbers
    if tensor.name != "rope_freqs.weight" or tensor.kind != 0 or _is_nested(config.rope_parameters):
        raise _left_out(header, tensor.name)
    with header.path.open("rb") as file:
        file.seek(header.data_start + tensor.offset)
        found = struct.unpack(f"<{tensor.numbers}f", file.read(4 * tensor.numbers))
    factor = max(found)
    base = float(config.rope_parameters["rope_theta"])
    expected = _llama3_factors(factor, base, width)
    if not all(math.isclose(one, other, rel_tol=1e-3) for one, other in zip(found, expected, strict=True)):
        raise _left_out(header, tensor.name)
    if factor > 1:
        recipe = {"low_freq_factor": _LOW, "high_freq_factor": _HIGH, "original_max_position_embeddings": _TRAINED}
        _set(config, {"rope_type": "llama3", "factor": factor, **recipe})


def _llama3_factors(factor: float, base: float, width: int) -> Sequence[float]:
    """1 for short waves, ``factor`` for long ones, and a smooth passage between."""
    factors = []
    for place in range(0, width, 2):
        wave = 2 * math.pi * base ** (place / width)
        smooth = min(max((_TRAINED / wave - _LOW) / (_HIGH - _LOW), 0.0), 1.0)
        factors.append(1 / ((1 - smooth) / factor + smooth))
    return factors


def _set(config: Any, scaling: dict[str, Any]) -> None:
    """Change the rotary parameters; of a model that has them by kind of layer, those that see the whole text."""
    if _is_nested(config.rope_parameters):
        config.rope_parameters["full_attention"].update(scaling)
    else:
        config.rope_parameters.update(scaling)


def _is_nested(parameters: dict[str, Any]) -> bool:
    return "full_attention" in parameters


def _is_stretched(config: Any) -> bool:
    parameters = getattr(config, "rope_parameters", None) or {}
    each = parameters.values() if _is_nested(parameters) else [parameters]
    return any(one.get("rope_type", "default") != "default" for one in each)


def _left_out(header: Header, what: str) -> ModelError:
    return ModelError(
        f"{header.path} stretches its positions ({shorten(what, 40)}), which transformers' reader of GGUF files leaves "
        "out, so its answers would be off. Use the model's original folder."
    )
