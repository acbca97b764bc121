"""The gate before loading: a model folder may hold weights and settings, never code or a way to fetch some."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptlab.errors import ModelError
from promptlab.text import listed, shorten

_CONFIGS = (
    "config.json",
    "tokenizer_config.json",
    "generation_config.json",
    "processor_config.json",
    "preprocessor_config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
)
_NO_CONFIG = "Save a model there with transformers' save_pretrained, or name a hub model."
_CODE_KEYS = ("auto_map", "custom_pipelines", "trust_remote_code")


def check_configs(folder: Path) -> dict[str, Any]:
    """The model's configuration, once no JSON file of its folder asks for code; raises ModelError otherwise.

    Refused: ``auto_map`` and other code keys, an attention implementation that names a place on a hub.
    """
    if not (folder / "config.json").is_file():
        held = listed(sorted(path.name for path in folder.iterdir())) if folder.is_dir() else ""
        files = sorted(folder.glob("*.gguf"))
        raise ModelError(
            f"{str(folder)!r} is not a model folder: it has no config.json{f' (it holds {held})' if held else ''}. "
            + (f"Name the file itself: {files[0]}" if files else _NO_CONFIG)
        )
    if (folder / "adapter_config.json").exists():
        raise ModelError(
            f"{str(folder)!r} holds an adapter (adapter_config.json), which could bring in another model. Merge it "
            "into its model, save that with save_pretrained, and name the new folder."
        )
    tables = {name: _json(folder / name) for name in _CONFIGS if (folder / name).is_file()}
    for name, table in tables.items():
        for key, value in _entries(table):
            _refuse_code(folder / name, key, value)
    return tables["config.json"]


def weight_files(folder: Path) -> list[Path]:
    """The folder's weights; ModelError when they are in another form than safetensors, or not all there."""
    if absent := missing_shards(folder):
        raise ModelError(
            f"{str(folder)!r} lacks {listed(absent, most=3)}, which its index names: it was not copied or downloaded "
            "to the end. Copy or download the model again."
        )
    files = sorted(folder.glob("model*.safetensors")) or sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(
            f"{str(folder)!r} has no weights in safetensors form{_other_weights(folder)}. Other forms can run code "
            "when they are opened, so promptlab opens them only when asked to, in a process of their own: "
            f"promptlab model convert {str(folder)!r} --out FOLDER"
        )
    return files


def missing_shards(folder: Path) -> list[str]:
    """The weight files that the folder's index names and that are not there; none where one file holds all."""
    index = folder / "model.safetensors.index.json"
    if (folder / "model.safetensors").is_file() or not index.is_file():
        return []
    named = _json(index).get("weight_map")
    files = sorted({str(name) for name in named.values()}) if isinstance(named, dict) else []
    return [name for name in files if not (folder / name).is_file()]


def _refuse_code(path: Path, key: str, value: Any) -> None:
    names_place = key.lstrip("_").startswith("attn_implementation") and any("/" in text for text in _strings(value))
    if names_place or (key in _CODE_KEYS and value):
        raise ModelError(
            f"{path}: the key {key!r} asks for code from elsewhere ({shorten(str(value), 40)}), and promptlab runs "
            "none. Use a model that transformers supports itself, or remove the key if you know that it is not needed."
        )


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value of nested tables and lists."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key), inner
            yield from _entries(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _entries(inner)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for _, inner in _entries(value):
        if isinstance(inner, str):
            yield inner


def _json(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(
            f"{path} is not valid JSON ({shorten(str(error), 80)}). Copy or download the model again."
        ) from None
    if not isinstance(table, dict):
        raise ModelError(f"{path} is not a JSON object. Copy or download the model again.")
    return table


def _other_weights(folder: Path) -> str:
    found = sorted(
        path.name
        for pattern in ("*.bin", "*.pt", "*.pth", "*.h5", "*.msgpack", "*.ckpt")
        for path in folder.glob(pattern)
    )
    return f" (it has {listed(found, most=3)})" if found else ""
