"""Templates and examples into rows of pieces: stretches between slots, truncated where fields are, never elsewhere."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from promptlab.errors import ModelError, TemplateError
from promptlab.model.chat import ChatFormat
from promptlab.model.stretches import Stretch, encode_run
from promptlab.model.tokens import Tokens
from promptlab.task import Example
from promptlab.template import (
    Demonstration,
    Demonstrations,
    Mask,
    Run,
    Soft,
    Template,
    Token,
    Trigger,
    Turn,
    layout,
    with_demonstrations,
)
from promptlab.text import counted, nearest, shorten

# Part of every cache key: raise it when the same template and text give other pieces than before.
ENCODER_VERSION = 2
_FieldAt = tuple[int, int]  # stretch, span


@dataclass(frozen=True, slots=True)
class Frame:
    """What a family puts around and into a prompt: ``before`` and ``after`` it, and ``marks``, one a slot."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    marks: tuple[tuple[int, ...], ...]
    limit: int

    def room(self) -> int:
        """How many pieces of text fit beside the frame and the marks."""
        return self.limit - len(self.before) - len(self.after) - sum(map(len, self.marks))


@dataclass(frozen=True, slots=True)
class Prompt:
    """One encoded example: ``ids`` with frame and marks, where each mark starts, soft rows (1-based, 0 = none).

    ``cut`` counts the pieces removed from each field, ``dropped`` the demonstrations that did not fit.
    """

    ids: tuple[int, ...]
    marks: tuple[int, ...]
    soft: tuple[int, ...] | None = None
    cut: Mapping[str, int] = field(default_factory=dict)
    dropped: int = 0


def encode(
    tokens: Tokens,
    frame: Frame,
    template: Template,
    examples: Sequence[Example],
    *,
    demonstrations: Sequence[Demonstration] = (),
    chat: ChatFormat | None = None,
) -> list[Prompt]:
    """Prompts for the examples, each at most ``frame.limit`` pieces; ``chat`` writes out a template's turns.

    Demonstrations that do not fit are dropped whole, oldest first; then fields lose pieces as ``template.truncate``
    says. Raises ModelError when the template's own text alone is too long, TemplateError for an unknown entry.
    """
    prompts = _encode_all(tokens, frame, template, examples, demonstrations, chat)
    if not demonstrations:
        return prompts
    tight = [row for row, prompt in enumerate(prompts) if prompt.cut or len(prompt.ids) > frame.limit]
    short = [examples[row] for row in tight]
    fewer = encode(tokens, frame, template, short, demonstrations=demonstrations[1:], chat=chat)
    for row, prompt in zip(tight, fewer, strict=True):
        prompts[row] = replace(prompt, dropped=prompt.dropped + 1)
    return prompts


def soft_count(tokens: Tokens, template: Template) -> int:
    """S: how many soft vectors the template names."""
    return _SoftParts(tokens, with_demonstrations(template, ())).count


def encode_stretches(
    tokens: Tokens, frame: Frame, template: Template, example: Example, *, chat: ChatFormat | None = None
) -> list[Stretch]:
    """What ``encode`` puts between the frame's ends for one example without demonstrations, a stretch a cut."""
    (row,) = _stretches(tokens, frame, template, [example], (), chat)
    return _fitted(frame, template, list(row), droppable=False)[0]


def _encode_all(
    tokens: Tokens,
    frame: Frame,
    template: Template,
    examples: Sequence[Example],
    demonstrations: Sequence[Demonstration],
    chat: ChatFormat | None,
) -> list[Prompt]:
    rows = _stretches(tokens, frame, template, examples, demonstrations, chat)
    return [_assemble(frame, template, list(row), droppable=bool(demonstrations)) for row in rows]


def _stretches(
    tokens: Tokens,
    frame: Frame,
    template: Template,
    examples: Sequence[Example],
    demonstrations: Sequence[Demonstration],
    chat: ChatFormat | None,
) -> Iterator[tuple[Stretch, ...]]:
    """Each example's stretches, nothing cut yet."""
    filled = with_demonstrations(template, demonstrations)
    soft = _SoftParts(tokens, filled)
    written, tags = filled, None
    if chat is not None and template.turns():
        written = chat.write(filled)
        tags = chat.tags(written)
    segments = layout(written.parts)
    columns: list[list[Stretch]] = []
    marks = iter(frame.marks)
    for place, segment in enumerate(segments):
        if isinstance(segment, Run):
            columns.append(encode_run(tokens, segment, examples, first=place == 0, tags=tags))
        elif isinstance(segment, Mask):
            columns.append([Stretch(list(next(marks)), is_mark=True)] * len(examples))
        else:
            columns.append([_fixed(tokens, segment, soft)] * len(examples))
    return zip(*columns, strict=True) if columns else iter([()] * len(examples))


def _fixed(tokens: Tokens, segment: Soft | Trigger | Token | Demonstrations | Turn, soft: "_SoftParts") -> Stretch:
    assert not isinstance(segment, Demonstrations | Turn), "written out before encoding"
    if isinstance(segment, Token):
        return Stretch([_entry(tokens, segment)])
    if isinstance(segment, Trigger):
        start = tokens.tokenizer.mask_token_id
        piece = start if start is not None else tokens.after(" the")[0]
        return Stretch([piece] * segment.count)
    return soft.of(segment)


