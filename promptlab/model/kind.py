"""Which family a model belongs to, which class of transformers loads it, and whether all its weights were there."""

from collections.abc import Sequence
from typing import Any

from promptlab.errors import ModelError
from promptlab.model.language_model import Family
from promptlab.text import counted

_CLASSES: dict[Family, str] = {
    "masked": "AutoModelForMaskedLM",
    "causal": "AutoModelForCausalLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
}


def family_of(config: Any) -> Family:
    """masked, causal or seq2seq, by the architecture that the configuration names, else by its model type."""
    from transformers.models.auto import modeling_auto

    names = architectures(config)
    if any(name.endswith("ForMaskedLM") for name in names):
        return "masked"
    if any(name.endswith("ForCausalLM") for name in names):
        return "causal"
    if getattr(config, "is_encoder_decoder", False):  # T5 was once saved as T5WithLMHeadModel
        return "seq2seq"
    if any(name.endswith("LMHeadModel") for name in names):
        return "causal"
    if config.model_type in modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        return "masked"
    if config.model_type in modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return "causal"
    raise ModelError(
        f"A model of type {config.model_type!r} predicts no words; masked, causal and encoder-decoder models do."
    )


def architectures(config: Any) -> list[str]:
    """The classes that a configuration says it was saved from."""
    named = config.architectures
    return [str(name) for name in named] if isinstance(named, list) else []


def auto_class(config: Any) -> Any:
    """The class of transformers that loads a model of this configuration with its word-prediction head."""
    import transformers

    return getattr(transformers, _CLASSES[family_of(config)])


def refuse_missing(model: Any, missing: Sequence[str], name: str) -> None:
    """ModelError when weights were not there, which transformers then makes up at random."""
    if not missing:
        return
    body = model.base_model_prefix + "."
    if all(not key.startswith(body) or "head" in key for key in missing):
        raise ModelError(
            f"{name!r} has no trained word-prediction head (missing: {missing[0]}): it is an encoder or a classifier, "
            "and its answers would be random. Use the checkpoint that the language model was trained with."
        )
    raise ModelError(
        f"{name!r} lacks {counted(len(missing), 'weight')} ({missing[0]}, ...), so its answers would be random."
    )
