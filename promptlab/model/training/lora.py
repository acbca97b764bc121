"""Training small matrices beside the weights (LoRA, through peft), which are merged into them in the end."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from promptlab.model.language_model import LanguageModel


def add_lora(lm: LanguageModel, *, rank: int, seed: int) -> Callable[[], None]:
    """Put LoRA matrices beside every linear layer of the model's body; they alone require gradients.

    The head stays as it is. Calling what is returned merges the matrices into the weights and takes them away.
    Source: Hu et al. 2021; alpha is twice the rank.
    """
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        target_modules="all-linear",
        exclude_modules=_head_layers(lm.model) or None,
        lora_dropout=0.0,
        bias="none",
    )
    with warnings.catch_warnings(), torch.random.fork_rng([lm.device] if lm.device.type == "cuda" else []):
        warnings.simplefilter("ignore")  # peft warns of what it then does right (GPT-2's layers)
        torch.manual_seed(seed)
        wrapped: Any = get_peft_model(lm.model, config)

    is_tied = getattr(lm.model.config, "tie_word_embeddings", None)

    def merge() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrapped.merge_and_unload()
        if is_tied is not None:  # peft takes DeBERTa's for untied by now
            lm.model.config.tie_word_embeddings = is_tied
        lm.model.requires_grad_(False)

    return merge


def _head_layers(model: Any) -> list[str]:
    """The linear layers outside the model's body: what turns a vector into the output layer's. T5 has only body."""
    if not hasattr(model, model.base_model_prefix):
        return []
    body = f"{model.base_model_prefix}."
    return [name for name, layer in model.named_modules() if isinstance(layer, nn.Linear) and not name.startswith(body)]
