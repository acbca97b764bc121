"""Bundles: a pipeline or an ensemble as a folder that can be read, checked and shipped; nothing in it can run."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomlkit
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_arrays
from safetensors.torch import save as save_arrays
from torch import Tensor

from promptlab.errors import BundleError, ConfigError, PromptlabError
from promptlab.model import LanguageModel, load_model
from promptlab.model.source import Say
from promptlab.paths import is_taken, umask
from promptlab.pipeline.card import card
from promptlab.pipeline.ensemble import Ensemble
from promptlab.pipeline.manifest import read_manifest
from promptlab.pipeline.pipeline import Pipeline
from promptlab.scoring import WordVerbalizer
from promptlab.scoring.tables import from_parts, to_parts
from promptlab.task import Example
from promptlab.template import Template
from promptlab.text import shorten

VERSION = 1
# What a bundle says beside what its classifier is made of.
_SAID = ("about", "data", "metrics", "method", "seeds", "created", "versions")
MANIFEST, WEIGHTS, CARD = "bundle.toml", "weights.safetensors", "README.md"


def save(pipeline: Pipeline | Ensemble, folder: str | Path, *, about: Mapping[str, Any] | None = None) -> Path:
    """Write a bundle; ``about`` holds what else it should say (``about`` in words, ``data``, ``metrics``, ``method``,
    ``seeds``).

    The folder must not exist, or be empty. It is complete when it appears: everything is written beside it first.
    Raises BundleError when the folder is in use or cannot be written.
    """
    target = Path(folder)
    _require_new(target)
    members = pipeline.members if isinstance(pipeline, Ensemble) else (pipeline,)
    if len({member.lm.fingerprint for member in members}) > 1:
        raise BundleError("The members of this ensemble use different models; a bundle holds one.")
    weights = _weights(pipeline)
    table = {**_head(members[0].lm), **_classifier(pipeline), **(about or pipeline.about)}
    if weights:
        content = save_arrays(weights)
        table["weights"] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise BundleError(f"{str(target)!r} cannot be written: {error.strerror}.") from error
    try:
        (draft / MANIFEST).write_text(tomlkit.dumps(table), encoding="utf-8")
        (draft / CARD).write_text(card(table, target.name), encoding="utf-8")
        if weights:
            (draft / WEIGHTS).write_bytes(content)
        draft.chmod(0o777 & ~umask())
        if target.is_dir():
            target.rmdir()
        os.rename(draft, target)
    except OSError as error:
        raise BundleError(f"{str(target)!r} cannot be written: {error.strerror}. Nothing was left there.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def load(
    folder: str | Path,
    model: str | LanguageModel | None = None,
    *,
    device: str = "auto",
    dtype: str | None = None,
    threads: int | None = None,
    offline: bool = False,
    say: Say | None = None,
) -> Pipeline | Ensemble:
    """The pipeline of a bundle, ready to call: ``promptlab.load("bundles/mine")(["a text"])``.

    ``model`` replaces the model that the bundle names (a folder to which it was moved, say), ``dtype`` its precision.
    Raises BundleError for a bundle that is damaged or was tampered with, ModelError when the model cannot be loaded or
    is not the one that the bundle was made with.
    """
    path = Path(folder)
    table = read_manifest(path)
    arrays = _read_weights(path, table.get("weights"))
    lm = (
        model
        if isinstance(model, LanguageModel)
        else _load_model(table["model"], model, device=device, dtype=dtype, threads=threads, offline=offline, say=say)
    )
    if lm.fingerprint != table["model"]["fingerprint"] and model is None:
        raise BundleError(
            f"{path}: the model {lm.name!r} is not the one that this bundle was made with (its files differ). "
            "Pass model= to use it all the same."
        )
    try:
        made = _build(table, lm, arrays)
    except PromptlabError as error:
        raise BundleError(f"{path}: {error}") from error
    if foreign := sorted(arrays.keys() - _weights(made).keys()):
        raise BundleError(
            f"{path / WEIGHTS} has the array {shorten(foreign[0], 60)!r}, which belongs to nothing in {MANIFEST}. Get "
            "the bundle again."
        )
    return made


def _require_new(target: Path) -> None:
    if "\0" in str(target):
        raise BundleError(f"{str(target)!r} is no name that a folder can have. Choose another.")
    try:
        taken = is_taken(target)
    except OSError as error:
        raise BundleError(f"{str(target)!r} cannot be written: {error.strerror}.") from error
    if taken:
        raise BundleError(f"{str(target)!r} exists already. Choose another folder, or remove that one first.")


def _load_model(named: Mapping[str, Any], model: str | None, *, dtype: str | None, **options: Any) -> LanguageModel:
    return load_model(
        model or named["name"],
        revision="" if model else named["revision"],
        dtype=dtype or named["dtype"],
        max_length=named["max_length"],
        **options,
    )


def _build(table: Mapping[str, Any], lm: LanguageModel, arrays: Mapping[str, Tensor]) -> Pipeline | Ensemble:
    about = {key: table[key] for key in _SAID if key in table}
    if "member" not in table:
        return replace(_pipeline(table, lm, arrays), about=about)
    members = table["member"]
    pipelines = [_pipeline(member, lm, _under(f"member.{place}", arrays)) for place, member in enumerate(members)]
    return Ensemble(tuple(pipelines), tuple(float(member["weight"]) for member in members), about=about)


def _pipeline(table: Mapping[str, Any], lm: LanguageModel, arrays: Mapping[str, Tensor]) -> Pipeline:
    template = Template.parse(table["template"]["text"], truncate=table["template"]["truncate"])
    verbalizer = from_parts(table["verbalizer"], _under("verbalizer", arrays), where="[verbalizer]")
    shown = [Example(entry["fields"], entry["label"], entry["id"]) for entry in table.get("demonstration", ())]
    words = verbalizer.words if isinstance(verbalizer, WordVerbalizer) else verbalizer
    pipeline = Pipeline.of(lm, template, words, demonstrations=shown)
    if "soft" in arrays:
        _check_soft(pipeline, arrays["soft"])
    return replace(pipeline, soft=arrays.get("soft"))


def _under(name: str, arrays: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The arrays whose names begin with ``name`` and a point, without these."""
    start = f"{name}."
    return {key.removeprefix(start): array for key, array in arrays.items() if key.startswith(start)}


