"""Where a model comes from: the package itself, an extra, a folder, a GGUF file, or a hub by name and revision."""

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from promptlab.errors import ModelError
from promptlab.model.gate import check_configs, missing_shards
from promptlab.model.gguf.cached import fingerprint_of, unpacked
from promptlab.model.gguf.header import is_gguf
from promptlab.model.origin import read_origin
from promptlab.model.packaged import PACKAGED, find_packaged
from promptlab.paths import PACKAGE
from promptlab.text import counted, nearest, shorten, size

EMBEDDED = "embedded"
_NAMED = (EMBEDDED, *PACKAGED)
Say = Callable[[str], None]
# What the hub's library talks through, in one release or another.
_HTTP_CLIENTS = ("httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3")
_SETTINGS = ("*.json", "*.txt", "*.model", "*.jinja")


@dataclass(frozen=True, slots=True)
class Source:
    """A model's folder on this machine, the name that the user gave, and the commit when it came from a hub.

    ``quantization`` says how the weights were packed before they were unpacked into the folder, such as ``Q4_K_M``.
    ``fingerprint`` identifies the content where that is not the folder's own.
    """

    folder: Path
    name: str
    revision: str = ""
    quantization: str = ""
    fingerprint: str = ""


def find(reference: str, *, revision: str = "", offline: bool = False, say: Say | None = None) -> Source:
    """The folder of a model, downloaded when it is on a hub and not here yet; ModelError when there is none.

    ``embedded`` is the model in the package, ``gemma-3-270m`` that of an extra. A GGUF file is unpacked into the user's
    cache when it is first used. ``offline`` looks in the hub's cache only. ``say`` is told sizes before a download or
    an unpacking begins.
    """
    path = _path(reference)
    is_named = reference == EMBEDDED or reference in PACKAGED
    if revision and (is_named or path.exists()):
        raise ModelError(f"--revision {revision!r}: only a hub's models have revisions, and {reference!r} is none.")
    if reference == EMBEDDED:
        return Source(PACKAGE / "model" / "embedded", EMBEDDED)
    if reference in PACKAGED:
        return _of_file(*find_packaged(PACKAGED[reference], say=say), name=reference)
    if path.is_dir():
        return _of_folder(path)
    if is_gguf(path):
        return _of_file(*unpacked(path, written=_written(path.resolve()), say=say), name=_written(path.resolve()))
    if path.is_file():
        raise ModelError(
            f"{reference!r} is a file, and a model is a folder with config.json, a tokenizer and weights, or a GGUF "
            "file, which this is not."
        )
    if path.suffix.lower() == ".gguf":
        beside = [other.name for other in path.parent.glob("*.gguf")]
        raise ModelError(f"There is no file {reference!r}.{nearest(path.name, beside)}")
    name, _, after = reference.partition("@")
    if not is_hub_name(name):
        raise ModelError(
            f"There is no model folder or file {reference!r}.{nearest(reference, _NAMED)} "
            "Name a folder, a GGUF file, a hub model such as 'roberta-base', or 'embedded'."
        )
    return _from_hub(name, after or revision or "main", offline=offline, say=say)


def is_hub_name(name: str) -> bool:
    """Whether a name has the form of a hub's model: ``name`` or ``owner/name``."""
    return re.fullmatch(r"[\w][\w.-]*(/[\w][\w.-]*)?", name) is not None


def _path(reference: str) -> Path:
    """The reference as a path, whether or not there is something; ModelError when that cannot be told."""
    try:
        path = Path(reference).expanduser()
        path.exists()
    except (OSError, RuntimeError) as error:  # RuntimeError for ~ with an unknown name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ModelError(f"{shorten(reference, 80)!r} cannot be opened: {(reason or '').rstrip('.')}.") from error
    return path


def _of_folder(path: Path) -> Source:
    origin = read_origin(path)
    return Source(path, _written(path.resolve()), quantization=origin.quantization if origin else "")


def _of_file(folder: Path, sha256: str, *, name: str) -> Source:
    """The source of a model that was unpacked from the GGUF file with this content."""
    origin = read_origin(folder)
    quantization = origin.quantization if origin else ""
    return Source(folder, name, quantization=quantization, fingerprint=fingerprint_of(sha256))


def _written(path: Path) -> str:
    """A folder's or file's name as bundles and results keep it: whole, with ``~`` for the user's home."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def go_offline() -> None:
    """Keep the hub's library from the network in this process, if it was not imported yet, and in its children."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"


