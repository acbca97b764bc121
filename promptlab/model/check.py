"""The self-check at a model's first loading: scores from a Readout must equal the model's own logits."""

import contextlib
import math

import torch

from promptlab.errors import ModelError
from promptlab.model.language_model import LanguageModel
from promptlab.paths import cache_folder
from promptlab.task import Example
from promptlab.template import Template

_TEXTS = ("one two three", "it was a long day and the night was short")
_TOLERANCE = {"float32": 1e-3, "float16": 2e-2, "bfloat16": 6e-2}


def check_answers(lm: LanguageModel) -> None:
    """Hold the output layer's scores against the model's full pass on two prompts; ModelError when they differ."""
    end = "" if lm.family == "causal" or getattr(lm, "is_lm_adapted", False) else " ."
    template = Template.parse("{text} and {mask}" + end)
    rows = [lm.place(prompt) for prompt in lm.encode(template, [Example({"text": text}) for text in _TEXTS])]
    highest, known = max(max(row.ids) for row in rows), lm.model.get_input_embeddings().weight.shape[0]
    if highest >= known:
        raise ModelError(
            f"The tokenizer of {lm.name!r} gives the piece {highest:,}, and the model knows {known:,}: they do not "
            "belong together. Copy or download both from one place."
        )
    batch = lm.batch(rows)
    with torch.inference_mode():
        hidden, log_norm, _ = lm(batch)
        ours = lm.output.logits(hidden).float()  # (B, M, V)
        logits = lm.run(batch).logits.float()  # (B, T, V)
        theirs = logits.gather(1, batch.slots[..., None].expand(-1, -1, logits.shape[-1]))  # (B, M, V)
    if not torch.isfinite(log_norm).all():
        raise ModelError(
            f"{lm.name!r} gives numbers that are not finite in {lm.dtype}. Use --dtype float32 or bfloat16."
        )
    is_same_shape = ours.shape == theirs.shape
    off = float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1)) if is_same_shape else math.inf
    if not off <= _TOLERANCE[lm.dtype]:
        raise ModelError(
            f"The scores that promptlab takes from a {lm.model_type!r} model differ from the model's own (by {off:.2g} "
            "of the largest), so this type cannot be used. Please report the type."
        )


def was_checked(fingerprint: str) -> bool:
    """Whether the model with this fingerprint passed before, with this release of torch and transformers."""
    try:
        return (cache_folder("checked") / _mark(fingerprint)).is_file()
    except OSError:
        return False


def remember_checked(fingerprint: str) -> None:
    """Note that the model passed; without a writable cache it is checked again next time."""
    with contextlib.suppress(OSError):
        (cache_folder("checked") / _mark(fingerprint)).touch()


def _mark(fingerprint: str) -> str:
    from importlib.metadata import version

    return f"{fingerprint}-{version('transformers')}-{torch.__version__}"
