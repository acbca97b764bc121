"""What a template is made of: frozen parts, and Template, the tuple of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Truncate = Literal["tail", "head", "balanced"]
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text. ``data`` marks what was filled in from an example or an answer: it is kept whole like the
    template's own text, but a special piece's name in it is never obeyed. The template language does not show the mark.
    """

    text: str
    data: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A change to a field's text: one of ``text.TEXT_FILTERS``, or ``limit`` with a number of pieces."""

    name: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A named text of the example, filtered from left to right."""

    name: str
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Mask:
    """A slot: a place where the model answers."""


@dataclass(frozen=True, slots=True)
class Soft:
    """Trained vectors: ``count`` of them, or one per piece of ``init``; soft parts of one ``name`` share theirs."""

    count: int = 1
    init: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """``count`` pieces that a search chooses."""

    count: int


@dataclass(frozen=True, slots=True)
class Token:
    """One exact entry of the model's vocabulary."""

    entry: str


@dataclass(frozen=True, slots=True)
class Demonstrations:
    """The place of solved examples."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A border between the messages of a conversation.

    ``system`` ends the system message, ``assistant`` the user's message and opens the model's reply. ``user``, which
    the template language does not have, ends a reply and opens a user's message behind it: demonstrations need it.
    """

    role: Role


@dataclass(frozen=True, slots=True)
class Control:
    """What a chat format writes around a message: kept as it is and never cut. A model puts it in the place of turns.

    ``strips_before`` and ``strips_after`` say that the format takes the blanks from that end of the message beside it.
    """

    text: str
    strips_before: bool = False
    strips_after: bool = False


Part = Text | Field | Mask | Soft | Trigger | Token | Demonstrations | Turn | Control


@dataclass(frozen=True)
class Template:
    """Parts in order. ``str(template)`` is its text in the template language and ``Template.parse`` its inverse.

    ``truncate`` says where fields lose pieces when a prompt is too long. ``name`` and ``source`` say where it came
    from and take no part in equality.
    """

    parts: tuple[Part, ...]
    truncate: Truncate = "tail"
    name: str = field(default="", compare=False)
    source: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str, *, truncate: Truncate = "tail", name: str = "", source: str = "") -> "Template":
        """Read the template language; raises TemplateError and nothing else."""
        from promptlab.template.parse import parse_parts

        return cls(parse_parts(text), truncate, name, source)

    def __str__(self) -> str:
        from promptlab.template.show import show_parts

        return show_parts(self.parts)

    def fields(self) -> tuple[str, ...]:
        """The names of the fields, each once, in order."""
        return tuple(dict.fromkeys(part.name for part in self.parts if isinstance(part, Field)))

    def slots(self) -> int:
        """How many slots (M) the template has."""
        return sum(isinstance(part, Mask) for part in self.parts)

    def turns(self) -> tuple[Role, ...]:
        """Whose messages the template holds, in order; nothing for a template that is one text."""
        ends = [part.role for part in self.parts if isinstance(part, Turn)]
        if not ends:
            return ()
        return (*(("system",) if ends[0] == "system" else ()), "user", *(role for role in ends if role != "system"))

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)
