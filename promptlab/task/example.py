"""Example and Task: labelled text, frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Example:
    """One row: its named texts, its label (None when the row has none) and the id that it has in its file."""

    fields: Mapping[str, str]
    label: str | None = None
    id: str = ""


@dataclass(frozen=True)
class Task:
    """Labelled text in up to three splits, each a sequence of examples read when asked for.

    ``labels`` keeps the order that every table, confusion matrix and tie follows. ``unlabelled`` holds rows without a
    label, whichever split they stood in. ``notes`` says what was guessed or left out while reading, a sentence each.
    """

    name: str
    labels: tuple[str, ...]
    train: Sequence[Example] = ()
    dev: Sequence[Example] = ()
    test: Sequence[Example] = ()
    unlabelled: Sequence[Example] = ()
    fields: tuple[str, ...] = ()
    fingerprint: str = ""
    source: str = ""
    notes: tuple[str, ...] = field(default=(), compare=False)

    def few_shot(self, k: int, *, seed: int) -> "Task":
        """K examples a label for train and K more for dev, drawn from train (LM-BFF's sampler); test stays.

        Raises DataError when a label has fewer than 2K rows, naming the label and how many it has.
        """
        from promptlab.task.shots import few_shot

        return few_shot(self, k, seed=seed)
