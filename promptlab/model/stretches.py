"""Runs of text into stretches of pieces that know which field each piece comes from; data in them is never obeyed.

Text is tokenized in whole runs between slots, so that pieces come out as the model was trained to see them. The space
at the end of a run belongs to the answer and is dropped, unless a chat format wrote it.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from promptlab.model.tokens import Tokens, owners
from promptlab.task import Example
from promptlab.template import Run, Span, fill_run


@dataclass(frozen=True, slots=True)
class Stretch:
    """Pieces between two cuts of a template; those of a run know their characters and the spans they come from."""

    ids: Sequence[int]
    places: Sequence[tuple[int, int]] = ()
    spans: Sequence[Span] = ()
    soft: Sequence[int] = ()
    is_mark: bool = False

    def owners(self) -> list[int | None]:
        """For each piece the number of the field span that owns it, or None for the template's own text.

        A piece that a field shares with a chat format before it (two newlines, say) belongs to the format.
        """
        if not self.spans:
            return []
        ends = list(accumulate(len(span.text) for span in self.spans))
        controls = [end for span, end in zip(self.spans, ends, strict=True) if span.control]
        found: list[int | None] = []
        for owner, (start, end) in zip(owners(self.places, ends), self.places, strict=True):
            is_shared = bisect_right(controls, start) < bisect_right(controls, end - 1)
            found.append(owner if self.spans[owner].field and not is_shared else None)
        return found

    def keep(self, kept: Sequence[int]) -> "Stretch":
        """The pieces at some places only."""
        return replace(self, ids=[self.ids[at] for at in kept], places=[self.places[at] for at in kept])


def encode_run(
    tokens: Tokens, run: Run, examples: Sequence[Example], *, first: bool, tags: re.Pattern[str] | None
) -> list[Stretch]:
    """The run on each example, fields within their own limits; ``first`` where it opens the prompt.

    ``tags`` are turn marks in plain text that no data may hold. Raises TemplateError for a field that is not there.
    """
    spans = [fill_run(run, example.fields) for example in examples]
    if tags is not None:
        spans = [_broken(row, tags) for row in spans]
    texts = [_without_end(row, tokens.blanks) for row in spans]
    runs = zip(tokens.encode_runs(texts, first=first), spans, strict=True)
    return [_limited(_plain(tokens, Stretch(ids, places, row))) for (ids, places), row in runs]


def _without_end(spans: Sequence[Span], blanks: str) -> str:
    """The text without the blanks at its end that no chat format wrote."""
    text = "".join(span.text for span in spans)
    last = max((place for place, span in enumerate(spans) if span.control), default=-1)
    kept = sum(len(span.text) for span in spans[: last + 1])
    return text[:kept] + text[kept:].rstrip(blanks)


def _broken(spans: tuple[Span, ...], tags: re.Pattern[str]) -> tuple[Span, ...]:
    """The spans with a space in every tag of the chat format that data has a part in: it cannot forge a turn."""
    found = list(spans)
    for tag in reversed(list(tags.finditer("".join(span.text for span in spans)))):
        end = 0
        for place, span in enumerate(spans):
            start, end = end, end + len(span.text)
            if span.data and start < tag.end() and tag.start() < end:
                at, text = max(tag.start() + 1 - start, 0), found[place].text
                found[place] = replace(span, text=f"{text[:at]} {text[at:]}")
                break
    return tuple(found)


def _plain(tokens: Tokens, stretch: Stretch) -> Stretch:
    """The stretch with every special piece that data had a part in spelled out: data is never obeyed.

    Looking at pieces catches what a search of the text would not: a name that two fields make together, or one that
    the tokenizer's normaliser makes of other characters.
    """
    if tokens.special.isdisjoint(stretch.ids):
        return stretch
    ends = list(accumulate(len(span.text) for span in stretch.spans))
    data = [(end - len(span.text), end) for span, end in zip(stretch.spans, ends, strict=True) if span.data]
    text = "".join(span.text for span in stretch.spans)
    ids: list[int] = []
    places: list[tuple[int, int]] = []
    for piece, (start, end) in zip(stretch.ids, stretch.places, strict=True):
        spelled: tuple[int, ...] = (piece,)
        if piece in tokens.special:
            begin, finish = _without_blanks(text, start, end)
            if any(first < finish and begin < last for first, last in data):
                spelled = tokens.spelled_out(piece)
        ids += spelled
        places += [(start, end)] * len(spelled)
    return replace(stretch, ids=ids, places=places)


def _without_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    """Where a piece's own name stands: some special pieces take the blanks beside them, which data may have written."""
    name = text[start:end].strip()
    at = text.find(name, start) if name else start
    return at, at + len(name) if name else end


def _limited(stretch: Stretch) -> Stretch:
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
