"""Prompt and verbalizer engineering with local language models.

The public names are imported when they are asked for, so that ``import promptlab`` brings in no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promptlab.errors import PromptlabError
    from promptlab.model import LanguageModel, Readout, load_model, wrap_model
    from promptlab.pipeline import Ensemble, Pipeline, load, save
    from promptlab.results import Scores, compare
    from promptlab.scoring import WordVerbalizer
    from promptlab.task import Example, Task, load_task
    from promptlab.template import Template
    from promptlab.verbalizer import LabelWords, Word

__version__ = "0.1.0"

_ROOMS = {
    "errors": ("PromptlabError",),
    "task": ("Example", "Task", "load_task"),
    "template": ("Template",),
    "verbalizer": ("LabelWords", "Word"),
    "results": ("Scores", "compare"),
    "model": ("LanguageModel", "Readout", "load_model", "wrap_model"),
    "scoring": ("WordVerbalizer",),
    "pipeline": ("Ensemble", "Pipeline", "load", "save"),
}

__all__ = [
    "Ensemble",
    "Example",
    "LabelWords",
    "LanguageModel",
    "Pipeline",
    "PromptlabError",
    "Readout",
    "Scores",
    "Task",
    "Template",
    "Word",
    "WordVerbalizer",
    "__version__",
    "compare",
    "load",
    "load_model",
    "load_task",
    "save",
    "wrap_model",
]


def __getattr__(name: str) -> object:
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"promptlab.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
