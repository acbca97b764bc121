"""A tokenizer whose pieces have exactly the numbers and names of the file, where transformers made up others."""

import json
from typing import Any

from promptlab.model.gguf.header import Header

_SPECIAL = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}


def is_exact(tokenizer: Any, header: Header) -> bool:
    """Whether the tokenizer has the file's number of pieces, and knows its special ones under their own numbers."""
    known = tokenizer.backend_tokenizer.token_to_id
    return len(tokenizer) == len(header.pieces) and all(
        known(header.pieces[number]) == number for number in special_numbers(header).values()
    )


def exact(tokenizer: Any, header: Header) -> Any:
    """The tokenizer made anew: without pieces that the file lacks, control pieces spelt as the file spells them.

    transformers adds GPT-2's ``<|endoftext|>`` to other byte-level vocabularies, behind the model's last piece, and
    writes control pieces with letters of other scripts in bytes, where their names no longer find them.
    """
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    state = json.loads(tokenizer.backend_tokenizer.to_str())
    control = header.control_pieces
    if isinstance(state["model"]["vocab"], dict):  # BPE; a Unigram vocabulary is a list and is spelt as it should be
        _spell(state["model"]["vocab"], control)
        state["post_processor"] = None
    kept = [one for one in state["added_tokens"] if one["id"] < len(header.pieces) and one["id"] not in control]
    state["added_tokens"] = sorted([*kept, *_added(control)], key=lambda one: int(one["id"]))
    named = {f"{name}_token": header.pieces[number] for name, number in special_numbers(header).items()}
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(state)), **named)


def special_numbers(header: Header) -> dict[str, int]:
    """The pieces that the file names for a purpose: ``bos``, ``eos``, ``unk`` and ``pad``, those that it has."""
    found = {name: header.number(f"tokenizer.ggml.{key}_token_id") for name, key in _SPECIAL.items()}
    return {name: number for name, number in found.items() if number is not None and number < len(header.pieces)}


def _spell(vocabulary: dict[str, int], control: dict[int, str]) -> None:
    """Rename the entries of control pieces to the file's own spelling."""
    spelt = {number: entry for entry, number in vocabulary.items()}
    for number, piece in control.items():
        if spelt.get(number, piece) != piece and piece not in vocabulary:
            vocabulary[piece] = vocabulary.pop(spelt[number])


def _added(control: dict[int, str]) -> list[dict[str, object]]:
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return [{"id": number, "content": piece, **plain} for number, piece in control.items()]
