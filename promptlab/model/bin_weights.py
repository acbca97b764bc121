"""Weights in PyTorch's pickled form made into safetensors: only when asked, in a process of its own."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from promptlab.errors import ModelError
from promptlab.model.gate import check_configs
from promptlab.model.new_folder import appearing, need_room
from promptlab.model.origin import Origin, write_card, write_origin
from promptlab.model.weights import content_hash
from promptlab.paths import PACKAGE
from promptlab.text import counted, listed, shorten, size

INDEX = "pytorch_model.bin.index.json"
# Files of the same form that a training run leaves beside the weights.
_NO_WEIGHTS = re.compile(r"training_args|optimizer|scheduler|scaler|rng_state|random_states")
_SETTINGS = ("*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken", "*.md", "LICENSE*", "NOTICE*")


def convert_bin(folder: Path, target: Path, *, say: Callable[[str], None] | None = None) -> Origin:
    """Write a copy of a model folder with its ``.bin`` or ``.pt`` weights as safetensors, and say what it came from.

    The weights are opened in another process by PyTorch's loader for numbers alone (``weights_only``), after the
    folder's configurations passed the gate. ``say`` is told the size beforehand. Raises ModelError, leaving nothing.
    """
    config = check_configs(folder)
    files = bin_files(folder)
    held = sum(path.stat().st_size for path in files)
    need_room(target.parent, held, what=folder.name)
    if say is not None:
        say(f"Converting {counted(len(files), 'file')} of {folder.name}, {size(held)}, in a process of its own.")
    origin = Origin(folder.resolve().name, _hash(files), str(config.get("model_type", "")))
    with appearing(target) as draft:
        _copy_settings(folder, draft)
        origin = replace(origin, stored=_run(files, draft))
        if not (draft / "README.md").exists():
            write_card(draft, origin)
        write_origin(draft, origin)
    return origin


def bin_files(folder: Path) -> list[Path]:
    """The files that hold a folder's weights in pickled form; ModelError when there are none, or too many to tell."""
    if any(folder.glob("*.safetensors")):
        raise ModelError(f"{str(folder)!r} has its weights in safetensors form already: use it as it is.")
    index = folder / INDEX
    if index.is_file():
        return _indexed(index)
    if (folder / "pytorch_model.bin").is_file():
        return [folder / "pytorch_model.bin"]
    found = sorted(
        path
        for pattern in ("*.bin", "*.pt", "*.pth")
        for path in folder.glob(pattern)
        if not _NO_WEIGHTS.search(path.name)
    )
    if len(found) == 1:
        return found
    if found:
        raise ModelError(
            f"{str(folder)!r} has {listed(path.name for path in found)}, and which of them is the model's is not said: "
            "name that one pytorch_model.bin."
        )
    raise ModelError(f"{str(folder)!r} has no weights in .bin, .pt or .pth form to convert.")


def _indexed(index: Path) -> list[Path]:
    try:
        named = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        names = sorted({str(name) for name in named.values()})
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"{index} is damaged. Copy or download the model again.") from None
    absent = [name for name in names if "/" in name or "\\" in name or not (index.parent / name).is_file()]
    if absent or not names:
        raise ModelError(f"{str(index.parent)!r} lacks {listed(absent, most=3) or 'weights'}, which its index names.")
    return [index.parent / name for name in names]


def _copy_settings(folder: Path, draft: Path) -> None:
    for pattern in _SETTINGS:
        for path in folder.glob(pattern):
            if path.is_file() and path.name != INDEX:
                shutil.copyfile(path, draft / path.name)


def _run(files: list[Path], draft: Path) -> str:
    """Let the other process write the weights into the draft; the dtype of most of them."""
    command = [sys.executable, "-P", "-m", "promptlab.model.bin_reader", str(draft), *map(str, files)]
    path = os.pathsep.join(filter(None, [str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
    ran = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        said = json.loads(ran.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        said = {"error": _ended(ran)}
    if "error" in said:
        raise ModelError(f"{files[0].parent}: {shorten(str(said['error']), 300)}")
    return str(said["stored"])


def _ended(ran: subprocess.CompletedProcess[str]) -> str:
    """What to say of a process that ended without a word."""
    if ran.returncode < 0:
        name = signal.Signals(-ran.returncode).name
        return f"the process that read the weights was stopped ({name}), perhaps for lack of memory."
    last = ran.stderr.strip().splitlines()[-1:] or ["no message"]
    return f"the process that read the weights failed ({shorten(last[0], 120)})."


def _hash(files: list[Path]) -> str:
    """The file's sha256; of several, each file's, joined."""
    return " ".join(content_hash(path) for path in files)