def is_network_error(error: Exception) -> bool:
    """Whether an error of the hub's library means that the hub was not reached."""
    return isinstance(error, OSError) or type(error).__module__.split(".")[0] in _HTTP_CLIENTS


def _from_hub(name: str, revision: str, *, offline: bool, say: Say | None) -> Source:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    if offline:
        go_offline()
    from huggingface_hub import constants

    folder = hub_folder(name, revision)
    if folder is None:
        if offline or bool(constants.HF_HUB_OFFLINE):
            raise ModelError(
                f"The model {name!r} (revision {revision}) is not in the hub's cache on this machine, and --offline "
                f"forbids a download.{nearest(name, _NAMED)} Download it once without --offline, or name a folder."
            )
        folder = _download(name, revision, say)
    return Source(folder, name, folder.name)


def hub_folder(name: str, revision: str = "main") -> Path | None:
    """Where a hub's model lies complete in the hub's cache; None when it has to be downloaded."""
    import huggingface_hub

    try:
        folder = Path(huggingface_hub.snapshot_download(name, revision=revision, local_files_only=True))
    except huggingface_hub.errors.LocalEntryNotFoundError:
        return None
    is_there = (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))
    return folder if is_there and not missing_shards(folder) else None


def hub_size(name: str, *, revision: str = "main") -> int:
    """Bytes of the weights that a download of a hub's model would bring; ModelError when there are none to be had."""
    import huggingface_hub

    with _said(name, revision):
        info = huggingface_hub.HfApi().model_info(name, revision=revision, files_metadata=True)
        return sum(
            count for _, count in _weights_of([(one.rfilename, one.size or 0) for one in info.siblings or []], name)
        )


def _download(name: str, revision: str, say: Say | None) -> Path:
    import huggingface_hub

    with _said(name, revision):
        info = huggingface_hub.HfApi().model_info(name, revision=revision, files_metadata=True)
        settings = huggingface_hub.snapshot_download(name, revision=info.sha, allow_patterns=list(_SETTINGS))
        check_configs(Path(settings))
        wanted = _weights_of([(file.rfilename, file.size or 0) for file in info.siblings or []], name)
        _announce(name, wanted, Path(settings), say)
        patterns = [*_SETTINGS, *(file for file, _ in wanted)]
        # By the name that was asked for, so that the cache knows it again; the gate looks at the folder once more.
        return Path(huggingface_hub.snapshot_download(name, revision=revision, allow_patterns=patterns))


@contextmanager
def _said(name: str, revision: str) -> Iterator[None]:
    """What the hub refuses, and a hub that is not reached, as ModelError."""
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError:
        raise ModelError(
            f"The hub gives {name!r} only to people who accepted its terms: accept them there and log in."
        ) from None
    except errors.RevisionNotFoundError:
        raise ModelError(f"The model {name!r} has no revision {revision!r}.") from None
    except (errors.RepositoryNotFoundError, errors.HFValidationError):
        raise ModelError(
            f"The hub has no model {name!r}, and there is no folder of that name here.{nearest(name, _NAMED)}"
        ) from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise ModelError(f"{name!r} cannot be stored in the hub's cache: {error.strerror}.") from error
        if not is_network_error(error):
            raise
        raise ModelError(
            f"The hub cannot be reached to download {name!r} ({type(error).__name__}). Check the network, name a model "
            "folder on this machine, or use the embedded model (--model embedded)."
        ) from error


def _weights_of(files: list[tuple[str, int]], name: str) -> list[tuple[str, int]]:
    weights = [file for file in files if re.fullmatch(r"model[^/]*\.safetensors", file[0])]
    weights = weights or [file for file in files if re.fullmatch(r"[^/]+\.safetensors", file[0])]
    if not weights:
        raise ModelError(
            f"The hub's {name!r} has no weights in safetensors form. Other forms can run code when they are opened, so "
            "promptlab does not open them. Some models have a safetensors revision (--revision refs/pr/...)."
        )
    return weights


def _announce(name: str, weights: list[tuple[str, int]], folder: Path, say: Say | None) -> None:
    total = sum(count for _, count in weights)
    free = shutil.disk_usage(folder).free
    if total > free:
        raise ModelError(f"{name!r} takes {size(total)}, and the disk of {folder} has {size(free)} free.")
    if say is not None:
        say(f"Downloading {name}: {counted(len(weights), 'file')}, {size(total)}.")