def _entry(tokens: Tokens, part: Token) -> int:
    piece = tokens.id_of(part.entry)
    if piece is None:
        hint = nearest(part.entry, tokens.tokenizer.get_vocab())
        raise TemplateError(f"This model's vocabulary has no entry {part.entry!r} ({{token:{part.entry}}}).{hint}")
    return piece


def _soft_start(tokens: Tokens, part: Soft, *, first: bool) -> Sequence[int]:
    """The pieces that untrained soft vectors start from: those of the words given, else some of the vocabulary."""
    if part.init:
        return tokens.ids(part.init) if first else tokens.after(" " + part.init)
    ordinary = sorted(set(range(min(len(tokens), 5000))) - set(tokens.tokenizer.all_special_ids))
    return random.Random(f"{part.name}/{part.count}").choices(ordinary, k=part.count)


class _SoftParts:
    """Which rows of the soft matrix each soft part uses, and what they start from; parts of one name share both.

    ``count`` is S, the number of rows. Raises TemplateError for a name that stands for different numbers of vectors.
    """

    def __init__(self, tokens: Tokens, template: Template) -> None:
        self.count = 0
        self._named: dict[object, tuple[Soft, Stretch]] = {}
        has_turns = bool(template.turns())
        for place, part in enumerate(template.parts):
            if not isinstance(part, Soft):
                continue
            first, stretch = self._named.get(_soft_key(part), (None, None))
            if stretch is None:
                pieces = _soft_start(tokens, part, first=place == 0 and not has_turns)
                stretch = Stretch(pieces, soft=range(self.count + 1, self.count + len(pieces) + 1))
                self.count += len(pieces)
                self._named[_soft_key(part)] = part, stretch
            elif part != first and (wanted := len(_soft_start(tokens, part, first=False))) != len(stretch.ids):
                raise TemplateError(
                    f"The soft vectors named {part.name!r} are {len(stretch.ids)} in one place and {wanted} in "
                    "another. Give them one number."
                )

    def of(self, part: Soft) -> Stretch:
        """The part's pieces and rows."""
        return self._named[_soft_key(part)][1]


def _soft_key(part: Soft) -> object:
    """Parts without a name are told apart by identity: demonstrations repeat the template's own part."""
    return part.name or id(part)


def _fitted(
    frame: Frame, template: Template, row: list[Stretch], *, droppable: bool
) -> tuple[list[Stretch], dict[str, int]]:
    """The stretches cut to the frame's room, and how many pieces each field lost."""
    excess = sum(len(stretch.ids) for stretch in row if not stretch.is_mark) - frame.room()
    return _truncate(row, template, excess, frame, droppable=droppable) if excess > 0 else (row, {})


def _assemble(frame: Frame, template: Template, row: list[Stretch], *, droppable: bool) -> Prompt:
    row, cut = _fitted(frame, template, row, droppable=droppable)
    ids, soft, marks = list(frame.before), [0] * len(frame.before), []
    for stretch in row:
        if stretch.is_mark:
            marks.append(len(ids))
        ids += stretch.ids
        soft += stretch.soft or [0] * len(stretch.ids)
    ids += frame.after
    soft += [0] * len(frame.after)
    return Prompt(tuple(ids), tuple(marks), tuple(soft) if any(soft) else None, cut)


def _truncate(
    row: list[Stretch], template: Template, excess: int, frame: Frame, *, droppable: bool
) -> tuple[list[Stretch], dict[str, int]]:
    """The row without ``excess`` pieces of its fields, and how many each field lost."""
    pieces: dict[_FieldAt, list[int]] = {}  # where each field stands -> places of its pieces in that stretch
    for place, stretch in enumerate(row):
        for at, owner in enumerate(stretch.owners()):
            if owner is not None:
                pieces.setdefault((place, owner), []).append(at)
    shortenable = sum(map(len, pieces.values()))
    if shortenable < excess and not droppable:
        own = excess + frame.room() - shortenable
        raise ModelError(
            f"The template's own text is {counted(own, 'piece')}, and the model has room for {frame.room()} beside its "
            f"special pieces and slots: shorten {shorten(str(template), 60)!r}."
        )
    gone: dict[int, set[int]] = {}
    cut: Counter[str] = Counter()
    for (place, owner), lost in _shares(pieces, template.truncate, excess).items():
        places = pieces[place, owner]
        gone.setdefault(place, set()).update(
            places[:lost] if template.truncate == "head" else places[len(places) - lost :]
        )
        cut[row[place].spans[owner].field] += lost
    for place, lost_places in gone.items():
        row[place] = row[place].keep([at for at in range(len(row[place].ids)) if at not in lost_places])
    return row, dict(cut)


def _shares(pieces: Mapping[_FieldAt, Sequence[int]], truncate: str, excess: int) -> dict[_FieldAt, int]:
    """How many pieces each field loses: from the last on (tail), the first on (head), or the longest (balanced)."""
    left = {field_at: len(places) for field_at, places in pieces.items()}
    lost = dict.fromkeys(left, 0)
    if truncate == "balanced":
        for _ in range(min(excess, sum(left.values()))):
            longest = max(reversed(left), key=lambda field_at: left[field_at] - lost[field_at])
            lost[longest] += 1
    else:
        for field_at in left if truncate == "head" else reversed(left):
            lost[field_at] = min(excess, left[field_at])
            excess -= lost[field_at]
    return {field_at: count for field_at, count in lost.items() if count}
