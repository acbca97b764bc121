"""What a command on label words works with: the plan's one prompt on a loaded model, and readings as events."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

from promptlab.errors import ConfigError, DataError
from promptlab.jobs.plan import Plan
from promptlab.model import Depth, LanguageModel, Readout
from promptlab.model.language_model import ReadoutStore
from promptlab.model.whole import whole_words
from promptlab.results import Event, Progress
from promptlab.task import Example, sample_rows
from promptlab.template import Template
from promptlab.text import counted, listed, shorten
from promptlab.verbalizer import LabelWords, Pieces, Word


def one_prompt(plan: Plan) -> tuple[Template, LabelWords]:
    """The plan's one template and words; ConfigError when there are several of either."""
    for option, names in (
        ("--template", dict.fromkeys(template.name or shorten(str(template), 60) for template, _ in plan.cells)),
        ("--words", dict.fromkeys(words.name for _, words in plan.cells)),
    ):
        if len(names) > 1:
            raise ConfigError(f"{option} names {len(names)} entries, and one is needed here: {listed(names)}.")
    return plan.cells[0]


def check_slot(lm: LanguageModel, template: Template) -> None:
    """ConfigError where the model would have to read every candidate word anew: text after a causal model's slot."""
    lm.check(template)
    if lm.is_whole_only(template):
        raise ConfigError(
            f"In {shorten(str(template), 60)!r} text follows the slot, and the causal model {lm.name!r} would have to "
            "read every word anew. Use a template that ends with {mask}, such as sst2#review."
        )


def read_whole(
    lm: LanguageModel,
    template: Template,
    examples: Sequence[Example],
    *,
    words: Sequence[Word] = (),
    pieces: Pieces = "first",
    depths: Sequence[Depth] = ("top",),
    cache: ReadoutStore | None = None,
) -> Generator[Event, None, Readout]:
    """One readout of all the examples, in their order, with a column for each of the words that ``pieces`` reads whole.

    Yields Progress. Raises DataError when there are no examples.
    """
    if not len(examples):
        raise DataError("There is no text to read.")
    in_full = whole_words(lm, template, words, pieces=pieces)
    layers = [depth for depth in depths if depth != "top"]
    shards: list[Readout] = []
    done = 0
    for shard in lm.read(
        template, examples, words=in_full, depths=layers, top="top" in depths or bool(in_full), cache=cache
    ):
        shards.append(shard)
        done += len(shard)
        yield Progress(done, len(examples))
    return Readout.join(shards)


def described(plan: Plan, lm: LanguageModel, template: Template) -> dict[str, Any]:
    """What was worked on, under the keys of a result."""
    return {
        "task": plan.task.name,
        "split": plan.split,
        "template": str(template),
        "template_name": template.name,
        "model": lm.name,
        "dtype": lm.dtype,
    }


def unlabelled_texts(plan: Plan, count: int, *, seed: int) -> tuple[Sequence[Example], str]:
    """A seeded sample of train texts without their labels, else of the plan's rows; and the words that say which."""
    where, rows = ("train", plan.task.train) if len(plan.task.train) else (plan.split, plan.rows)
    texts = [replace(row, label=None) for row in sample_rows(rows, count, seed=seed)]
    return texts, f"{counted(len(texts), 'text')} of {plan.task.name}, {where}"
