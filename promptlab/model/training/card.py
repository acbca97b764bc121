"""The README beside a trained model: what it was made from and how, without a word of its text."""

from collections.abc import Mapping
from typing import Any

from promptlab import __version__

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


def card(result: Mapping[str, Any]) -> str:
    """The README of a model from the result of its run."""
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
