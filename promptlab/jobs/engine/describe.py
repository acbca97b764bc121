"""``describe``: the models on this machine and the machine itself, or what one model takes."""

import os
from typing import Any

import torch

from promptlab.errors import PromptlabError
from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.engine.sizes import Size, size_of
from promptlab.jobs.models import models_here
from promptlab.jobs.wire import Request
from promptlab.model.hardware import choose_device, choose_dtype, free_memory, memory_sentence
from promptlab.text import counted, size


def describe(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Without a ``model``: every model here, and device, threads and memory. With one: where it is, and its size."""
    asked = request.fields.get("model")
    if asked is not None:
        return describe_one(asked)
    return {"models": [model.to_json() for model in models_here()], "machine": _machine(held)}


def describe_one(asked: dict[str, Any]) -> dict[str, Any]:
    """What a model takes of memory, or must be downloaded; ``problem`` says why it cannot be had."""
    name = str(asked["name"])
    answer = {"name": name, "here": False, "bytes": None, "sentence": "", "fits": False, "problem": ""}
    try:
        device = choose_device(str(asked.get("device") or "auto"))
        dtype = choose_dtype(asked.get("dtype"), device)
        found = size_of(name, revision=str(asked.get("revision") or ""), offline=bool(asked.get("offline")))
    except PromptlabError as error:
        return answer | {"problem": str(error)}
    sentence, fits = _sentence(found, device, dtype)
    return answer | {"here": found.is_here, "bytes": found.bytes, "sentence": sentence, "fits": fits}


def _sentence(found: Size, device: torch.device, dtype: torch.dtype) -> tuple[str, bool]:
    """What must be downloaded or unpacked, and what the model takes of the memory."""
    before = "" if found.is_here else f"{found.before} "
    if found.parameters is None:
        return (before or "Its size is not known before it is loaded.").strip(), True
    memory, fits = memory_sentence(found.parameters * dtype.itemsize, device, dtype)
    return before + memory, fits


def _machine(held: Held) -> dict[str, Any]:
    device = choose_device()
    dtype = str(choose_dtype(None, device)).removeprefix("torch.")
    cores, threads, free = os.cpu_count() or 1, held.threads or torch.get_num_threads(), free_memory(device)
    memory = f", {size(free)} of memory free" if free is not None else ""
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
    return {
        "device": str(device),
        "threads": threads,
        "cores": cores,
        "free_memory": free,
        "dtype": dtype,
        "sentence": f"{where}, {counted(threads, 'thread')} on {counted(cores, 'core')}{memory}, {dtype}",
    }
