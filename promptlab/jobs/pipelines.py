"""Where a plan meets a model: a pipeline for every pair of template and words that the model can answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from promptlab.errors import PromptlabError
from promptlab.jobs.plan import Plan, cell_name
from promptlab.model import LanguageModel
from promptlab.pipeline import Pipeline
from promptlab.task import Example
from promptlab.text import counted, listed


@dataclass(frozen=True)
class Built:
    """Named pipelines, and a sentence about each kind of what was left out and why."""

    pipelines: tuple[tuple[str, Pipeline], ...]
    notes: tuple[str, ...]


def build_pipelines(plan: Plan, lm: LanguageModel, demonstrations: Sequence[Example] = ()) -> Built:
    """A pipeline for each of the plan's pairs.

    Of a reference that names several templates, those that the model cannot answer are left out, and so are pairs whose
    words do not suit it. Raises the error of a template that was named alone, and the first one when nothing is left.
    """
    left_out: dict[str, dict[str, None]] = {}  # reason -> names, each once
    built: list[tuple[str, Pipeline]] = []
    first: PromptlabError | None = None
    for template, words in plan.cells:
        named = cell_name(template, words)
        try:
            lm.check(template)
        except PromptlabError as error:
            if template in plan.alone:
                raise
            first = first or error
            left_out.setdefault(str(error), {})[template.name] = None
            continue
        try:
            built.append((named, Pipeline.of(lm, template, words, demonstrations=demonstrations)))
        except PromptlabError as error:
            first = first or error
            left_out.setdefault(str(error), {})[named] = None
    if first is not None and not built:
        raise first
    notes = (f"{counted(len(of), 'prompt')} left out ({listed(of, most=3)}): {why}" for why, of in left_out.items())
    return Built(tuple(built), tuple(notes))
