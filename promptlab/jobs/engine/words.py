"""``words`` and ``what_if``: each label word's pieces, prior and worth, and what further words would change."""

from collections.abc import Iterable, Sequence
from typing import Any

from promptlab.errors import ConfigError
from promptlab.jobs.engine.asked import calibration_of, fitted_words
from promptlab.jobs.engine.effects import Seen, see
from promptlab.jobs.engine.held import Held, Say
from promptlab.jobs.wire import Request
from promptlab.model.awkward import spell_words
from promptlab.template import Template
from promptlab.text import counted, fold, nearest, shorten
from promptlab.verbalizer import LabelWords, Word

_WARNINGS = 20


def words(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """Every label word with its pieces, its prior over the rows read, and what would change without it.

    ``removed`` is None for a word that does not count, for a label's only one, and where words are not scored yet.
    """
    reading = held.current(request)
    seen = see(reading, fitted_words(request, reading), calibration_of(request, reading))
    problems, removed = _problems(seen, reading.template), seen.removed()
    table: dict[str, list[dict[str, Any]]] = {}
    for label, row in seen.words.words.items():
        table[label] = [
            {
                "word": str(word),
                "pieces": seen.pieces(word)[0],
                "prior": prior,
                "removed": removed.get((label, str(word))) if word in seen.words.active(label) else None,
                "problems": problems[label, str(word)],
            }
            for word, prior in zip(row, seen.priors(row), strict=True)
        ]
    return {"words": table, "warnings": _warnings(seen, problems.values()), "n": seen.n}


def what_if(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """By how much the accuracy on the rows read changes if each word asked for were added to its label.

    ``effect`` is None for a word that has to be read whole first, and for one that cannot be added (``problem``).
    """
    reading = held.current(request)
    seen = see(reading, fitted_words(request, reading), calibration_of(request, reading))
    asked = {label: list(map(_word, listing)) for label, listing in request.fields["add"].items()}
    for label in asked:
        if label not in seen.words.labels:
            raise ConfigError(f"There is no label {label!r}.{nearest(label, seen.words.labels)}")
    obstacles = {(label, str(word)): seen.obstacle(label, word) for label, row in asked.items() for word in row}
    free = {label: [word for word in row if not obstacles[label, str(word)]] for label, row in asked.items()}
    changes = seen.added(free)
    table = {
        label: {
            str(word): {
                "effect": changes.get((label, str(word))),
                "pieces": seen.pieces(word)[0],
                "prior": prior,
                "problem": obstacles[label, str(word)],
            }
            for word, prior in zip(row, seen.priors(row), strict=True)
        }
        for label, row in asked.items()
    }
    unread = sum(not seen.is_scored(word) for row in free.values() for word in row) if seen.readout is not None else 0
    told = [f"{counted(unread, 'word')} must be read whole: add one to see what it changes."] if unread else []
    return {"effects": table, "n": seen.n, "notes": [*seen.notes, *told]}


def _problems(seen: Seen, template: Template) -> dict[tuple[str, str], list[str]]:
    """What is awkward about each word, in sentences."""
    problems: dict[tuple[str, str], list[str]] = {}
    writable: dict[str, tuple[Word, ...]] = {}
    for label, row in seen.words.words.items():
        reasons = {str(word): seen.pieces(word)[1] for word in row}
        problems |= {(label, text): [reason] if reason else [] for text, reason in reasons.items()}
        writable[label] = tuple(word for word in row if not reasons[str(word)])
    for one in spell_words(seen.lm, template, LabelWords(writable, seen.words.pieces)):
        problems[one.label, str(one.word)] += one.problems
    for label, word, other in _shared(seen.words):
        problems[label, str(word)].append(f"{shorten(str(word), 40)!r} is a word of {other!r} too: keep it under one.")
    return problems


def _shared(words: LabelWords) -> list[tuple[str, Word, str]]:
    """Words that count under two labels, each with its label and another that has it."""
    owners: dict[str, list[str]] = {}
    for label in words.labels:
        for word in words.active(label):
            owners.setdefault(fold(str(word)), []).append(label)
    return [
        (label, word, other)
        for label in words.labels
        for word in words.active(label)
        for other in owners[fold(str(word))][:2]
        if other != label
    ]


def _warnings(seen: Seen, problems: Iterable[list[str]]) -> list[str]:
    """What holds of the whole table, then the words' problems, each once."""
    told = [seen.problem] if seen.problem else []
    return list(dict.fromkeys([*told, *(sentence for listing in problems for sentence in listing)]))[:_WARNINGS]


def _word(given: str | Sequence[str]) -> Word:
    """A word as it is typed, or one text a slot."""
    return Word(given if isinstance(given, str) else tuple(given))
