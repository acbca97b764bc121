"""One template and one set of label words, for commands that look at a single prompt; no model is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from promptlab.errors import ConfigError
from promptlab.jobs.plan import DEFAULT_TASK, open_task
from promptlab.spec import RunSpec
from promptlab.template import Template, default_template, guess_kind, resolve_templates
from promptlab.text import listed
from promptlab.verbalizer import LabelWords, check_words, default_words, own_words, resolve_words

_Entry = TypeVar("_Entry", Template, LabelWords)


@dataclass(frozen=True)
class Prompt:
    """A template, its label words, and what was chosen where nothing was asked for, a sentence each."""

    template: Template
    words: LabelWords
    notes: tuple[str, ...] = ()


def choose_prompt(spec: RunSpec, *, encoding: str | None = None, offline: bool = False) -> Prompt:
    """The one template and words that a spec names; labels and fields come from its task, else from the words.

    Raises ConfigError when a reference names several.
    """
    notes: list[str] = []
    labels, fields = _labels_and_fields(spec, notes, encoding=encoding, offline=offline)
    words = _one([entry for reference in spec.words for entry in _resolve(reference, labels)], "--words")
    if words is None:
        words, why = default_words(labels, guess_kind(labels, fields))
        notes.append(why)
    found = [template for reference in spec.template for template in resolve_templates(reference)]
    template = _one(found, "--template")
    if template is None:
        template, why = default_template(words.labels, fields)
        notes.append(why)
    check_words(words, words.labels, template.slots())
    return Prompt(template, words, tuple(notes))


def _labels_and_fields(
    spec: RunSpec, notes: list[str], *, encoding: str | None, offline: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The task's labels and fields; no labels when there is no task and the words bring their own."""
    if spec.task is None and spec.words:
        return (), ("text",)
    if spec.task is None:
        notes.append(f"No task and no words given: the labels are those of the {DEFAULT_TASK}.")
    task = open_task(spec, encoding=encoding, offline=offline)
    return task.labels, task.fields


def _resolve(reference: str, labels: Sequence[str]) -> tuple[LabelWords, ...]:
    return resolve_words(reference, labels) if labels else own_words(reference)


def _one(found: Sequence[_Entry], option: str) -> _Entry | None:
    """The only one, or None; ConfigError when there are several."""
    if len(found) > 1:
        names = listed(one.name for one in found)
        raise ConfigError(f"{option} names {len(found)} entries, and one is needed here: {names}.")
    return found[0] if found else None
