"""Pipelines: a model, a template and a verbalizer that classify text, alone or together, kept as bundles.

Names are imported when asked for, so that a bundle's manifest can be read without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promptlab.pipeline.bundles import load, save
    from promptlab.pipeline.ensemble import Ensemble
    from promptlab.pipeline.pipeline import Pipeline, as_scores, label_places

_FILES = {
    "bundles": ("load", "save"),
    "ensemble": ("Ensemble",),
    "pipeline": ("Pipeline", "as_scores", "label_places"),
}

__all__ = ["Ensemble", "Pipeline", "as_scores", "label_places", "load", "save"]


def __getattr__(name: str) -> object:
    for file, names in _FILES.items():
        if name in names:
            return getattr(import_module(f"promptlab.pipeline.{file}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
