"""The template language, read: text into parts. Nothing is evaluated, and only TemplateError leaves."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from promptlab.errors import TemplateError
from promptlab.template.parts import Demonstrations, Field, Filter, Mask, Part, Soft, Text, Token, Trigger, Turn
from promptlab.text import TEXT_FILTERS, listed, nearest, shorten

LONGEST = 65_536  # characters of a template
MOST_PIECES = 1_000  # of one soft or trigger part
KEYWORDS = ("mask", "soft", "trigger", "token", "demos", "system", "assistant", "field")
FILTERS = (*TEXT_FILTERS, "limit")

_STRETCH = re.compile(r"(?P<text>[^{}]++)|(?P<brace>\{\{|\}\})|\{(?P<tag>(?:[^\\{}]|\\.)*+)\}", re.DOTALL)
_HEAD = re.compile(r"(?:[^\\:|]|\\.)*+", re.DOTALL)
_TYPED_SLOT = re.compile(r"\[MASK\]|<mask>|<extra_id_\d+>")


@dataclass(frozen=True, slots=True)
class _Raw:
    """A stretch of the template as it is written, escapes included, and where it begins."""

    template: str
    start: int
    text: str

    def error(self, message: str) -> TemplateError:
        return _error(self.template, self.start, message)

    def cut(self, separator: str) -> "list[_Raw]":
        """The stretch split at every separator that no backslash stands before."""
        pieces, start = [], 0
        for match in re.finditer(rf"\\.|{re.escape(separator)}", self.text, re.DOTALL):
            if match.group() == separator:
                pieces.append(self.part(start, match.start()))
                start = match.end()
        return [*pieces, self.part(start, len(self.text))]

    def part(self, start: int, end: int) -> "_Raw":
        return _Raw(self.template, self.start + start, self.text[start:end])

    def value(self) -> str:
        """The text that is meant: without the spaces around it, ``\\}`` read as ``}``."""
        text = self.text.strip()
        if (len(text) - len(text.rstrip("\\"))) % 2:  # the last backslash keeps the space that strip took
            text += self.text[self.text.index(text) + len(text)]
        return re.sub(r"\\(.)", self._escaped, text, flags=re.DOTALL)

    def _escaped(self, match: re.Match[str]) -> str:
        if match[1].isalpha():
            raise self.error(
                f"found {match.group()!r}; inside braces a backslash stands only before \\ {{ }} | # or a space."
            )
        return match[1]


def parse_parts(text: str) -> tuple[Part, ...]:
    """The parts of a template; neighbouring texts are one part and none is empty.

    Raises TemplateError, and nothing else, with the line and column of what was found.
    """
    return _read(text)[0]


def place_tags(text: str) -> tuple[tuple[int, int, Part], ...]:
    """What stands between braces in a template, from which character to which, the braces included.

    Raises TemplateError as ``parse_parts`` does.
    """
    return tuple((raw.start - 1, raw.start + len(raw.text) + 1, part) for raw, part in _read(text)[1])


def _read(text: str) -> tuple[tuple[Part, ...], list[tuple[_Raw, Part]]]:
    """The parts, and those between braces with what is written there."""
    if len(text) > LONGEST:
        raise TemplateError(f"The template has {len(text):,} characters, and {LONGEST:,} are the most.")
    parts: list[Part] = []
    tags: list[tuple[_Raw, Part]] = []
    literal: list[str] = []
    for match in _stretches(text):
        if match.lastgroup == "tag":
            raw = _Raw(text, match.start("tag"), match["tag"])
            tags.append((raw, _read_tag(raw)))
            parts += [*_text_part(literal), tags[-1][1]]
            literal = []
        else:
            literal.append(match.group()[:1] if match.lastgroup == "brace" else _checked_text(match))
    _check_order(tags)
    return (*parts, *_text_part(literal)), tags


def _stretches(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(text):
        match = _STRETCH.match(text, at)
        if match is None:
            raise _broken_brace(text, at)
        yield match
        at = match.end()


def _broken_brace(text: str, at: int) -> TemplateError:
    if text[at] == "}":
        return _error(text, at, "found '}', and no '{' is open; write }} for a brace in the text.")
    return _error(text, at, "found '{', and no '}' closes it; write {{ for a brace in the text.")


def _text_part(literal: list[str]) -> list[Part]:
    return [Text("".join(literal))] if literal else []


def _checked_text(match: re.Match[str]) -> str:
    text = match.group()
    typed = _TYPED_SLOT.search(text)
    if typed:
        at = match.start() + typed.start()
        raise _error(
            match.string, at, f"found {typed.group()!r}; write {{mask}} where the model answers, for every model."
        )
    return text


def _check_order(tags: Sequence[tuple[_Raw, Part]]) -> None:
    """What stands once stands once, and a conversation has its turns, slots and demonstrations where they belong."""
    places: dict[Part, int] = {}
    for place, (raw, part) in enumerate(tags):
        if part in places and isinstance(part, Turn | Demonstrations):
            why = "demonstrations stand in one place" if isinstance(part, Demonstrations) else "a message ends once"
            raise raw.error(f"found a second {{{raw.text.strip()}}}; {why}.")
        places.setdefault(part, place)
    system, assistant = places.get(Turn("system")), places.get(Turn("assistant"))
    if system is not None and (assistant is None or assistant < system):
        raise tags[system][0].error(
            "found {system} without {assistant} behind it; a template for chat models is "
            "system message {system} user's message {assistant} reply."
        )
    if assistant is None:
        return
    mask, demos = places.get(Mask(), assistant), places.get(Demonstrations())
    if mask < assistant:
        raise tags[mask][0].error("found {mask} before {assistant}; a chat model answers in its reply, behind it.")
    if demos is not None and not (-1 if system is None else system) < demos < assistant:
        raise tags[demos][0].error("found {demos} outside the user's message; write it there, before {assistant}.")


def _read_tag(raw: _Raw) -> Part:
    """One part from what stands between braces."""
    head = _HEAD.match(raw.text)
    assert head is not None
    keyword, rest = head.group().strip(), raw.part(head.end(), len(raw.text))
    argument = rest.part(1, len(rest.text)) if rest.text.startswith(":") else None
    if keyword == "field" and argument is not None:
        return _read_field(argument)
    if keyword in _READERS:
        if argument is None and rest.text:
            raise rest.error(f"found {shorten(rest.text, 20)!r} in {{{keyword}}}; filters belong to fields.")
        return _READERS[keyword](raw, argument)
    if argument is not None:
        raise raw.error(
            f"unknown keyword {shorten(keyword, 40)!r}; expected {listed(KEYWORDS)}.{nearest(keyword, KEYWORDS)} "
            "A field whose name holds a colon is written {field:name: more}."
        )
    return _read_field(raw)


def _read_field(raw: _Raw) -> Field:
    name, *filters = raw.cut("|")
    if not name.value():
        raise raw.error(f"found no name; expected {{field}} with a column's name, or one of {listed(KEYWORDS[:-1])}.")
    return Field(name.value(), tuple(map(_read_filter, filters)))


def _read_filter(raw: _Raw) -> Filter:
    match = re.fullmatch(r"\s*(\S*)(.*)", raw.text, re.DOTALL)
    assert match is not None
    name, argument = match[1], raw.part(match.start(2), match.end(2)).value()
    if name not in FILTERS:
        raise raw.error(f"unknown filter {shorten(name, 40)!r}; expected {listed(FILTERS)}.{nearest(name, FILTERS)}")
    if name == "limit" and not _is_count(argument, most=LONGEST):
        raise raw.error("expected a number of pieces from 1 after 'limit', as in limit 110.")
    if name not in ("limit", "strip") and argument:
        raise raw.error(f"found {shorten(argument, 20)!r} after {name!r}, which takes nothing.")
    return Filter(name, argument)


def _read_plain(name: str, part: Part) -> Callable[[_Raw, _Raw | None], Part]:
    def read(raw: _Raw, argument: _Raw | None) -> Part:
        if argument is not None:
            raise argument.error(
                f"found {shorten(argument.text, 20)!r} after {name!r}, which takes nothing. "
                f"A column of that name is written {{field:{name}}}."
            )
        return part

    return read


def _read_soft(raw: _Raw, argument: _Raw | None) -> Soft:
    if argument is None:
        return Soft()
    start, *names = argument.cut("#")
    if len(names) > 1 or len(argument.cut("|")) > 1:
        raise argument.error("found a second '#' or a '|'; write \\# and \\| for these characters in the words.")
    name = names[0].value() if names else ""
    words = start.value()
    if not words or (names and not name):
        raise argument.error("expected a number of vectors or the words they start from, then #name if they have one.")
    if not _is_digits(start.text.strip()):
        return Soft(init=words, name=name)
    return Soft(_read_count(start), name=name)


def _read_trigger(raw: _Raw, argument: _Raw | None) -> Trigger:
    if argument is None:
        raise raw.error("found {trigger} alone; expected a number of pieces, as in {trigger:3}.")
    return Trigger(_read_count(argument))


def _read_token(raw: _Raw, argument: _Raw | None) -> Token:
    entry = argument.value() if argument is not None else ""
    if not entry:
        raise raw.error("found {token} alone; expected an entry of the model's vocabulary, as in {token:Ġatmosphere}.")
    return Token(entry)


_READERS: dict[str, Callable[[_Raw, _Raw | None], Part]] = {
    "mask": _read_plain("mask", Mask()),
    "demos": _read_plain("demos", Demonstrations()),
    "system": _read_plain("system", Turn("system")),
    "assistant": _read_plain("assistant", Turn("assistant")),
    "soft": _read_soft,
    "trigger": _read_trigger,
    "token": _read_token,
}


def _read_count(raw: _Raw) -> int:
    digits = raw.text.strip()
    if not _is_count(digits, most=MOST_PIECES):
        raise raw.error(f"found {shorten(digits, 20)!r}; expected a number from 1 to {MOST_PIECES:,}.")
    return int(digits)


def _is_count(text: str, *, most: int) -> bool:
    return _is_digits(text) and len(text) <= 9 and 1 <= int(text) <= most


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _error(template: str, at: int, message: str) -> TemplateError:
    line = template.count("\n", 0, at) + 1
    return TemplateError(message, line=line, column=at - template.rfind("\n", 0, at))
