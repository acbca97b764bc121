"""The texts that an expansion reads, drawn from a task: unlabelled ones, shots, and rows for effects."""

from collections.abc import Sequence

from promptlab.errors import ConfigError
from promptlab.jobs.plan import Plan
from promptlab.jobs.words.expansion import Material
from promptlab.jobs.words.setting import unlabelled_texts
from promptlab.jobs.words.shots import draw_shots
from promptlab.task import Example, sample_rows
from promptlab.template import Template
from promptlab.text import counted

# Rows that effects are measured on.
MOST_ROWS = 500


def material_of(
    plan: Plan, template: Template, *, texts: int = 200, k: int | None = None, seed: int, effects: bool = True
) -> tuple[Material, tuple[str, ...]]:
    """A seeded sample of ``texts``, ``k`` labelled shots a label when asked for, and at most 500 of the plan's rows;
    and the sentences that say which. Raises ConfigError for less than one text, DataError for too few shots."""
    if texts < 1:
        raise ConfigError(f"--texts must be 1 or more, not {texts}.")
    unlabelled, which = unlabelled_texts(plan, texts, seed=seed)
    shots = () if k is None else draw_shots(plan.task, k, seed=seed).train
    rows: Sequence[Example] = sample_rows(plan.rows, MOST_ROWS, seed=seed) if effects else ()
    notes = [f"Priors: the log of each word's mean probability over {which}, seed {seed}."]
    if rows:
        notes.append(
            f"Effects: accuracy if a word were added alone, on {counted(len(rows), 'row')} of {plan.split}. "
            "Choose by them and report on other rows."
        )
    return Material(template, unlabelled, shots, rows), tuple(notes)
