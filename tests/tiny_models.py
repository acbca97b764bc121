"""Small random models of every family, real architectures of transformers with tokenizers that fit them.

Importing this file costs what importing transformers costs; a model is built when it is first asked for and then
shared, so a test that changes one takes ``build`` and makes its own.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tiny_tokenizers import tokenizer

from promptlab.model import LanguageModel, Readout, wrap_model
from promptlab.task import Example
from promptlab.template import Template

MASKED = (
    "bert",
    "roberta",
    "deberta",
    "deberta-v2",
    "deberta-v2-legacy",
    "albert",
    "distilbert",
    "electra",
    "modernbert",
)
CAUSAL = ("gpt2", "opt", "llama3", "legacy-llama", "qwen2", "qwen3", "gemma2", "gemma3")
SEQ2SEQ = ("t5", "t5-v1.1", "bart")
FAMILIES = (*MASKED, *CAUSAL, *SEQ2SEQ)
# Answers first in the decoder, and only where the text ends.
LM_ADAPTED = "t5-lm-adapt"
EVERY = (*FAMILIES, LM_ADAPTED)

_KIND = {
    "deberta-v2-legacy": "deberta-v2",
    "distilbert": "bert",
    "electra": "bert",
    "qwen2": "qwen",
    "qwen3": "qwen",
    "gemma2": "gemma",
    "gemma3": "gemma",
    "t5-v1.1": "t5",
    LM_ADAPTED: "t5",
    "bart": "roberta",
}
_SIZE: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
_ENCODER: dict[str, Any] = {**_SIZE, "max_position_embeddings": 64}
_DECODER: dict[str, Any] = {**_SIZE, "max_position_embeddings": 64, "num_key_value_heads": 2}


def tokenizer_kind(name: str) -> str:
    """Which of the tokenizers a model has."""
    return _KIND.get(name, name)


@cache
def tiny(name: str, dtype: str = "float32") -> LanguageModel:
    """One of ``EVERY`` as a language model; callers share it and leave it as it is."""
    return wrap_model(build(name).to(getattr(torch, dtype)), tokenizer(tokenizer_kind(name)), name=name)


def examples(texts: Sequence[str]) -> list[Example]:
    """Texts as unlabelled examples with the field ``text``."""
    return [Example({"text": text}, id=str(number)) for number, text in enumerate(texts)]


def reading(lm: LanguageModel, template: Template | str, texts: Sequence[str], **options: Any) -> Readout:
    """All of one reading, in the order of the texts."""
    wanted = Template.parse(template) if isinstance(template, str) else template
    return Readout.join(lm.read(wanted, examples(texts), **options))


def slot_last(lm: LanguageModel) -> bool:
    """Whether the model answers only where the prompt ends (or does so without reading each word)."""
    return lm.family == "causal" or lm.name == LM_ADAPTED


def build(name: str) -> Any:
    """A new transformers model, the same numbers each time."""
    made = tokenizer(tokenizer_kind(name))
    ids = {key: getattr(made, key) for key in ("pad_token_id", "bos_token_id", "eos_token_id")}
    model = _MODELS[name](len(made), ids)
    shake(model)
    return model.eval()


def shake(model: Any, *, seed: int = 0) -> None:
    """Random weights large enough that every part of the model shows in its answers."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                parameter.copy_(noise * 0.3)
            else:
                parameter.add_(noise * 0.2)
        if (bias := getattr(model, "final_logits_bias", None)) is not None:
            bias.copy_(torch.randn(bias.shape, generator=generator))


@cache
def saved(name: str, folder: Path) -> Path:
    """The model and its tokenizer as ``save_pretrained`` writes them, in a new folder inside ``folder``."""
    place = folder / name
    build(name).save_pretrained(place)
    tokenizer(tokenizer_kind(name)).save_pretrained(place)
    return place


