"""Small causal chat models: the tiny tokenizers with turn markers and a chat format of the kinds that people meet.

The formats write what the families' own do; ``tools`` and the like, which promptlab does not use, are left out.
"""

import copy
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tiny_architectures import MODELS
from tiny_models import shake
from tiny_tokenizers import tokenizer
from tokenizers import AddedToken

from promptlab.model import LanguageModel, wrap_model

_CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
_THINKING = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' and loop.last %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}"
    "{{ message['content'] + '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
    "{% if enable_thinking is defined and not enable_thinking %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}"
    "{% endif %}"
)
_HEADER = "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}"
_LLAMA3 = (
    "{{ bos_token }}{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
    "{% if messages[0]['role'] == 'system' %}{% set said = messages[0]['content'] | trim %}"
    "{% set messages = messages[1:] %}{% else %}{% set said = '' %}{% endif %}"
    "{{ '<|start_header_id|>system<|end_header_id|>\\n\\nToday: ' + date_string + '\\n\\n' + said + '<|eot_id|>' }}"
    "{% for message in messages %}" + _HEADER + "{{ message['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
)
_GEMMA = (
    "{{ bos_token }}"
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}"
    "{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"
)
# Turns marked in plain text, a space before the reply and none in the prompt that opens it.
_LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}"
    "{% set said = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}"
    "{% set messages = messages[1:] %}{% else %}{% set said = '' %}{% endif %}"
    "{% for message in messages %}{% if message['role'] == 'user' %}"
    "{{ bos_token + '[INST] ' + (said if loop.index0 == 0 else '') + message['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'] + ' ' + eos_token }}{% endif %}{% endfor %}"
)
# Of each: the tokenizer, its further entries (those in brackets are not called special), the format, the model.
_KINDS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], str, str]] = {
    "chatml": ("qwen", ("<|im_start|>", "<|im_end|>"), (), _CHATML, "qwen2"),
    "thinking": ("qwen", ("<|im_start|>", "<|im_end|>"), ("<think>", "</think>"), _THINKING, "qwen3"),
    "llama3": ("llama3", ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), (), _LLAMA3, "llama3"),
    "gemma": ("gemma", ("<start_of_turn>", "<end_of_turn>"), (), _GEMMA, "gemma3"),
    "llama2": ("legacy-llama", (), (), _LLAMA2, "legacy-llama"),
}
CHATS = tuple(_KINDS)
# Those that take the blanks from the ends of messages.
TRIMMING = ("llama3", "gemma")
# What promptlab sets where a format asks for it.
SETTINGS: dict[str, Any] = {"enable_thinking": False, "date_string": "26 Jul 2024"}


def chat_tokenizer(kind: str, *, source: str | None = None) -> Any:
    """A new tokenizer with the chat format of one of ``CHATS``, or with another format."""
    base, special, plain, own, _ = _KINDS[kind]
    made = copy.deepcopy(tokenizer(base))
    made.add_tokens([AddedToken(entry, special=True, normalized=False) for entry in special])
    made.add_tokens([AddedToken(entry, special=False, normalized=False) for entry in plain])
    made.chat_template = own if source is None else source
    return made


def build_chat(kind: str, *, source: str | None = None) -> tuple[Any, Any]:
    """A new model and its tokenizer; the model reads 512 pieces."""
    made = chat_tokenizer(kind, source=source)
    ids = {key: getattr(made, key) for key in ("pad_token_id", "bos_token_id", "eos_token_id")}
    model = MODELS[_KINDS[kind][4]](len(made), ids)
    model.config.max_position_embeddings = 512
    shake(model)
    return model.eval(), made


@cache
def chat(kind: str) -> LanguageModel:
    """One of ``CHATS`` as a language model; callers share it and leave it as it is."""
    model, made = build_chat(kind)
    return wrap_model(model, made, name=kind)


def chat_with(source: str | None, *, kind: str = "chatml") -> LanguageModel:
    """A chat model with another format than its own."""
    model, made = build_chat(kind, source=source or "")
    return wrap_model(model, made, name="mine")


def saved_chat(kind: str, folder: Path) -> Path:
    """Model and tokenizer as ``save_pretrained`` writes them, in a new folder inside ``folder``."""
    place = folder / kind
    model, made = build_chat(kind)
    model.save_pretrained(place)
    made.save_pretrained(place)
    return place


def applied(lm: LanguageModel, messages: list[dict[str, str]]) -> list[int]:
    """The pieces of a conversation as transformers alone makes them, a reply opened."""
    made: list[int] = lm.tokens.tokenizer.apply_chat_template(
        messages, tokenize=True, add_generation_prompt=True, return_dict=False, **SETTINGS
    )
    return made


def next_logprobs(lm: LanguageModel, ids: list[int]) -> torch.Tensor:
    """(V,): the model's own log-probabilities of the piece behind ``ids``."""
    with torch.no_grad():
        logprobs: torch.Tensor = lm.model(torch.tensor([ids])).logits[0, -1].float().log_softmax(-1)
    return logprobs
