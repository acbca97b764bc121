"""Templates and examples into rows of pieces: runs between slots, truncated where fields are, never elsewhere.

Text is tokenized in whole runs between slots, so that pieces come out as the model was trained to see them. The space
at the end of a run belongs to the answer and is dropped.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from promptlab.errors import ModelError, TemplateError
from promptlab.model.tokens import Tokens, owners
from promptlab.task import Example
from promptlab.template import (
    Demonstrations,
    Mask,
    Run,
    Soft,
    Span,
    Template,
    Token,
    Trigger,
    fill_run,
    layout,
    with_demonstrations,
)
from promptlab.text import counted, nearest, shorten

# Part of every cache key: raise it when the same template and text give other pieces than before.
ENCODER_VERSION = 1
_FieldAt = tuple[int, int]  # stretch, span
Demonstration = tuple[Mapping[str, str], tuple[str, ...]]


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


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Pieces between two cuts of a template; those of a run know their characters and the spans they come from."""

    ids: Sequence[int]
    places: Sequence[tuple[int, int]] = ()
    spans: Sequence[Span] = ()
    soft: Sequence[int] = ()
    is_mark: bool = False

    def owners(self) -> list[int | None]:
        """For each piece the number of the field span that owns it, or None for the template's own text."""
        if not self.spans:
            return []
        ends = list(accumulate(len(span.text) for span in self.spans))
        return [owner if self.spans[owner].field else None for owner in owners(self.places, ends)]

    def keep(self, kept: Sequence[int]) -> "_Stretch":
        """The pieces at some places only."""
        return replace(self, ids=[self.ids[at] for at in kept], places=[self.places[at] for at in kept])


def encode(
    tokens: Tokens,
    frame: Frame,
    template: Template,
    examples: Sequence[Example],
    *,
    demonstrations: Sequence[Demonstration] = (),
) -> list[Prompt]:
    """Prompts for the examples, each at most ``frame.limit`` pieces.

    Demonstrations that do not fit are dropped whole, oldest first; then fields lose pieces as ``template.truncate``
    says. Raises ModelError when the template's own text alone is too long, TemplateError for an unknown entry.
    """
    prompts = _encode_all(tokens, frame, template, examples, demonstrations)
    if not demonstrations:
        return prompts
    tight = [row for row, prompt in enumerate(prompts) if prompt.cut or len(prompt.ids) > frame.limit]
    fewer = encode(tokens, frame, template, [examples[row] for row in tight], demonstrations=demonstrations[1:])
    for row, prompt in zip(tight, fewer, strict=True):
        prompts[row] = replace(prompt, dropped=prompt.dropped + 1)
    return prompts


def soft_count(tokens: Tokens, template: Template) -> int:
    """S: how many soft vectors the template names."""
    return _SoftParts(tokens, with_demonstrations(template, ())).count


def _encode_all(
    tokens: Tokens,
    frame: Frame,
    template: Template,
    examples: Sequence[Example],
    demonstrations: Sequence[Demonstration],
) -> list[Prompt]:
    filled = with_demonstrations(template, demonstrations)
    segments = layout(filled.parts)
    soft = _SoftParts(tokens, filled)
    columns: list[list[_Stretch]] = []
    marks = iter(frame.marks)
    for place, segment in enumerate(segments):
        if isinstance(segment, Run):
            columns.append(_encode_run(tokens, segment, examples, first=place == 0))
        elif isinstance(segment, Mask):
            columns.append([_Stretch(list(next(marks)), is_mark=True)] * len(examples))
        else:
            columns.append([_fixed(tokens, segment, soft)] * len(examples))
    rows = zip(*columns, strict=True) if columns else iter([()] * len(examples))
    return [_assemble(frame, filled, list(row), droppable=bool(demonstrations)) for row in rows]


