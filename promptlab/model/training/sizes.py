"""Models from nothing: one architecture a family, in two sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import torch

from promptlab.errors import ConfigError
from promptlab.model.language_model import Family
from promptlab.text import nearest


@dataclass(frozen=True, slots=True)
class Size:
    """Layers (an encoder-decoder model has as many twice), width, attention heads, and the pieces of its vocabulary."""

    layers: int
    width: int
    heads: int
    vocabulary: int


SIZES: Mapping[str, Size] = {"tiny": Size(4, 256, 4, 8_000), "small": Size(6, 384, 6, 16_000)}
FAMILIES: tuple[Family, ...] = get_args(Family)


def check_family(name: str) -> Family:
    """The family of that name; ConfigError with the nearest."""
    found = next((family for family in FAMILIES if family == name), None)
    if found is None:
        raise ConfigError(f"Unknown family {name!r}.{nearest(name, FAMILIES)} Known: {', '.join(FAMILIES)}.")
    return found


def check_size(name: str) -> Size:
    """The size of that name; ConfigError with the nearest."""
    if name not in SIZES:
        raise ConfigError(f"Unknown size {name!r}.{nearest(name, SIZES)} Known: {', '.join(SIZES)}.")
    return SIZES[name]


def new_model(family: Family, size: Size, tokenizer: Any, *, sequence: int, seed: int) -> Any:
    """A transformers model with random weights: BERT, Llama or T5 v1.1; the first two read ``sequence`` pieces."""
    made = {"masked": _bert, "causal": _llama, "seq2seq": _t5}[family]
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return made(size, tokenizer, sequence)


def _bert(size: Size, tokenizer: Any, sequence: int) -> Any:
    from transformers import BertConfig, BertForMaskedLM

    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.width,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.width,
        max_position_embeddings=sequence,
        pad_token_id=tokenizer.pad_token_id,
    )
    return BertForMaskedLM(config)


def _llama(size: Size, tokenizer: Any, sequence: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=size.width,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.heads,
        intermediate_size=8 * size.width // 3,
        max_position_embeddings=sequence,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


def _t5(size: Size, tokenizer: Any, sequence: int) -> Any:
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=size.width,
        d_kv=size.width // size.heads,
        d_ff=2 * size.width,
        num_layers=size.layers,
        num_heads=size.heads,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        dropout_rate=0.1,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    model = T5ForConditionalGeneration(config)
    with torch.no_grad():  # T5 starts its output layer at unit variance, scores of 16 and more, which costs steps
        model.lm_head.weight.mul_(size.width**-0.5)
    return model
