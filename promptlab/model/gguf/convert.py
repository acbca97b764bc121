"""From a GGUF file to an ordinary model folder: weights unpacked, tokenizer checked, nothing left when it fails."""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from promptlab.errors import ModelError
from promptlab.model import hardware
from promptlab.model.gguf.config import complete
from promptlab.model.gguf.header import Header, read_header
from promptlab.model.gguf.slim import is_worth_it, write_slim
from promptlab.model.gguf.tokenizer import read_tokenizer
from promptlab.model.kind import auto_class, refuse_missing
from promptlab.model.new_folder import appearing, need_room
from promptlab.model.origin import Origin, write_card, write_origin
from promptlab.model.quiet import no_bars
from promptlab.text import counted, listed, nearest, shorten, size

PACKAGES = ("gguf", "accelerate")
# Measured on one core: reading 270 million parameters takes 10 s, most of it to unpack them.
_PARAMETERS_A_SECOND = 40_000_000
_BYTES_A_PIECE = 128  # of a tokenizer.json


def convert(path: Path, target: Path, *, say: Callable[[str], None] | None = None, origin: Origin) -> None:
    """Write a GGUF file's model as a folder: safetensors, config, tokenizer, ``origin.toml`` and a README.

    ``origin`` says what is known of the source already (name, sha256, licence); the file adds the rest. ``say`` is told
    beforehand what will be done, how long it takes and how big it gets. Raises ModelError for a file that cannot be
    converted, leaving nothing.
    """
    header = read_header(path)
    _need_packages(path)
    _need_architecture(header)
    needed = header.parameters * getattr(torch, header.precision).itemsize + len(header.pieces) * _BYTES_A_PIECE
    spare = need_room(target.parent, needed, what=path.name)
    _need_memory(header)
    if say is not None:
        say(_announcement(header, target, needed) + ("" if origin.licence else _licence(header)))
    known = replace(
        origin,
        architecture=header.architecture,
        quantization=header.quantization,
        stored=header.precision,
        licence=origin.licence or header.licence,
    )
    with appearing(target) as draft, no_bars():
        # transformers knows a GGUF file by its ending, and takes one of the working folder before any other.
        whole = draft.resolve() / "whole.gguf"
        whole.symlink_to(path.absolute())
        tokenizer = read_tokenizer(header, whole)
        model = _read_model(header, whole, spare=spare)
        whole.unlink()
        try:
            tokenizer.save_pretrained(draft)
            model.save_pretrained(draft)
        except SafetensorError as error:
            raise OSError(shorten(str(error), 120)) from error
        write_card(draft, known)
        write_origin(draft, known)


def _need_packages(path: Path) -> None:
    absent = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if absent:
        raise ModelError(
            f"{path.name}: reading a GGUF file for the first time needs {listed(absent)}. In a checkout of promptlab: "
            'pip install ".[gguf]"'
        )


def _need_architecture(header: Header) -> None:
    known = _architectures()
    if _folded(header.architecture) not in map(_folded, known):
        raise ModelError(
            f"{header.path}: transformers reads no GGUF files of the architecture {shorten(header.architecture, 40)!r}."
            f"{nearest(header.architecture, known)} It reads {listed(known, most=60)}."
        )


def _architectures() -> list[str]:
    """The architectures in transformers' own tables."""
    from transformers import modeling_gguf_pytorch_utils as tables

    beside = {"general", "tokenizer", "ignore"}
    found = {str(name) for name in tables.GGUF_SUPPORTED_ARCHITECTURES} - beside
    try:
        from transformers.integrations.gguf import GGUF_ARCHS
    except ImportError:  # before 5.20
        return sorted(found)
    return sorted(found | set(GGUF_ARCHS))


def _folded(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _need_memory(header: Header) -> None:
    """ModelError when the unpacked weights, which are held whole, are more than the free memory."""
    dtype = getattr(torch, header.precision)
    needed = header.parameters * dtype.itemsize
    sentence, fits = hardware.memory_sentence(needed, torch.device("cpu"), dtype)
    if not fits:
        raise ModelError(f"{header.path.name} does not fit. {sentence} Use a smaller model.")


def _announcement(header: Header, target: Path, needed: int) -> str:
    packed = f", {header.quantization}" if header.quantization else ""
    seconds = 5 + header.parameters / _PARAMETERS_A_SECOND
    took = f"{round(seconds / 60)} minutes" if seconds > 90 else f"{-(-seconds // 10) * 10:.0f} seconds"
    return (
        f"Unpacking {header.path.name} ({header.architecture}{packed}, {counted(header.parameters, 'parameter')}), "
        f"once: about {took}, and {size(needed)} in {target.parent}."
    )


def _licence(header: Header) -> str:
    return f" Licence, as the file names it: {header.licence}." if header.licence else " The file names no licence."


def _read_model(header: Header, whole: Path, *, spare: int) -> Any:
    """The model with its weights unpacked, ready to be saved."""
    slim = whole.with_name("slim.gguf")
    if is_worth_it(header, spare=spare):
        write_slim(header, slim)
    try:
        model, report = _from_pretrained(slim if slim.exists() else whole, header)
    except ModelError:
        raise
    except Exception as error:  # a header's numbers can break transformers anywhere
        raise ModelError(f"{header.path}: transformers cannot read it ({shorten(str(error), 160)}).") from error
    finally:
        slim.unlink(missing_ok=True)
    refuse_missing(model, sorted(report["missing_keys"]), header.path.name)
    _refuse_left_out(model, header)
    # Else transformers takes the weights for packed ones, which it does not save.
    model.hf_quantizer, model.is_quantized = None, False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    return model


def _from_pretrained(path: Path, header: Header) -> tuple[Any, dict[str, Any]]:
    import transformers

    place: dict[str, Any] = {"gguf_file": str(path), "local_files_only": True}
    config = transformers.AutoConfig.from_pretrained(path.parent, **place)
    complete(config, header)
    if hasattr(transformers, "GgufConfig"):
        place["quantization_config"] = transformers.GgufConfig(dequantize=True)
    model, report = auto_class(config).from_pretrained(
        path.parent,
        config=config,
        dtype=getattr(torch, header.precision),
        trust_remote_code=False,
        output_loading_info=True,
        **place,
    )
    return model, report


def _refuse_left_out(model: Any, header: Header) -> None:
    """ModelError when the file holds weights that transformers passed over, which it does without a word."""
    held = {each.name: each.numbers for each in header.tensors if not each.name.startswith("rope_")}
    there = sum(held.values())
    used = sum(value.numel() for value in model.parameters())
    tied = held.get("output.weight", 0) if model.config.tie_word_embeddings else 0
    if used not in (there, there - tied):
        raise ModelError(
            f"{header.path}: transformers uses {used:,} of its {there:,} weights, so its answers would be off. Use "
            "another release of transformers, or the model's original folder."
        )
