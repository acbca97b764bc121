"""Small random models of every family, real architectures of transformers with tokenizers that fit them.

Importing this file costs what importing transformers costs; a model is built when it is first asked for and then
shared, so a test that changes one takes ``build`` and makes its own.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tiny_architectures import MODELS
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
    model = MODELS[name](len(made), ids)
    shake(model)
    return model.eval()


def shake(model: Any, *, seed: int = 0) -> None:
    """Random weights large enough that every part of the model shows in its answers."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() > 1:
                parameter.copy_(noise * (0.1 if name.endswith(".q.weight") else 0.3))  # T5 does not scale its queries
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
