"""A template and one example's fields into text: runs between cuts, filled; demonstrations written in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from promptlab.errors import TemplateError
from promptlab.template.check import unknown_field
from promptlab.template.parts import (
    Control,
    Demonstrations,
    Field,
    Mask,
    Part,
    Soft,
    Template,
    Text,
    Token,
    Trigger,
    Turn,
)
from promptlab.text import TEXT_FILTERS, counted

SEPARATOR = "\n\n"  # between demonstrations: contextual calibration (Zhao et al., 2021), released code
Demonstration = tuple[Mapping[str, str], tuple[str, ...]]  # solved: its fields, and its answer, one string a slot


@dataclass(frozen=True, slots=True)
class Span:
    """Filled text and where it comes from.

    ``field`` names the field that it may be cut from, and is empty for text that is never cut. ``limit`` is the most
    pieces that are kept of it. ``data`` says that a special piece's name in it is plain text, ``control`` that a chat
    format writes it.
    """

    text: str
    field: str = ""
    limit: int | None = None
    data: bool = False
    control: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring texts, fields and stretches of a chat format: what is tokenized in one piece."""

    parts: tuple[Text | Field | Control, ...]


Segment = Run | Mask | Soft | Trigger | Token | Demonstrations | Turn


def layout(parts: Sequence[Part]) -> tuple[Segment, ...]:
    """The parts with neighbouring texts, fields and stretches of a chat format grouped into runs."""
    segments: list[Segment] = []
    for part in parts:
        if not isinstance(part, Text | Field | Control):
            segments.append(part)
        elif segments and isinstance(segments[-1], Run):
            segments[-1] = Run((*segments[-1].parts, part))
        else:
            segments.append(Run((part,)))
    return tuple(segments)


def fill_run(run: Run, fields: Mapping[str, str]) -> tuple[Span, ...]:
    """One span a part, fields filtered; raises TemplateError for a field that is not there."""
    spans = [_fill(part, fields) for part in run.parts]
    for place, part in enumerate(run.parts):
        if isinstance(part, Control):
            _strip_beside(spans, place, part)
    return tuple(spans)


def _fill(part: Text | Field | Control, fields: Mapping[str, str]) -> Span:
    if isinstance(part, Field):
        return _fill_field(part, fields)
    is_control = isinstance(part, Control)
    return Span(part.text, data=isinstance(part, Text) and part.data, control=is_control)


def _strip_beside(spans: list[Span], place: int, control: Control) -> None:
    """Take the blanks from the ends of the messages beside a control, through spans that are nothing else."""
    sides = (
        (control.strips_before, range(place - 1, -1, -1), str.rstrip),
        (control.strips_after, range(place + 1, len(spans)), str.lstrip),
    )
    for is_asked, beside, strip in sides:
        for at in beside if is_asked else ():
            if spans[at].control:
                break
            spans[at] = replace(spans[at], text=strip(spans[at].text))
            if spans[at].text:
                break


def _fill_field(part: Field, fields: Mapping[str, str]) -> Span:
    if part.name not in fields:
        raise TemplateError(unknown_field(part.name, fields))
    text, limits = fields[part.name], []
    for change in part.filters:
        if change.name == "limit":
            limits.append(int(change.argument))
        else:
            text = TEXT_FILTERS[change.name](text, change.argument)
    return Span(text, part.name, min(limits, default=None), data=True)


def with_demonstrations(template: Template, demonstrations: Sequence[Demonstration]) -> Template:
    """The template with ``{demos}`` replaced by solved examples, or by nothing when there are none.

    Each is written with the side of ``{demos}`` that has the fields and slots (so that an instruction on the other
    side stands once), or with the whole template when both have; its masks hold the answer. One blank line separates
    them from each other and from the rest; in a template with turns each is two messages. A ``limit`` filter counts
    pieces and does not apply here: filled-in text is never cut. Raises TemplateError when the template has no
    ``{demos}`` or another number of slots than an answer.
    """
    if Demonstrations() not in template.parts:
        if demonstrations:
            raise TemplateError("The template has no place for demonstrations; write {demos} where they go.")
        return template
    if demonstrations and template.turns():
        return _with_turns(template, demonstrations)
    place = template.parts.index(Demonstrations())
    before, after = template.parts[:place], _without_blank(template.parts[:place], template.parts[place + 1 :])
    if not demonstrations:
        return replace(template, parts=_merged([*before, *after]))
    pattern = before + after
    if _is_fixed(before) or _is_fixed(after):
        pattern = after if _is_fixed(before) else before
    solved = [_solve(pattern, fields, answer) for fields, answer in demonstrations]
    gap = Text(SEPARATOR)
    written = [part for one in solved for part in ((*one, gap) if after else (gap, *one))]
    return replace(template, parts=_merged([*before, *written, *after]))


def _with_turns(template: Template, demonstrations: Sequence[Demonstration]) -> Template:
    """Each demonstration as two messages, in the words of the user's message and the reply.

    A beginning of the user's message without a field, before ``{demos}``, stands once: in the first of them.
    """
    system, rest = _split(template.parts, Turn("system"))
    user, reply = _split(rest, Turn("assistant"))
    opening, question = _split(user, Demonstrations())
    question = _without_blank(opening, question)
    if not _is_fixed(opening):
        opening, question = (), (*opening, *question)
    written: list[Part] = [*system, *([Turn("system")] if Turn("system") in template.parts else []), *opening]
    for fields, answer in demonstrations:
        solved = _solve((*question, Turn("assistant"), *reply), fields, answer)
        written += [*solved, Turn("user")]
    return replace(template, parts=_merged([*written, *question, Turn("assistant"), *reply]))


def _split(parts: tuple[Part, ...], border: Part) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The parts before and behind a border; nothing before one that is not there."""
    if border not in parts:
        return (), parts
    place = parts.index(border)
    return parts[:place], parts[place + 1 :]


def _without_blank(before: Sequence[Part], after: tuple[Part, ...]) -> tuple[Part, ...]:
    """``after`` without its first space or newline, where ``{demos}`` stood at the start or behind another blank."""
    last = before[-1] if before and not isinstance(before[-1], Turn) else Text("\n")
    if isinstance(last, Text) and last.text[-1:].isspace() and after and isinstance(after[0], Text):
        first = after[0].text
        return (Text(first[1:]), *after[1:]) if first[:1] in (" ", "\n") else after
    return after


def _is_fixed(parts: Sequence[Part]) -> bool:
    return not any(isinstance(part, Field | Mask) for part in parts)


def _solve(pattern: Sequence[Part], fields: Mapping[str, str], answer: tuple[str, ...]) -> list[Part]:
    slots = sum(isinstance(part, Mask) for part in pattern)
    if slots != len(answer):
        raise TemplateError(
            f"The template has {counted(slots, 'slot')} beside {{demos}}, and a demonstration's answer has "
            f"{counted(len(answer), 'string')}."
        )
    answers = iter(answer)
    solved: list[Part] = []
    for part in pattern:
        if isinstance(part, Field):
            solved.append(Text(_fill_field(part, fields).text, data=True))
        else:
            solved.append(Text(next(answers), data=True) if isinstance(part, Mask) else part)
    return solved


def _merged(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with neighbouring texts of one kind joined and empty ones left out."""
    merged: list[Part] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, Text) and isinstance(last, Text) and last.data == part.data:
            merged[-1] = Text(last.text + part.text, part.data)
        elif not isinstance(part, Text) or part.text:
            merged.append(part)
    return tuple(merged)
