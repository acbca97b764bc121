"""A row's prompt as a model sees it: its pieces with the parts that they come from, and what the model cannot do."""

from typing import Any

from promptlab.jobs.engine.cut import within_reach
from promptlab.model import LanguageModel
from promptlab.model.pieces_of_prompt import PromptPiece, pieces_of_prompt
from promptlab.task import Example
from promptlab.template import Template
from promptlab.text import counted

_MOST = 4096  # pieces that are sent


def seen_prompt(lm: LanguageModel, template: Template, row: Example) -> dict[str, Any]:
    """The pieces, how many there are, what was cut, and notes; raises ModelError for a template it cannot answer."""
    near = within_reach(row, template, lm.max_length)
    (prompt,) = lm.encode(template, [near])
    pieces = pieces_of_prompt(lm, template, near)
    notes = list(lm.notes)
    if lm.is_whole_only(template):
        notes.append(
            "Text follows the slot: a causal model reads every label word anew, a pass over the rows for each."
        )
    if any(len(near.fields[name]) < len(row.fields[name]) for name in near.fields):
        notes.append("This row is very long: more of it is cut than is counted here.")
    if len(pieces) > _MOST:
        notes.append(f"The first {_MOST:,} of {counted(len(pieces), 'piece')} are shown.")
    return {
        "notes": notes,
        "pieces": list(map(_table, pieces[:_MOST])),
        "length": len(prompt.ids),
        "max_length": lm.max_length,
        "cut": dict(prompt.cut),
    }


def _table(piece: PromptPiece) -> dict[str, str]:
    named = {"field": piece.field} if piece.field else {}
    return {"text": piece.text, "part": piece.part, **named}
