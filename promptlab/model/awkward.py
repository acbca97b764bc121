"""Which label words a model can say in one piece, which it cannot, and what to do about those."""

from collections import defaultdict
from dataclasses import dataclass

from promptlab.model.language_model import LanguageModel
from promptlab.template import Template
from promptlab.text import counted
from promptlab.verbalizer import LabelWords, Word


@dataclass(frozen=True, slots=True)
class SpeltWord:
    """A label word as a model writes it: its pieces as ids and as the vocabulary spells them, and what is awkward.

    With several slots the pieces of all slots stand one after the other.
    """

    label: str
    word: Word
    ids: tuple[int, ...]
    entries: tuple[str, ...]
    problems: tuple[str, ...] = ()


def spell_words(lm: LanguageModel, template: Template, words: LabelWords) -> list[SpeltWord]:
    """Every label word at the template's slots, with its problems in words, each with a remedy."""
    spelling = lm.spelling(template)
    rows = []
    firsts: dict[tuple[int, ...], list[tuple[str, Word]]] = defaultdict(list)
    for label in words.labels:
        for word in words.active(label):
            pieces = spelling.word(word)
            firsts[tuple(slot[0] for slot in pieces)].append((label, word))
            rows.append((label, word, pieces))
    spelt = []
    for label, word, pieces in rows:
        problems = _unknown(lm, word, pieces)
        if not problems and words.pieces != "whole" and not lm.is_whole_only(template):
            problems = _split(lm, template, words, word, pieces)
            if words.pieces == "first":
                problems += _shared(firsts[tuple(slot[0] for slot in pieces)], label, word)
        ids = tuple(piece for slot in pieces for piece in slot)
        spelt.append(SpeltWord(label, word, ids, tuple(map(lm.tokens.entry, ids)), tuple(problems)))
    return spelt


def _unknown(lm: LanguageModel, word: Word, pieces: tuple[tuple[int, ...], ...]) -> list[str]:
    unknown = lm.tokens.tokenizer.unk_token_id
    if unknown is not None and any(unknown in slot for slot in pieces):
        return [f"{str(word)!r} is unknown to this model: its vocabulary has no pieces for it. Use another word."]
    return []


def _split(
    lm: LanguageModel, template: Template, words: LabelWords, word: Word, pieces: tuple[tuple[int, ...], ...]
) -> list[str]:
    longest = max(pieces, key=len)
    if len(longest) == 1:
        return []
    found = f"{str(word)!r} is {counted(len(longest), 'piece')} ({' '.join(map(lm.tokens.entry, longest))})"
    text = word.text if isinstance(word.text, str) else word.text[0]
    opens = lm.spelling(template).leads[0].kind == "start" and longest == pieces[0]
    if opens and len(lm.tokens.after(" " + text)) < len(longest):
        return [f"{found} at the start of the prompt: put a space before {{mask}}."]
    if words.pieces != "first":
        return []
    first = lm.tokens.entry(longest[0])
    return [f'{found}, and only the first, {first!r}, is scored: use pieces = "whole" or a word of one piece.']


def _shared(same_first: list[tuple[str, Word]], label: str, word: Word) -> list[str]:
    others = [other for other_label, other in same_first if other_label != label]
    if others:
        return [
            f"{str(word)!r} begins with the same piece as {str(others[0])!r} of another label: they get the same score."
        ]
    return []
