"""The finished model as an ordinary folder with its card, written whole or not at all."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from promptlab import __version__
from promptlab.errors import StoreError
from promptlab.model.language_model import LanguageModel
from promptlab.model.training.checkpoints import Checkpoints, reason_of
from promptlab.paths import umask

_CARD = """# {title}

{origin}

- **Objective:** {objective}, {documents:,} documents of {pieces_of_text:,} pieces, \
{sequence} pieces a row ({packing}).
- **Training:** {method}, {steps:,} steps, {pieces:,} pieces ({passes:.2f} passes), {minutes:.1f} minutes, computed in \
{dtype} on {device}, highest learning rate {learning_rate:.2g}, {decay} decay, seed {seed}.
- **Validation** on {held_out:,} held-out documents (nats a predicted piece): loss {validation_loss_before:.3f} \
before, {validation_loss:.3f} after; perplexity {perplexity_before:.1f} before, {perplexity:.1f} after.
- **Weights:** {parameters:,} parameters, {stored}.

The text it was trained on is not part of this folder, but a language model may repeat what it has read: share it only
with whom the text may be shared.

Made with promptlab {version}. Use it with `--model FOLDER`.
"""

_DTYPES = {"F16": torch.float16, "BF16": torch.bfloat16}


def stored_dtype(file: Path) -> torch.dtype:
    """The precision in which a safetensors file holds most of its tensors: the outcome gets the same."""
    with safe_open(file, "pt") as opened:
        kinds = [str(opened.get_slice(name).get_dtype()) for name in opened.keys()]  # noqa: SIM118 (no mapping)
    return _DTYPES.get(max(set(kinds), key=kinds.count), torch.float32)


@torch.no_grad()
def round_weights(lm: LanguageModel, dtype: torch.dtype) -> torch.dtype:
    """Round the float32 weights to what the outcome will hold; float32 where a weight would overflow float16."""
    limit = torch.finfo(dtype).max
    if any(float(value.abs().max()) > limit for value in lm.model.parameters()):
        return torch.float32
    for value in lm.model.parameters():
        value.copy_(value.to(dtype).float())
    return dtype


def write_model(lm: LanguageModel, checkpoints: Checkpoints, dtype: torch.dtype, result: Mapping[str, Any]) -> int:
    """The model, its tokenizer and its card in OUT, OUT.partial gone; the bytes that OUT takes.

    StoreError when the disk does not take them, with the last checkpoint kept.
    """
    folder = checkpoints.folder / "model"
    try:
        shutil.rmtree(folder, ignore_errors=True)
        lm.model.to(dtype).save_pretrained(folder)
        lm.tokens.tokenizer.save_pretrained(folder)
        (folder / "README.md").write_text(card(result), encoding="utf-8")
        for file in folder.iterdir():
            file.chmod(0o666 & ~umask())  # safetensors writes for the user alone
        total = sum(file.stat().st_size for file in folder.iterdir())
        if checkpoints.out.is_dir():
            checkpoints.out.rmdir()
        folder.replace(checkpoints.out)
    except Exception as error:  # tokenizers raise bare Exception for a full disk
        shutil.rmtree(folder, ignore_errors=True)
        raise StoreError(
            f"{str(checkpoints.out)!r} cannot be written ({reason_of(error)}). Make room for it. {checkpoints.kept()}"
        ) from error
    checkpoints.remove()
    return total


def card(result: Mapping[str, Any]) -> str:
    """The README of a model from the result of its run: what it was made from and how, without a word of its text."""
    if result["command"] == "adapt":
        title = f"{result['model']}, trained further"
        packed = f" Its weights had been packed as {result['quantization']}." if result["quantization"] else ""
        origin = (
            f"The {result['family']} language model `{result['model']}` (type {result['type']}), trained further on "
            f"unlabelled text by `promptlab model adapt`.{packed} Its licence is that of the model it was made from."
        )
    else:
        title = f"A {result['size']} {result['family']} language model"
        origin = (
            f"A {result['family']} language model (type {result['type']}) with {result['vocabulary']:,} pieces, made "
            "from nothing on unlabelled text by `promptlab model pretrain`."
        )
    return _CARD.format(title=title, origin=origin, version=__version__, minutes=result["seconds"] / 60, **result)
