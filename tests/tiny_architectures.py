"""transformers models of every family at their smallest, by name: two layers, 32 wide."""

from collections.abc import Callable
from typing import Any

from tiny_tokenizers import tokenizer

_SIZE: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
_ENCODER: dict[str, Any] = {**_SIZE, "max_position_embeddings": 64}
_DECODER: dict[str, Any] = {**_SIZE, "max_position_embeddings": 64, "num_key_value_heads": 2}


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


MODELS: dict[str, Callable[[int, dict[str, Any]], Any]] = {
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
    "t5-lm-adapt": _t5(gated=True),
    "bart": _bart,
}
