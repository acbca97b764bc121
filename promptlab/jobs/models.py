"""Models on this machine: the embedded one and those in the hub's cache, and whether promptlab can use them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from promptlab.errors import PromptlabError
from promptlab.model import LanguageModel, load_model
from promptlab.model.check import check_answers
from promptlab.model.gate import check_configs, weight_files
from promptlab.model.load import family_of
from promptlab.model.source import EMBEDDED, Say, find
from promptlab.model.weights import parameter_count
from promptlab.text import shorten


@dataclass(frozen=True, slots=True)
class ModelHere:
    """A model on this machine. ``problem`` says why it cannot be used, and is empty where it can."""

    name: str
    revision: str
    family: str
    type: str
    bytes: int
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """The same in JSON's types."""
        return asdict(self)


def models_here() -> list[ModelHere]:
    """The embedded model, then the models of the hub's cache by name; from their files, nothing is loaded."""
    return [_look(EMBEDDED, find(EMBEDDED).folder, ""), *sorted(_cached(), key=lambda one: one.name.lower())]


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
                yield _look(repository.repo_id, newest.snapshot_path, newest.commit_hash)


def _look(name: str, folder: Path, revision: str) -> ModelHere:
    """What the files say about a model, without loading it."""
    held = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    try:
        config = check_configs(folder)
        weight_files(folder)
        kind = str(config.get("model_type", ""))
        family = family_of(
            SimpleNamespace(
                architectures=config.get("architectures"),
                model_type=kind,
                is_encoder_decoder=config.get("is_encoder_decoder", False),
            )
        )
    except (PromptlabError, OSError) as error:
        return ModelHere(name, revision, "", "", held, _short(error, folder))
    return ModelHere(name, revision, family, kind, held)


def _short(error: Exception, folder: Path) -> str:
    """The first sentence of an error, without the folder that it is about."""
    sentence = str(error).replace(f"{str(folder)!r} ", "").replace(f"{folder}/", "")
    return shorten(sentence.split(". ")[0].rstrip(".") + ".", 160)
