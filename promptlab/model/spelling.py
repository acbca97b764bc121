"""How label words are written at the slots of one template: their pieces, by what stands before the slot."""

from collections.abc import Sequence
from dataclasses import dataclass

from promptlab.errors import ConfigError
from promptlab.model.tokens import Tokens
from promptlab.template import Control, Demonstrations, Mask, Part, Run, Segment, Text, layout
from promptlab.template.fill import SEPARATOR
from promptlab.text import counted
from promptlab.verbalizer import Word


@dataclass(frozen=True, slots=True)
class Lead:
    """What a slot's answer begins with: nothing before it, a space, or text (``before`` is its last character).

    Behind a chat format (``control``) ``before`` is all that the format writes there.
    """

    kind: str
    before: str = ""


START, SPACE, GLUED = Lead("start"), Lead("space"), Lead("glued")


def slot_leads(parts: Sequence[Part]) -> tuple[Lead, ...]:
    """The lead of each slot; the space before a slot belongs to the answer, since runs lose their trailing spaces."""
    leads, before = [], START
    for segment in layout(parts):
        if isinstance(segment, Mask):
            leads.append(before)
        before = _lead_after(segment)
    return tuple(leads)


def _lead_after(segment: Segment) -> Lead:
    if isinstance(segment, Demonstrations):
        return Lead("glued", SEPARATOR[-1])
    last = segment.parts[-1] if isinstance(segment, Run) else None
    if isinstance(last, Control):
        return Lead("control", last.text)
    if not isinstance(last, Text):
        return GLUED
    if last.text.endswith(" "):
        return SPACE
    return Lead("glued", last.text[-1])


class Spelling:
    """Words into pieces for the slots of one template and one tokenizer."""

    def __init__(self, tokens: Tokens, leads: tuple[Lead, ...]) -> None:
        self.tokens, self.leads = tokens, leads
        self._spelt: dict[str | tuple[str, ...], tuple[tuple[int, ...], ...]] = {}

    def pieces(self, text: str, slot: int = 0) -> tuple[int, ...]:
        """The pieces (K,) of ``text`` when it is written at a slot."""
        lead = self.leads[slot]
        if lead.kind == "start":
            return tuple(self.tokens.ids(text))
        if lead.kind == "space" or (lead.kind == "glued" and lead.before and lead.before in self.tokens.blanks):
            return self.tokens.after(" " + text)
        return self.tokens.after(text, lead.before)

    def word(self, word: Word | str) -> tuple[tuple[int, ...], ...]:
        """The pieces of a word, one tuple a slot; ConfigError when it has not one string for each slot, or no piece."""
        text = word.text if isinstance(word, Word) else word
        if text not in self._spelt:
            self._spelt[text] = self._spell(text)
        return self._spelt[text]

    def is_split(self, word: Word | str) -> bool:
        """Whether a word has several pieces at one of its slots."""
        return any(len(pieces) > 1 for pieces in self.word(word))

    def _spell(self, text: str | tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
        texts = (text,) if isinstance(text, str) else text
        shown = " ".join(texts)
        if len(texts) != len(self.leads):
            raise ConfigError(
                f"The word {shown!r} gives {counted(len(texts), 'text')}, and the template has "
                f"{counted(len(self.leads), 'slot')}: a word needs one text for each slot."
            )
        pieces = tuple(self.pieces(one, slot) for slot, one in enumerate(texts))
        if not all(pieces):
            raise ConfigError(f"The word {shown!r} has no pieces in this model's vocabulary. Use another word.")
        if not self.tokens.special.isdisjoint(piece for slot in pieces for piece in slot):
            raise ConfigError(f"The word {shown!r} holds the name of a special piece of this model. Use another word.")
        return pieces
