"""Chat formats: a template's turns written out as the model's own chat template has them.

The format is learnt as text: the tokenizer's chat template is rendered with placeholders for the messages and cut at
them. What lies between becomes ``Control`` parts, so that the pieces of a prompt are those of the whole rendered string
and only fields are ever shortened.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from promptlab.errors import ModelError
from promptlab.model.tokens import Tokens
from promptlab.template import Control, Part, Role, Template, Text, Turn
from promptlab.text import shorten

Message = tuple[Role, tuple[Part, ...]]
_Content = Callable[[str], object]  # a message's text in the form that a format takes

# Formats that write today's date would give other prompts every day; this is Llama's own day where none is given.
_DATE = "26 Jul 2024"
_ASKED = {"enable_thinking": False, "date_string": _DATE}
# Shadows the function that reads the clock, in formats that have no setting for the date.
_CLOCK = f"{{% macro strftime_now(form) %}}{_DATE}{{% endmacro +%}}"
_PLACEHOLDERS = 0xF0000  # the first of 65,534 private characters, one a message
_FOLD = "\n\n"  # between a system message and the user's where a format has no place for the former (as Gemma 3 does)
_TAG = re.compile(r"<{1,2}/?\|?\w+\|?>{1,2}|\[/?[A-Z_]+\]")
# A mark around the reasoning of a model, such as <think>, [THINK], </thought>; the group is not empty where one ends.
_THOUGHT = re.compile(r"[<\[]\|?(/?)\|?(?:\w+:)?(?:think|thinking|thought|reasoning)\|?[>\]]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What a format writes around some messages: one control more than there are messages, and the order of these.

    ``lead`` is the space that it puts before a reply.
    """

    controls: tuple[Control, ...]
    order: tuple[int, ...]
    lead: tuple[Text, ...]


