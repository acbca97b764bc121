"""The pieces of one prompt, each with the part of the template that it comes from: what a token view shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from promptlab.model.encode import encode_stretches
from promptlab.model.language_model import LanguageModel
from promptlab.model.stretches import Stretch
from promptlab.model.tokens import Tokens
from promptlab.task import Example
from promptlab.template import Template

Origin = Literal["text", "field", "slot", "special", "soft"]
SLOT = "{mask}"


@dataclass(frozen=True, slots=True)
class PromptPiece:
    """A piece as readable text and the kind of part that it comes from; ``field`` names the field of one.

    ``special`` are a tokenizer's own pieces around a prompt and what a chat format writes. A slot counts as one piece
    here, whatever the model has in its place.
    """

    text: str
    part: Origin
    field: str = ""


def pieces_of_prompt(lm: LanguageModel, template: Template, example: Example) -> list[PromptPiece]:
    """The prompt that the model gets for one example, cut where it is too long.

    Raises ModelError when the model cannot answer the template, TemplateError for an entry that it does not have.
    """
    lm.check(template)
    frame = lm.frame(template)
    row = encode_stretches(lm.tokens, frame, template, example, chat=lm.chat)
    inner = [piece for stretch in row for piece in _pieces(lm.tokens, stretch)]
    return [*_special(lm.tokens, frame.before), *inner, *_special(lm.tokens, frame.after)]


def _special(tokens: Tokens, ids: tuple[int, ...]) -> list[PromptPiece]:
    return [PromptPiece(tokens.entry(piece), "special") for piece in ids]


def _pieces(tokens: Tokens, stretch: Stretch) -> Iterator[PromptPiece]:
    if stretch.is_mark:
        yield PromptPiece(SLOT, "slot")
        return
    owners = stretch.owners() or [None] * len(stretch.ids)
    for place, (piece, owner) in enumerate(zip(stretch.ids, owners, strict=True)):
        text = _readable(tokens, piece)
        if stretch.soft and stretch.soft[place]:
            yield PromptPiece(text, "soft")
        elif owner is not None:
            yield PromptPiece(text, "field", stretch.spans[owner].field)
        else:
            yield PromptPiece(text, "special" if piece in tokens.special else "text")


def _readable(tokens: Tokens, piece: int) -> str:
    """The piece as text; a part of a character, which is none, as the vocabulary spells it."""
    text = tokens.read([piece])
    return tokens.entry(piece) if not text or "\ufffd" in text else text
