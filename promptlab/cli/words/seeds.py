"""What ``words expand`` begins from: the seeds of arguments, words or labels, and a task's texts where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from promptlab.cli import console
from promptlab.errors import ConfigError

if TYPE_CHECKING:
    from promptlab.jobs.words.expansion import Material
    from promptlab.spec import RunSpec
    from promptlab.template import Template
    from promptlab.verbalizer import LabelWords


@dataclass(frozen=True)
class Begun:
    """The seeds, what the model will read, how many rows that is, and what the result says of it."""

    seeds: "LabelWords"
    material: "Material"
    rows: int = 0
    about: dict[str, Any] = field(default_factory=dict)


def begin_alone(spec: "RunSpec", arguments: Sequence[str]) -> Begun:
    """Seeds under their own labels, without texts; a template serves to spell the words."""
    from promptlab.jobs.words.expansion import Material
    from promptlab.verbalizer import own_words, parse_each

    if not arguments and not spec.words:
        raise ConfigError(
            "There is nothing to begin from. Name seeds (promptlab words expand positive=great negative=terrible), "
            "--words, or a --task, whose label names are the seeds then."
        )
    found = (parse_each(arguments),) if arguments else own_words(spec.words[0])
    if len(found) > 1:
        raise ConfigError(f"--words {spec.words[0]} names {len(found)} entries: name one, such as {found[0].name}.")
    return Begun(found[0], Material(_template(spec)))


def begin_with_task(
    spec: "RunSpec",
    arguments: Sequence[str],
    *,
    offline: bool,
    encoding: str | None = None,
    texts: int = 200,
    k: int | None = None,
    effects: bool = True,
) -> Begun:
    """Seeds under the task's labels, and its texts; what was chosen is said."""
    from promptlab.jobs import make_plan
    from promptlab.jobs.plan import CHOOSING_ORDER
    from promptlab.jobs.words.material import material_of
    from promptlab.jobs.words.setting import one_prompt

    if arguments:
        spec = spec.override(words=" ".join(arguments))
    plan = make_plan(spec, encoding=encoding, offline=offline, order=CHOOSING_ORDER)
    template, seeds = one_prompt(plan)
    material, notes = material_of(plan, template, texts=texts, k=k, seed=spec.seed, effects=effects)
    for note in (*plan.notes, *notes):
        console.say(note)
    about = {"task": plan.task.name, "split": plan.split, "template": str(template), "texts": len(material.texts)}
    rows = len(material.texts) + len(material.shots) + len(material.rows)
    return Begun(seeds, material, rows, {**about, "shots": len(material.shots), "rows": len(material.rows)})


def _template(spec: "RunSpec") -> "Template | None":
    from promptlab.template import resolve_templates

    found = [template for reference in spec.template for template in resolve_templates(reference)]
    if len(found) > 1:
        raise ConfigError(f"--template names {len(found)} entries, and one is needed here.")
    return found[0] if found else None
