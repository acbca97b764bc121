"""What an ensemble of the open task can be made of: every template with every set of label words that fits it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from promptlab.errors import PromptlabError
from promptlab.template import Template, Truncate, resolve_templates
from promptlab.text import shorten
from promptlab.tui.state.session import Session
from promptlab.tui.state.words_problem import words_problem
from promptlab.verbalizer import LabelWords, resolve_words, to_table

OWN = "this prompt"  # the workbench's, which is always the first


@dataclass(frozen=True)
class Candidate:
    """A template with label words under a name of its own; ``words`` is the table that the engine takes."""

    name: str
    template: str
    truncate: Truncate
    words: Mapping[str, Any]
    template_name: str
    words_name: str


def candidates(session: Session, *, kind: str | None, fields: Sequence[str], folder: Path) -> tuple[Candidate, ...]:
    """The workbench's prompt, then templates and words of the library's task and of the folder that fit the table.

    The workbench's template goes with the other words too, and its words with the other templates. What does not parse
    is left out: the library's tree says what is wrong with it. Reads files.
    """
    own = session.words
    if own is None:
        return ()
    with suppress(PromptlabError):
        mine = Template.parse(session.template, truncate=session.truncate, name=session.template_name)
        templates, words = _resolved(kind, own.labels, folder)
        fitting = [one for one in templates if set(one.fields()) <= set(fields) and one != mine]
        others = [one for one in words if _active(one) != _active(own)]
        pairs = [(one, other) for one in (mine, *fitting) for other in (own, *others)]
        return _named([pair for pair in pairs if not words_problem(pair[1], pair[0].slots())], mine, own)
    return ()


def member(candidate: Candidate, weight: float | None = None) -> dict[str, Any]:
    """The candidate as the engine takes it."""
    table = {
        "name": candidate.name,
        "template": candidate.template,
        "truncate": candidate.truncate,
        "words": candidate.words,
    }
    return table if weight is None else {**table, "weight": weight}


def _resolved(
    kind: str | None, labels: Sequence[str], folder: Path
) -> tuple[tuple[Template, ...], tuple[LabelWords, ...]]:
    own = [path.stem for name in ("templates", "verbalizers") for path in sorted((folder / name).glob("*.toml"))]
    templates: dict[Template, Template] = {}
    words: dict[str, LabelWords] = {}
    for task in dict.fromkeys([*([kind] if kind else []), *own]):
        with suppress(PromptlabError):
            templates |= {one: one for one in resolve_templates(task, folder=folder) if one not in templates}
        with suppress(PromptlabError):
            words |= {one.name: one for one in resolve_words(task, labels, folder=folder)}
    return tuple(templates), tuple(words.values())


def _named(pairs: Iterable[tuple[Template, LabelWords]], mine: Template, own: LabelWords) -> tuple[Candidate, ...]:
    found: dict[str, Candidate] = {}
    for template, words in pairs:
        template_name = template.name or "own template"
        words_name = words.name or "own words"
        is_own = template is mine and words is own
        name = OWN if is_own else f"{_short(template_name)} | {_short(words_name)}"
        table = to_table(replace(words, calibration=None))
        if name not in found:
            found[name] = Candidate(name, str(template), template.truncate, table, template_name, words_name)
    return tuple(found.values())


def _short(name: str) -> str:
    """The name without the file or task that it stands in."""
    return shorten(name.rpartition("#")[2] or name, 40)


def _active(words: LabelWords) -> dict[str, set[tuple[str, float]]]:
    return {label: {(str(word), word.weight) for word in words.active(label)} for label in words.labels}