def _check_soft(pipeline: Pipeline, soft: Tensor) -> None:
    from promptlab.model.encode import soft_count

    width = pipeline.lm.model.get_input_embeddings().weight.shape[1]
    wanted = (soft_count(pipeline.lm.tokens, pipeline.template), width)
    if tuple(soft.shape) != wanted:
        raise ConfigError(
            f"its soft vectors have the shape {tuple(soft.shape)}, and the template and model need {wanted}."
        )


def _head(lm: LanguageModel) -> dict[str, Any]:
    import transformers

    from promptlab import __version__

    return {
        "version": VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"promptlab": __version__, "torch": torch.__version__, "transformers": transformers.__version__},
        "model": {
            "name": lm.name,
            "revision": lm.revision,
            "fingerprint": lm.state_key(),
            "family": lm.family,
            "dtype": lm.dtype,
            "max_length": lm.max_length,
            **({"quantization": lm.quantization} if lm.quantization else {}),
        },
    }


def _classifier(pipeline: Pipeline | Ensemble) -> dict[str, Any]:
    if isinstance(pipeline, Pipeline):
        return _member(pipeline)
    pairs = zip(pipeline.members, pipeline.weights, strict=True)
    return {"member": [{**_member(member), "weight": weight} for member, weight in pairs]}


def _member(pipeline: Pipeline) -> dict[str, Any]:
    table: dict[str, Any] = {
        "template": {"text": str(pipeline.template), "truncate": pipeline.template.truncate},
        "verbalizer": to_parts(pipeline.verbalizer)[0],
    }
    if pipeline.demonstrations:
        table["demonstration"] = [
            {"id": shown.id, "label": shown.label, "fields": {name: shown.fields[name] for name in pipeline.fields}}
            for shown in pipeline.demonstrations
        ]
    return table


def _weights(pipeline: Pipeline | Ensemble) -> dict[str, Tensor]:
    """Soft vectors and what verbalizers learnt, float32, by name."""
    if isinstance(pipeline, Ensemble):
        named = {f"member.{place}.": member for place, member in enumerate(pipeline.members)}
    else:
        named = {"": pipeline}
    weights: dict[str, Tensor] = {}
    for start, member in named.items():
        learnt = {f"verbalizer.{name}": array for name, array in to_parts(member.verbalizer)[1].items()}
        soft = {} if member.soft is None else {"soft": member.soft}
        # Copies: two names for the same memory, as of members that share an array, cannot be written.
        weights |= {start + name: array.detach().float().cpu().clone() for name, array in (soft | learnt).items()}
    return weights


def _read_weights(path: Path, named: Mapping[str, Any] | None) -> dict[str, Tensor]:
    file = path / WEIGHTS
    if named is None:
        if file.exists():
            raise BundleError(f"{file} is not named in {MANIFEST}: this bundle was tampered with. Get it again.")
        return {}
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BundleError(f"{file} cannot be read: {error.strerror}. Get the bundle again.") from error
    if hashlib.sha256(content).hexdigest() != named["sha256"]:
        raise BundleError(f"{file} is damaged: its content differs from what {MANIFEST} says. Get the bundle again.")
    try:
        arrays: dict[str, Tensor] = load_arrays(content)
        return arrays
    except (SafetensorError, ValueError) as error:
        raise BundleError(f"{file} is not a safetensors file ({error}).") from None
