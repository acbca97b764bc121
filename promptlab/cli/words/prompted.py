"""From the options that the commands on label words share to a plan, a loaded model and a cache."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promptlab.cli import console
from promptlab.cli.loading import Machine, reading_cache

if TYPE_CHECKING:
    from promptlab.jobs import Plan
    from promptlab.model import LanguageModel, ReadoutCache
    from promptlab.spec import RunSpec


@dataclass(frozen=True)
class Prompted:
    """Rows, templates and words as ``make_plan`` found them, the model, and where readings are kept."""

    plan: "Plan"
    lm: "LanguageModel"
    cache: "ReadoutCache | None"


def prepare(
    spec: "RunSpec",
    machine: Machine,
    *,
    encoding: str | None = None,
    cache: bool | None = None,
    shared_words: bool = False,
) -> Prompted:
    """Everything checked that needs no model, said, and then the model loaded.

    With ``shared_words``, label words from a file may stand under several labels.
    """
    from promptlab.jobs import make_plan

    plan = make_plan(spec, encoding=encoding, offline=machine.offline, shared_words=shared_words)
    for note in plan.notes:
        console.say(note)
    lm = machine.load(spec.model[0])
    return Prompted(plan, lm, reading_cache(cache, len(plan.rows)))
