"""From options to what will be evaluated: rows, templates and words, all checked before a model is loaded."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from promptlab.errors import ConfigError, DataError, PromptlabError
from promptlab.spec import RunSpec
from promptlab.task import Example, Task, load_task, parse_labels, sample_rows, select_split
from promptlab.task.rows import labels_of
from promptlab.template import Demonstrations, Template, check_template, default_template, guess_kind, resolve_templates
from promptlab.text import counted, listed, shorten
from promptlab.verbalizer import LabelWords, check_words, default_words, resolve_words

DEFAULT_TASK = "sample"
SPLIT_ORDER = ("dev", "test", "train")
# For rows that something is chosen by: never from test.
CHOOSING_ORDER = ("dev", "train")


@dataclass(frozen=True)
class Plan:
    """Rows of one split, and the templates and words to read them with: ``cells`` is their cross product.

    ``notes`` says what was chosen where nothing was asked for, a sentence each. ``alone`` holds the templates that a
    reference names alone: a model must be able to answer them; ``rows_note`` is the note on the rows.
    """

    task: Task
    split: str
    rows: Sequence[Example]
    cells: tuple[tuple[Template, LabelWords], ...]
    notes: tuple[str, ...]
    alone: tuple[Template, ...] = ()
    rows_note: str = ""

    @property
    def other_notes(self) -> tuple[str, ...]:
        """The notes without the one that says which rows these are, for work on other rows."""
        return tuple(note for note in self.notes if note != self.rows_note)


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


def choose_rows(task: Task, spec: RunSpec, *, order: Sequence[str] = SPLIT_ORDER) -> tuple[str, Sequence[Example], str]:
    """The split's name, its rows (a seeded sample under ``limit``) and the sentence that says which they are.

    Without a split in the spec it is the first of ``order`` that the task has.
    """
    split, every = select_split(task, spec.split, order=order)
    rows = every if spec.limit is None else sample_rows(every, spec.limit, seed=spec.seed)
    part = (
        f"{len(rows):,} of {counted(len(every), 'row')} (seed {spec.seed})"
        if len(rows) < len(every)
        else counted(len(every), "row")
    )
    return split, rows, f"Rows: {split}, {part}."


def plan_rows(
    spec: RunSpec, *, encoding: str | None = None, offline: bool = False, order: Sequence[str] = SPLIT_ORDER
) -> Plan:
    """The rows alone, for a classifier that exists already: a plan without cells."""
    task = open_task(spec, encoding=encoding, offline=offline)
    split, rows, chosen = choose_rows(task, spec, order=order)
    return Plan(task, split, rows, (), (*task.notes, chosen), rows_note=chosen)


def make_plan(
    spec: RunSpec,
    *,
    encoding: str | None = None,
    offline: bool = False,
    shared_words: bool = False,
    order: Sequence[str] = SPLIT_ORDER,
) -> Plan:
    """Read the task and resolve templates and words; raises the error of whatever does not fit, model unseen.

    With ``shared_words``, label words from a file may stand under several labels.
    """
    plan = plan_rows(spec, encoding=encoding, offline=offline, order=order)
    task, notes = plan.task, list(plan.notes)
    if len(task.labels) < 2:
        raise DataError(
            f"Classification needs two labels or more, and {task.name} has {listed(map(repr, task.labels)) or 'none'}. "
            "Name another column with --label."
        )
    groups = [resolve_templates(reference) for reference in spec.template]
    templates = [template for group in groups for template in group]
    alone = tuple(group[0] for group in groups if len(group) == 1)
    if not templates:
        template, why = default_template(task.labels, task.fields)
        templates = [template]
        notes.append(why)
    for template in templates:
        check_template(template, task.fields, where=template.name)
    words = [entry for reference in spec.words for entry in resolve_words(reference, task.labels, shared=shared_words)]
    if not words:
        named, why = default_words(task.labels, guess_kind(task.labels, task.fields))
        words = [named]
        notes.append(why)
    cells = _cells(templates, words, task.labels, shared_words=shared_words)
    if left_out := len(templates) * len(words) - len(cells):
        notes.append(f"{counted(left_out, 'pair')} left out: the words do not fit the template's slots.")
    return replace(plan, cells=cells, notes=tuple(notes), alone=alone)


def choose_demonstrations(plan: Plan, count: int, *, seed: int) -> tuple[Example, ...]:
    """``count`` train rows of each label in a seeded order, as solved examples for the templates' ``{demos}``.

    Raises ConfigError when no template has a place for them or train is what is evaluated, DataError when a label has
    fewer rows.
    """
    if count < 1:
        raise ConfigError(f"--demos {count}: at least one example a label is needed.")
    if not any(isinstance(part, Demonstrations) for template, _ in plan.cells for part in template):
        raise ConfigError("--demos: no template has {demos}, the place where solved examples go.")
    if not len(plan.task.train):
        raise ConfigError(
            f"--demos takes its examples from train, and {plan.task.name} has no train split. "
            "`promptlab data split FILE FOLDER` makes a folder with one."
        )
    if plan.split == "train":
        raise ConfigError(
            "--demos takes its examples from train, and train is what is evaluated. Name another --split."
        )
    places: dict[str, list[int]] = {label: [] for label in plan.task.labels}
    for place, label in enumerate(labels_of(plan.task.train)):
        if label is not None:
            places[label].append(place)
    draw = random.Random(seed)
    chosen: list[int] = []
    for label, found in places.items():
        if len(found) < count:
            raise DataError(f"--demos {count}: the label {label!r} has {counted(len(found), 'row')} in train.")
        chosen += draw.sample(found, count)
    draw.shuffle(chosen)
    return tuple(plan.task.train[place] for place in chosen)


def _cells(
    templates: Sequence[Template], words: Sequence[LabelWords], labels: Sequence[str], *, shared_words: bool
) -> tuple[tuple[Template, LabelWords], ...]:
    """The pairs that fit each other; the first misfit is raised when none does."""
    cells, misfit = [], None
    for template in templates:
        for entry in words:
            try:
                check_words(entry, labels, template.slots(), shared=shared_words)
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