class ChatFormat:
    """The chat format of one model, ``name`` as messages call it; what it writes for a sequence of roles is kept."""

    def __init__(self, tokens: Tokens, name: str) -> None:
        self._tokens, self._name = tokens, name
        self._frames: dict[tuple[Role, ...], _Frame] = {}

    def write(self, template: Template) -> Template:
        """The template with the format's own text in the place of its turns; without turns, the template itself.

        A system message that the format does not know opens the user's message. Raises ModelError when the model has
        no chat format or its format cannot write such a conversation.
        """
        if not template.turns():
            return template
        *given, (_, reply) = zip(template.turns(), _sections(template.parts), strict=True)
        messages, frame = self._fit(given)
        parts: list[Part] = [frame.controls[0]]
        for place, control in zip(frame.order, frame.controls[1:], strict=True):
            parts += [*messages[place][1], control]
        return replace(template, parts=(*parts, *frame.lead, *reply))

    def tags(self, written: Template) -> re.Pattern[str] | None:
        """Matches the turn marks of the format that are plain text to the tokenizer, such as ``[INST]``; None: none is.

        No data may hold them. Special pieces need no such search, as they are told apart by their ids.
        """
        texts = [self._source(), *_stretches(written)]
        with suppress(ModelError):  # a mark may be made of the name of a role that this template does not have
            texts.append(self._render(("system", "user", "assistant", "user")))
        found = {tag for text in texts for tag in _TAG.findall(text)}
        plain = sorted(tag for tag in found if self._tokens.id_of(tag) not in self._tokens.special)
        return re.compile("|".join(map(re.escape, plain))) if plain else None

    def notes(self, template: Template) -> tuple[str, ...]:
        """What a user should know of the format: that a slot stands in a thought, or that data can look like a turn."""
        if not template.turns():
            return ()
        last = _stretches(self.write(template))[-1]
        reply = "".join(part.text for part in _sections(template.parts)[-1] if isinstance(part, Text))
        return (*self._thought_note(last + reply), *self._words_note(last))

    def _thought_note(self, opened: str) -> tuple[str, ...]:
        """Says that label words would be read as thoughts, where neither format nor template ends one."""
        marks = list(_THOUGHT.finditer(opened))
        if not marks or marks[-1][1]:
            return ()
        mark = marks[-1][0]
        return (
            f"The chat format of {self._name!r} opens its replies inside a thought ({mark!r}), and label words would "
            f"be read there: end it in the template, {{assistant}}{mark[0]}/{mark[1:]}\\n\\n{{mask}}.",
        )

    def _words_note(self, last: str) -> tuple[str, ...]:
        if _TAG.search(last) or not self._tokens.special.isdisjoint(self._tokens.ids(last)):
            return ()
        return (
            f"The chat format of {self._name!r} marks turns with ordinary words ({shorten(last.strip(), 40)!r}): a "
            "text that holds them can look like another turn.",
        )

    def _fit(self, messages: Sequence[Message]) -> tuple[Sequence[Message], _Frame]:
        """The messages as the format takes them, and its frame; a system message that it refuses is folded."""
        try:
            return messages, self._frame(messages)
        except ModelError:
            if messages[0][0] != "system":
                raise
        (_, system), (_, user), *others = messages
        folded: list[Message] = [("user", (*system, Text(_FOLD), *user) if system else user), *others]
        return folded, self._frame(folded)

    def _frame(self, messages: Sequence[Message]) -> _Frame:
        roles = tuple(role for role, _ in messages)
        if roles not in self._frames:
            self._frames[roles] = self._learn(roles)
        return self._frames[roles]

    def _learn(self, roles: Sequence[Role]) -> _Frame:
        """Messages are given as texts, and as lists of one part where the format will not have texts."""
        try:
            return self._learn_with(roles, str)
        except ModelError as refused:
            try:
                return self._learn_with(roles, _as_parts)
            except ModelError:
                raise refused from None

    def _learn_with(self, roles: Sequence[Role], content: _Content) -> _Frame:
        prompt = self._render(roles, content)
        stretches, order = self._cut(prompt, roles)
        padded, _ = self._cut(self._render(roles, content, pad="\t"), roles)
        behind = self._behind_prompt(roles, content, prompt)
        answer = behind.rstrip(" ")
        controls = [
            Control(
                text if place < len(roles) else text + answer,
                strips_before=place > 0 and not around.startswith("\t"),
                strips_after=place < len(roles) and not around.endswith("\t"),
            )
            for place, (text, around) in enumerate(zip(stretches, padded, strict=True))
        ]
        return _Frame(tuple(controls), order, (Text(" "),) if behind != answer else ())

    def _cut(self, rendered: str, roles: Sequence[Role]) -> tuple[list[str], tuple[int, ...]]:
        """The text around the placeholders, and which message stands where; each must be there once."""
        stretches = re.split(f"([{chr(_PLACEHOLDERS)}-{chr(_PLACEHOLDERS + 0xFFFD)}])", rendered)
        order = tuple(ord(mark) - _PLACEHOLDERS for mark in stretches[1::2])
        if sorted(order) != list(range(len(roles))):
            raise ModelError(
                f"The chat format of {self._name!r} leaves out or repeats a message, so that its turns cannot be told "
                "apart. Use a template without {assistant}."
            )
        return stretches[::2], order

    def _behind_prompt(self, roles: Sequence[Role], content: _Content, prompt: str) -> str:
        """What the format writes between its generation prompt and the reply; nothing where that cannot be told."""
        try:
            whole = self._render((*roles, "assistant"), content, opens_reply=False)
        except ModelError:
            return ""
        before, mark, _ = whole.partition(_placeholder(len(roles)))
        return before[len(prompt) :] if mark and before.startswith(prompt) else ""

    def _render(
        self, roles: Sequence[Role], content: _Content = str, *, pad: str = "", opens_reply: bool = True
    ) -> str:
        """A conversation of placeholders as the format writes it; ModelError when it will not."""
        source = self._source()
        texts = [f"{pad}{_placeholder(place)}{pad}" for place in range(len(roles))]
        messages = [{"role": role, "content": content(text)} for role, text in zip(roles, texts, strict=True)]
        try:
            return str(
                self._tokens.tokenizer.apply_chat_template(
                    messages, chat_template=source, tokenize=False, add_generation_prompt=opens_reply, **_ASKED
                )
            )
        except ImportError:
            raise ModelError("Chat formats need jinja2 3.1.6 or newer: pip install --upgrade jinja2.") from None
        except Exception as error:  # whatever the format's own code raises
            raise ModelError(
                f"The chat format of {self._name!r} refuses this conversation ({shorten(str(error), 100)}). Use a "
                "template without {assistant}."
            ) from None

    def _source(self) -> str:
        formats: Any = self._tokens.tokenizer.chat_template
        source = formats.get("default") if isinstance(formats, dict) else formats
        if not source:
            raise ModelError(
                f"{self._name!r} is a base model: its tokenizer has no chat format, which {{assistant}} needs. Use a "
                "template without {assistant}, or the model's instruct version."
            )
        return _CLOCK + str(source) if "strftime_now" in source else str(source)


def _sections(parts: Sequence[Part]) -> list[tuple[Part, ...]]:
    """The parts of each message, in order."""
    sections: list[list[Part]] = [[]]
    for part in parts:
        if isinstance(part, Turn):
            sections.append([])
        else:
            sections[-1].append(part)
    return [tuple(section) for section in sections]


def _as_parts(text: str) -> list[dict[str, str]]:
    """A message's content as models that read pictures too have it."""
    return [{"type": "text", "text": text}]


def _stretches(written: Template) -> list[str]:
    return [part.text for part in written if isinstance(part, Control)]


def _placeholder(place: int) -> str:
    return chr(_PLACEHOLDERS + place)
