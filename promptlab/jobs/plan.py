"""From options to what will be evaluated: rows, templates and words, all checked before a model is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

from promptlab.errors import ConfigError, PromptlabError
from promptlab.spec import RunSpec
from promptlab.task import Example, Task, load_task, parse_labels, sample_rows, select_split
from promptlab.template import Template, check_template, default_template, guess_kind, resolve_templates
from promptlab.text import counted, shorten
from promptlab.verbalizer import LabelWords, check_words, default_words, resolve_words

DEFAULT_TASK = "sample"


@dataclass(frozen=True)
class Plan:
    """Rows of one split, and the templates and words to read them with: ``cells`` is their cross product.

    ``notes`` says what was chosen where nothing was asked for, a sentence each.
    """

    task: Task
    split: str
    rows: Sequence[Example]
    cells: tuple[tuple[Template, LabelWords], ...]
    notes: tuple[str, ...]


def open_task(spec: RunSpec, *, encoding: str | None = None, offline: bool = False) -> Task:
    """The task that a spec names, its columns and labels as the spec says."""
    return load_task(
        spec.task or DEFAULT_TASK,
        text=spec.text,
        label=spec.label,
        labels=parse_labels(spec.labels) if spec.labels else None,
        encoding=encoding,
        offline=offline,
    )


def choose_rows(task: Task, spec: RunSpec) -> tuple[str, Sequence[Example], str]:
    """The split's name, its rows (a seeded sample under ``limit``) and the sentence that says which they are."""
    split, every = select_split(task, spec.split)
    rows = every if spec.limit is None else sample_rows(every, spec.limit, seed=spec.seed)
    part = (
        f"{len(rows):,} of {counted(len(every), 'row')} (seed {spec.seed})"
        if len(rows) < len(every)
        else counted(len(every), "row")
    )
    return split, rows, f"Rows: {split}, {part}."


def make_plan(spec: RunSpec, *, encoding: str | None = None, offline: bool = False) -> Plan:
    """Read the task and resolve templates and words; raises the error of whatever does not fit, model unseen."""
    task = open_task(spec, encoding=encoding, offline=offline)
    split, rows, chosen = choose_rows(task, spec)
    notes = [*task.notes, chosen]
    templates = [template for reference in spec.template for template in resolve_templates(reference)]
    if not templates:
        template, why = default_template(task.labels, task.fields)
        templates = [template]
        notes.append(why)
    for template in templates:
        check_template(template, task.fields, where=template.name)
    words = [entry for reference in spec.words for entry in resolve_words(reference, task.labels)]
    if not words:
        named, why = default_words(task.labels, guess_kind(task.labels, task.fields))
        words = [named]
        notes.append(why)
    return Plan(task, split, rows, _cells(templates, words, task.labels), tuple(notes))


def _cells(
    templates: Sequence[Template], words: Sequence[LabelWords], labels: Sequence[str]
) -> tuple[tuple[Template, LabelWords], ...]:
    """The pairs that fit each other; the first misfit is raised when none does."""
    cells, misfit = [], None
    for template in templates:
        for entry in words:
            try:
                check_words(entry, labels, template.slots())
            except PromptlabError as error:
                misfit = misfit or error
            else:
                cells.append((template, entry))
    if cells:
        return tuple(cells)
    raise misfit or ConfigError("There is nothing to evaluate.")


def cell_name(template: Template, words: LabelWords) -> str:
    """How a pair is called in tables: names where there are some, else the texts themselves."""
    return f"{template.name or shorten(str(template), 60)} | {words.name or shorten(words_text(words), 60)}"


def words_text(words: LabelWords) -> str:
    """The words on one line, as ``--words`` takes them."""
    return " ".join(
        f"{label}={','.join(str(word) for word in words.words[label] if word.on)}" for label in words.labels
    )
