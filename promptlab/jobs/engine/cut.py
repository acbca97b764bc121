"""Examples cut short: a cell of any size crosses to the application, and to the tokenizer, in parts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from promptlab.task import Example
from promptlab.template import Template

LONGEST = 20_000  # characters of a field that the template names
_OTHER, _MOST_OTHERS = 1_000, 40  # characters of another field, and how many of these are sent
_FEWEST, _A_PIECE = 50_000, 16  # characters of a field that are turned into pieces: at least, and for each piece


def shown_fields(example: Example, names: Sequence[str]) -> tuple[dict[str, str], int]:
    """The fields to show, those that a template names first, each cut; and how many are left out."""
    own = [name for name in names if name in example.fields]
    others = [name for name in example.fields if name not in own]
    shown = {name: example.fields[name][:LONGEST] for name in own}
    shown |= {name: example.fields[name][:_OTHER] for name in others[:_MOST_OTHERS]}
    return shown, max(len(others) - _MOST_OTHERS, 0)


def within_reach(example: Example, template: Template, max_length: int) -> Example:
    """The example without what a model of so many pieces hardly reads: turning 10 MB into pieces takes seconds."""
    most = max(_FEWEST, _A_PIECE * max_length)
    fields = {name: example.fields[name] for name in template.fields() if name in example.fields}
    keep = slice(-most, None) if template.truncate == "head" else slice(most)
    return replace(example, fields={name: text[keep] for name, text in fields.items()})


def cut_of(cut: Mapping[str, int], example: Example, total: int) -> dict[str, int]:
    """What each field lost, ``total`` pieces together: what ``within_reach`` took away counts for the longest."""
    missing = total - sum(cut.values())
    if missing <= 0:
        return {name: count for name, count in cut.items() if count}
    longest = max(cut or example.fields, key=lambda name: len(example.fields[name]), default="")
    return {name: count for name, count in {**cut, longest: cut.get(longest, 0) + missing}.items() if count}