def _bert(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import BertConfig, BertForMaskedLM

    return BertForMaskedLM(BertConfig(vocab_size=vocabulary, pad_token_id=0, **_ENCODER))


def _roberta(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import RobertaConfig, RobertaForMaskedLM

    return RobertaForMaskedLM(RobertaConfig(vocab_size=vocabulary, **ids, **_ENCODER | {"max_position_embeddings": 66}))


def _deberta(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import DebertaConfig, DebertaForMaskedLM

    config = DebertaConfig(
        vocab_size=vocabulary, pad_token_id=1, relative_attention=True, pos_att_type="c2p|p2c", legacy=False, **_ENCODER
    )
    return DebertaForMaskedLM(config)


def _deberta_v2(vocabulary: int, *, legacy: bool) -> Any:
    from transformers import DebertaV2Config, DebertaV2ForMaskedLM

    config = DebertaV2Config(
        vocab_size=vocabulary,
        pad_token_id=0,
        relative_attention=True,
        position_buckets=16,
        pos_att_type="c2p|p2c",
        share_att_key=True,
        norm_rel_ebd="layer_norm",
        position_biased_input=False,
        legacy=legacy,
        **_ENCODER,
    )
    return DebertaV2ForMaskedLM(config)


def _albert(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import AlbertConfig, AlbertForMaskedLM

    return AlbertForMaskedLM(AlbertConfig(vocab_size=vocabulary, embedding_size=16, **ids, **_ENCODER))


def _distilbert(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import DistilBertConfig, DistilBertForMaskedLM

    config = DistilBertConfig(
        vocab_size=vocabulary, dim=32, n_layers=2, n_heads=4, hidden_dim=48, max_position_embeddings=64, pad_token_id=0
    )
    return DistilBertForMaskedLM(config)


def _electra(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import ElectraConfig, ElectraForMaskedLM

    return ElectraForMaskedLM(ElectraConfig(vocab_size=vocabulary, embedding_size=24, pad_token_id=0, **_ENCODER))


def _modernbert(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import ModernBertConfig, ModernBertForMaskedLM

    made = tokenizer("modernbert")
    config = ModernBertConfig(
        vocab_size=vocabulary,
        pad_token_id=made.pad_token_id,
        cls_token_id=made.cls_token_id,
        sep_token_id=made.sep_token_id,
        bos_token_id=made.cls_token_id,
        eos_token_id=made.sep_token_id,
        local_attention=8,
        **_ENCODER | {"num_hidden_layers": 3},
    )
    return ModernBertForMaskedLM(config)


def _gpt2(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=vocabulary, n_embd=32, n_layer=2, n_head=4, n_positions=64, **ids)
    return GPT2LMHeadModel(config)


def _opt(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import OPTConfig, OPTForCausalLM

    config = OPTConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        ffn_dim=48,
        max_position_embeddings=64,
        word_embed_proj_dim=16,
        **ids,
    )
    return OPTForCausalLM(config)


def _llama(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(vocab_size=vocabulary, **ids, **_DECODER))


def _qwen2(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    return Qwen2ForCausalLM(Qwen2Config(vocab_size=vocabulary, tie_word_embeddings=True, **ids, **_DECODER))


def _qwen3(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(Qwen3Config(vocab_size=vocabulary, head_dim=8, **ids, **_DECODER))


def _gemma2(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import Gemma2Config, Gemma2ForCausalLM

    config = Gemma2Config(
        vocab_size=vocabulary, head_dim=8, final_logit_softcapping=2.0, sliding_window=64, **ids, **_DECODER
    )
    return Gemma2ForCausalLM(config)


def _gemma3(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    config = Gemma3TextConfig(
        vocab_size=vocabulary,
        head_dim=8,
        query_pre_attn_scalar=8,
        sliding_window=16,
        layer_types=["sliding_attention", "full_attention"],
        **ids,
        **_DECODER,
    )
    return Gemma3ForCausalLM(config)


def _t5(*, gated: bool) -> Callable[[int, dict[str, Any]], Any]:
    def make(vocabulary: int, ids: dict[str, Any]) -> Any:
        from transformers import T5Config, T5ForConditionalGeneration

        config = T5Config(
            vocab_size=vocabulary,
            d_model=32,
            d_kv=8,
            d_ff=48,
            num_layers=2,
            num_heads=4,
            pad_token_id=0,
            eos_token_id=1,
            decoder_start_token_id=0,
            feed_forward_proj="gated-gelu" if gated else "relu",
            tie_word_embeddings=not gated,
        )
        return T5ForConditionalGeneration(config)

    return make


def _bart(vocabulary: int, ids: dict[str, Any]) -> Any:
    from transformers import BartConfig, BartForConditionalGeneration

    config = BartConfig(
        vocab_size=vocabulary,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        max_position_embeddings=64,
        scale_embedding=True,
        decoder_start_token_id=ids["eos_token_id"],
        forced_eos_token_id=None,
        **ids,
    )
    return BartForConditionalGeneration(config)


_MODELS: dict[str, Callable[[int, dict[str, Any]], Any]] = {
    "bert": _bert,
    "roberta": _roberta,
    "deberta": _deberta,
    "deberta-v2": lambda vocabulary, ids: _deberta_v2(vocabulary, legacy=False),
    "deberta-v2-legacy": lambda vocabulary, ids: _deberta_v2(vocabulary, legacy=True),
    "albert": _albert,
    "distilbert": _distilbert,
    "electra": _electra,
    "modernbert": _modernbert,
    "gpt2": _gpt2,
    "opt": _opt,
    "llama3": _llama,
    "legacy-llama": _llama,
    "qwen2": _qwen2,
    "qwen3": _qwen3,
    "gemma2": _gemma2,
    "gemma3": _gemma3,
    "t5": _t5(gated=False),
    "t5-v1.1": _t5(gated=True),
    LM_ADAPTED: _t5(gated=True),
    "bart": _bart,
}
