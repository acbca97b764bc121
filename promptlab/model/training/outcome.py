"""The finished model as an ordinary folder, written whole or not at all."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from promptlab.errors import StoreError
from promptlab.model.language_model import LanguageModel
from promptlab.model.training.card import card
from promptlab.model.training.checkpoints import Checkpoints
from promptlab.paths import umask
from promptlab.text import shorten

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
    except (OSError, SafetensorError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        reason = error.strerror if isinstance(error, OSError) and error.strerror else shorten(str(error), 120)
        raise StoreError(f"{str(checkpoints.out)!r} cannot be written ({reason}). {checkpoints.kept()}") from error
    checkpoints.remove()
    return total
