"""Devices, precision and memory: what there is, what is chosen by default, and what a model will take."""

import os
from pathlib import Path

import torch

from promptlab.errors import ConfigError
from promptlab.text import nearest, size

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def choose_device(name: str = "auto") -> torch.device:
    """``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:1``, ``mps``; ConfigError when it is not there."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not (kind == "cuda" and number.isdigit())):
        raise ConfigError(
            f"Unknown device {name!r}.{nearest(name, ('auto', 'cpu', 'cuda', 'mps'))} "
            "Known: auto, cpu, cuda, cuda:1, mps."
        )
    count = torch.cuda.device_count() if kind == "cuda" and torch.cuda.is_available() else 0
    if kind == "cuda" and int(number or 0) >= count:
        there = (
            f"this machine has {count} (cuda:0 to cuda:{count - 1})"
            if count
            else "torch finds no CUDA GPU on this machine"
        )
        raise ConfigError(f"There is no device {name!r}: {there}. Use --device auto or --device cpu.")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("There is no device 'mps': torch finds no Apple GPU. Use --device auto or --device cpu.")
    return torch.device(name)


def choose_dtype(name: str | None, device: torch.device) -> torch.dtype:
    """The precision asked for, or bfloat16 where the hardware computes it and float32 elsewhere."""
    if name is None or name == "auto":
        return torch.bfloat16 if computes_bfloat16(device) else torch.float32
    short = {"bf16": "bfloat16", "fp32": "float32", "fp16": "float16", "half": "float16", "float": "float32"}.get(
        name, name
    )
    if short not in DTYPES:
        raise ConfigError(f"Unknown dtype {name!r}.{nearest(name, DTYPES)} Known: {', '.join(DTYPES)}.")
    return DTYPES[short]


def computes_bfloat16(device: torch.device) -> bool:
    """Whether the device has bfloat16 instructions (elsewhere bfloat16 is slower than float32)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    if any(bool(getattr(torch.cpu, check, bool)()) for check in checks):
        return True
    return "bf16" in _arm_features()


def set_threads(count: int | None) -> int:
    """Set the number of CPU threads that torch computes with (None leaves its own choice) and return it."""
    if count is not None:
        if count < 1:
            raise ConfigError(f"--threads {count}: at least one thread is needed.")
        torch.set_num_threads(count)
    return torch.get_num_threads()


def free_memory(device: torch.device) -> int | None:
    """Free bytes on the device; None when it is not known."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def memory_sentence(needed: int, device: torch.device, dtype: torch.dtype) -> tuple[str, bool]:
    """What a model of ``needed`` bytes takes of the device's free memory, in words, and whether it fits."""
    free = free_memory(device)
    name = str(dtype).removeprefix("torch.")
    if free is None:
        return f"The model takes about {size(needed)} ({name}) on {device}.", True
    return f"The model takes about {size(needed)} ({name}) of {size(free)} free on {device}.", needed < free


def _arm_features() -> str:
    try:
        return (
            Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
            if os.uname().machine == "aarch64"
            else ""
        )
    except (OSError, AttributeError):
        return ""
