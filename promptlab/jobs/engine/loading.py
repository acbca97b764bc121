"""Loading the engine's model: what is imported for it, what is said meanwhile, and what it then is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from promptlab.jobs.engine.held import Held, Say

if TYPE_CHECKING:
    from promptlab.model import LanguageModel


def warm(held: Held) -> None:
    """Import torch and the model room, on the reading thread; then what waited for torch is answered."""
    if held.torch_is_here.is_set():
        return
    import torch

    import promptlab.jobs.engine.live  # noqa: F401

    held.threads = torch.get_num_threads()
    torch.set_num_threads(held.threads)  # this thread's own number, whatever other threads set afterwards
    held.torch_is_here.set()
    held.serve_others()


def compute_alone() -> None:
    """This thread computes with one thread, so that edits do not fight with a reading; torch must be here."""
    import torch

    torch.set_num_threads(1)


def load_torch(held: Held, say: Say) -> None:
    """Import torch, and say so where that is still to be done."""
    if not held.torch_is_here.is_set():
        say({"kind": "phase", "text": "loading the model"})
        warm(held)


def warm_figures() -> None:
    """Import what figures and comparisons are computed with."""
    import scipy.stats  # noqa: F401
    import sklearn.metrics  # noqa: F401


def load(held: Held, table: Mapping[str, Any], say: Say) -> "LanguageModel":
    """Load the model of a request's table, saying its phases; raises ModelError and ConfigError."""
    say({"kind": "phase", "text": "loading the model"})
    from promptlab.jobs.engine.downloads import watched
    from promptlab.model import load_model

    with watched(str(table["name"]), say) as heard:
        return load_model(
            str(table["name"]),
            revision=str(table.get("revision", "")),
            device=str(table.get("device", "auto")),
            dtype=table.get("dtype"),
            threads=table.get("threads") or held.threads or None,
            offline=bool(table.get("offline")),
            say=heard,
        )


def say_model(lm: "LanguageModel", say: Say) -> None:
    """Say what the model is, as the event ``model``."""
    from promptlab.model.hardware import free_memory

    say(
        {
            "kind": "model",
            "name": lm.name,
            "revision": lm.revision,
            "family": lm.family,
            "dtype": lm.dtype,
            "device": str(lm.device),
            "pieces": lm.pieces,
            "max_length": lm.max_length,
            "notes": list(lm.notes),
            "bytes": sum(weights.nbytes for weights in lm.model.parameters()),
            "free_memory": free_memory(lm.device),
        }
    )
