"""Models on this machine: embedded, packaged, converted, in the hub's cache; and whether promptlab can use them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from promptlab.errors import PromptlabError
from promptlab.model import LanguageModel, load_model
from promptlab.model.check import check_answers
from promptlab.model.gate import check_configs, weight_files
from promptlab.model.gguf.cached import Unpacked, in_cache
from promptlab.model.kind import family_of
from promptlab.model.packaged import PACKAGED, Packaged, is_installed
from promptlab.model.source import EMBEDDED, Say, find
from promptlab.model.weights import parameter_count
from promptlab.text import shorten


@dataclass(frozen=True, slots=True)
class ModelHere:
    """A model on this machine, or one that an extra brings.

    ``kind`` is ``embedded``, ``package``, ``converted`` or ``hub``. ``remark`` is for people; ``problem`` says why the
    model cannot be used, and is empty where it can. ``sha256`` is a converted file's.
    """

    name: str
    kind: str
    revision: str
    family: str
    type: str
    bytes: int
    quantization: str = ""
    sha256: str = ""
    remark: str = ""
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """The same in JSON's types."""
        return asdict(self)


def models_here() -> list[ModelHere]:
    """The embedded model, packaged and converted ones, the hub's cache by name; from their files, nothing is loaded."""
    return [
        _look(EMBEDDED, find(EMBEDDED).folder, kind="embedded"),
        *map(_packaged, PACKAGED.values()),
        *map(_converted, in_cache()),
        *sorted(_cached(), key=lambda one: one.name.lower()),
    ]


def describe_model(lm: LanguageModel) -> dict[str, Any]:
    """What a loaded model is, in JSON's types."""
    folder = find(lm.name, revision=lm.revision, offline=True).folder
    return {
        "name": lm.name,
        "revision": lm.revision,
        "folder": str(folder),
        "family": lm.family,
        "type": lm.model_type,
        "parameters": parameter_count(weight_files(folder)),
        "quantization": lm.quantization,
        "dtype": lm.dtype,
        "device": str(lm.device),
        "pieces": lm.pieces,
        "max_length": lm.max_length,
        "fingerprint": lm.fingerprint,
        "notes": list(lm.notes),
    }


def readme(lm: LanguageModel) -> str:
    """The README beside the model's weights; empty without one."""
    try:
        return (find(lm.name, revision=lm.revision, offline=True).folder / "README.md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def check_model(reference: str, *, revision: str = "", say: Say | None = None, **place: Any) -> LanguageModel:
    """Load a model in float32 and hold its answers against its own full pass, whether or not that was done before.

    Raises ModelError for whatever keeps promptlab from using the model.
    """
    lm = load_model(reference, revision=revision, dtype="float32", say=say, **place)
    check_answers(lm)
    return lm


def _cached() -> Iterator[ModelHere]:
    from huggingface_hub import constants, errors, scan_cache_dir

    try:
        repositories = scan_cache_dir(constants.HF_HUB_CACHE).repos
    except errors.CacheNotFound:
        return
    for repository in repositories:
        if repository.repo_type == "model":
            newest = max(repository.revisions, key=lambda revision: revision.last_modified, default=None)
            if newest is not None:
                yield _look(repository.repo_id, newest.snapshot_path, kind="hub", revision=newest.commit_hash)


def _packaged(model: Packaged) -> ModelHere:
    """A packaged model, its licence named, and how to install it where it is not."""
    problem = "" if is_installed(model) else f"Not installed: {model.install}"
    remark = f"{model.about}. Licence: {model.licence}."
    return ModelHere(model.name, "package", "", "", "", 0, remark=remark, problem=problem)


def _converted(model: Unpacked) -> ModelHere:
    """A model that was unpacked into the cache, under its source's name."""
    origin = model.origin
    seen = _look(origin.source, model.folder, kind="converted")
    packed = f"unpacked from {origin.quantization}" if origin.quantization else "unpacked"
    remark = f"{packed}, sha256 {origin.sha256[:12]}"
    return replace(seen, quantization=origin.quantization, sha256=origin.sha256, remark=remark)


def _look(name: str, folder: Path, *, kind: str, revision: str = "") -> ModelHere:
    """What the files say about a model, without loading it."""
    held = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    try:
        config = check_configs(folder)
        weight_files(folder)
        model_type = str(config.get("model_type", ""))
        family = family_of(
            SimpleNamespace(
                architectures=config.get("architectures"),
                model_type=model_type,
                is_encoder_decoder=config.get("is_encoder_decoder", False),
            )
        )
    except (PromptlabError, OSError) as error:
        return ModelHere(name, kind, revision, "", "", held, problem=_short(error, folder))
    return ModelHere(name, kind, revision, family, model_type, held)


def _short(error: Exception, folder: Path) -> str:
    """The first sentence of an error, without the folder that it is about."""
    sentence = str(error).replace(f"{str(folder)!r} ", "").replace(f"{folder}/", "")
    return shorten(sentence.split(". ")[0].rstrip(".") + ".", 160)
