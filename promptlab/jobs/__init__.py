"""Use cases as iterators of events: plan and run an evaluation, explain a row, label a file.

Names are imported when asked for: ``plan`` needs no torch, the others do.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promptlab.jobs.evaluation import Evaluation, Rows, evaluate, finish
    from promptlab.jobs.pipelines import Built, build_pipelines
    from promptlab.jobs.plan import Plan, make_plan
    from promptlab.jobs.predict import predict_file
    from promptlab.jobs.support import Support, choose_support
    from promptlab.jobs.why import Explanation, explain

_FILES = {
    "evaluation": ("Evaluation", "Rows", "evaluate", "finish"),
    "pipelines": ("Built", "build_pipelines"),
    "plan": ("Plan", "make_plan"),
    "predict": ("predict_file",),
    "support": ("Support", "choose_support"),
    "why": ("Explanation", "explain"),
}

__all__ = [
    "Built",
    "Evaluation",
    "Explanation",
    "Plan",
    "Rows",
    "Support",
    "build_pipelines",
    "choose_support",
    "evaluate",
    "explain",
    "finish",
    "make_plan",
    "predict_file",
]


def __getattr__(name: str) -> object:
    for file, names in _FILES.items():
        if name in names:
            return getattr(import_module(f"promptlab.jobs.{file}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
