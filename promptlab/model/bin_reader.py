"""The process that opens pickled weights: ``python -m promptlab.model.bin_reader DRAFT FILE...``.

It prints one line of JSON: ``{"stored": dtype}``, or ``{"error": sentence}``.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from promptlab.errors import ModelError
from promptlab.text import shorten, size

_SLACK = 1_000_000  # bytes


def convert(files: Sequence[Path], draft: Path) -> str:
    """Write each file's tensors as safetensors, and an index where there are several; the dtype of most numbers.

    Raises ModelError for a file that holds anything but tensors by name.
    """
    places: dict[str, str] = {}
    sizes: Counter[str] = Counter()
    for number, path in enumerate(files, start=1):
        tensors = unshared(read(path))
        _refuse_expanded(path, tensors)
        name = f"model-{number:05}-of-{len(files):05}.safetensors" if len(files) > 1 else "model.safetensors"
        apart = {key: tensor.detach().clone().contiguous() for key, tensor in tensors.items()}
        save_file(apart, draft / name, {"format": "pt"})
        places |= dict.fromkeys(tensors, name)
        for tensor in tensors.values():
            sizes[str(tensor.dtype).removeprefix("torch.")] += tensor.numel()
    if len(files) > 1:
        table = {"metadata": {}, "weight_map": places}
        (draft / "model.safetensors.index.json").write_text(json.dumps(table, indent=2), encoding="utf-8")
    return sizes.most_common(1)[0][0]


def read(path: Path) -> dict[str, Tensor]:
    """A file's tensors by name; its loader builds tensors and plain values and calls nothing else."""
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ModelError(_refusal(path, str(error) or "it is empty")) from None
    if isinstance(held, Mapping) and isinstance(held.get("state_dict"), Mapping):
        held = held["state_dict"]
    if not isinstance(held, Mapping) or not held:
        raise ModelError(f"{path.name} holds no weights by name.")
    strange = [str(name) for name, value in held.items() if not isinstance(value, Tensor) or not isinstance(name, str)]
    if strange:
        raise ModelError(f"{path.name} holds more than weights ({shorten(strange[0], 60)}).")
    return dict(held)


def unshared(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors as safetensors can hold them: those that are one and the same under one name.

    A model ties them again when it is loaded. The embeddings' name stays where it is among them.
    """
    by_place: dict[tuple[object, ...], list[str]] = {}
    for name, tensor in tensors.items():
        place = (tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride()) if tensor.numel() else (name,)
        by_place.setdefault(place, []).append(name)
    kept = {min(names, key=_is_output) for names in by_place.values()}
    return {name: tensor for name, tensor in tensors.items() if name in kept}


def _refuse_expanded(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """ModelError when the tensors take far more than their file: one number can be said to fill any shape."""
    needed = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    if needed > 2 * path.stat().st_size + _SLACK:
        raise ModelError(f"{path.name} would grow to {size(needed)}, which weights of its size do not.")


def _is_output(name: str) -> bool:
    return "decoder.weight" in name or "head" in name or "predictions" in name


def _refusal(path: Path, reason: str) -> str:
    unsafe = "Unsupported global" in reason or "weights_only" in reason
    if unsafe and "GLOBAL" in reason:
        named = reason.partition("GLOBAL ")[2].split(" ")[0]
        return f"{path.name} asks to run {shorten(named, 60)!r} when it is opened, and promptlab runs nothing."
    if unsafe:
        return f"{path.name} holds more than weights, which could run code when it is opened, and promptlab runs none."
    return f"{path.name} cannot be read ({shorten(reason, 120)}). Copy or download it again."


def main(arguments: Sequence[str]) -> int:
    """Convert and say how it went; the exit code."""
    draft, *files = map(Path, arguments)
    try:
        said = {"stored": convert(files, draft)}
    except (ModelError, OSError) as error:
        said = {"error": str(error)}
    except Exception as error:  # one sentence, whatever it was
        said = {"error": f"its weights cannot be converted ({type(error).__name__}: {shorten(str(error), 120)})."}
    print(json.dumps(said))
    return int("error" in said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