def _encode_run(tokens: Tokens, run: Run, examples: Sequence[Example], *, first: bool) -> list[_Stretch]:
    spans = [fill_run(run, example.fields) for example in examples]
    texts = ["".join(span.text for span in row).rstrip(tokens.blanks) for row in spans]
    runs = zip(tokens.encode_runs(texts, first=first), spans, strict=True)
    return [_limited(_plain(tokens, _Stretch(ids, places, row))) for (ids, places), row in runs]


def _plain(tokens: Tokens, stretch: _Stretch) -> _Stretch:
    """The stretch with every special piece that data had a part in spelled out: data is never obeyed.

    Looking at pieces catches what a search of the text would not: a name that two fields make together, or one that
    the tokenizer's normaliser makes of other characters.
    """
    if tokens.special.isdisjoint(stretch.ids):
        return stretch
    ends = list(accumulate(len(span.text) for span in stretch.spans))
    data = [(end - len(span.text), end) for span, end in zip(stretch.spans, ends, strict=True) if span.data]
    ids: list[int] = []
    places: list[tuple[int, int]] = []
    for piece, (start, end) in zip(stretch.ids, stretch.places, strict=True):
        is_data = any(first < end and start < last for first, last in data)
        spelled = tokens.spelled_out(piece) if piece in tokens.special and is_data else (piece,)
        ids += spelled
        places += [(start, end)] * len(spelled)
    return replace(stretch, ids=ids, places=places)


def _limited(stretch: _Stretch) -> _Stretch:
    """The stretch without the pieces that a field has beyond its own limit."""
    if all(span.limit is None for span in stretch.spans):
        return stretch
    seen: Counter[int] = Counter()
    kept = []
    for at, owner in enumerate(stretch.owners()):
        if owner is not None:
            seen[owner] += 1
            limit = stretch.spans[owner].limit
            if limit is not None and seen[owner] > limit:
                continue
        kept.append(at)
    return stretch.keep(kept)


def _fixed(tokens: Tokens, segment: Soft | Trigger | Token | Demonstrations, soft: "_SoftParts") -> _Stretch:
    assert not isinstance(segment, Demonstrations), "demonstrations are filled in before encoding"
    if isinstance(segment, Token):
        return _Stretch([_entry(tokens, segment)])
    if isinstance(segment, Trigger):
        start = tokens.tokenizer.mask_token_id
        piece = start if start is not None else tokens.after(" the")[0]
        return _Stretch([piece] * segment.count)
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
        self._named: dict[object, tuple[Soft, _Stretch]] = {}
        for place, part in enumerate(template.parts):
            if not isinstance(part, Soft):
                continue
            first, stretch = self._named.get(_soft_key(part), (None, None))
            if stretch is None:
                pieces = _soft_start(tokens, part, first=place == 0)
                stretch = _Stretch(pieces, soft=range(self.count + 1, self.count + len(pieces) + 1))
                self.count += len(pieces)
                self._named[_soft_key(part)] = part, stretch
            elif part != first and (wanted := len(_soft_start(tokens, part, first=False))) != len(stretch.ids):
                raise TemplateError(
                    f"The soft vectors named {part.name!r} are {len(stretch.ids)} in one place and {wanted} in "
                    "another. Give them one number."
                )

    def of(self, part: Soft) -> _Stretch:
        """The part's pieces and rows."""
        return self._named[_soft_key(part)][1]


def _soft_key(part: Soft) -> object:
    """Parts without a name are told apart by identity: demonstrations repeat the template's own part."""
    return part.name or id(part)


def _assemble(frame: Frame, template: Template, row: list[_Stretch], *, droppable: bool) -> Prompt:
    excess = sum(len(stretch.ids) for stretch in row if not stretch.is_mark) - frame.room()
    cut: dict[str, int] = {}
    if excess > 0:
        row, cut = _truncate(row, template, excess, frame, droppable=droppable)
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
    row: list[_Stretch], template: Template, excess: int, frame: Frame, *, droppable: bool
) -> tuple[list[_Stretch], dict[str, int]]:
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
