"""Column names that data sets usually have, most telling first, and how a name is compared with them."""

import re
from collections.abc import Iterable

TEXT = (
    *("text", "sentence", "review", "content", "body", "comment", "message", "tweet", "document", "passage"),
    *("utterance", "question", "query", "description", "premise", "sentence1", "texts", "sentences", "post", "input"),
    *("article", "ticket", "feedback", "abstract", "summary", "title", "headline", "subject"),
)
LABEL = ("label", "labels", "class", "category", "sentiment", "target", "gold_label", "gold", "intent", "topic")
# Names that also head columns of free numbers or texts: taken only when the column has few values.
PERHAPS_LABEL = (
    *("stars", "rating", "polarity", "emotion", "relation", "entailment", "type", "tag", "genre", "group", "answer"),
    *("score", "priority", "queue", "department", "status", "label_text", "label_name", "is_spam", "spam", "y"),
)
PAIRS = (
    *(("premise", "hypothesis"), ("sentence1", "sentence2"), ("sentence_1", "sentence_2"), ("text1", "text2")),
    *(("text_a", "text_b"), ("sentence_a", "sentence_b"), ("question1", "question2"), ("question", "sentence")),
    *(("passage", "question"), ("context", "question"), ("query", "document"), ("query", "passage"), ("s1", "s2")),
)
IDENTITY = ("id", "uid", "guid", "uuid", "row_id", "example_id", "_id")
_INDEX = re.compile(r"(unnamed: ?\d+(\.\d+)?|index|level_\d+|column\d+|)\Z")


def plain(name: str) -> str:
    """The name in small letters, words joined by underscores: ``Review Text`` and ``reviewText`` -> ``review_text``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.strip())
    return re.sub(r"[\s\-.]+", "_", spaced).lower()


def has_known_name(name: str) -> bool:
    """Whether a cell of a first row is a name that a column usually has."""
    known = {*TEXT, *LABEL, *PERHAPS_LABEL, *IDENTITY, "index", *(name for pair in PAIRS for name in pair)}
    return plain(name) in known or re.fullmatch(r"unnamed: ?\d+", name.strip().lower()) is not None


def may_be_index(name: str) -> bool:
    """Whether the name is one that a written-out row number gets: empty, ``Unnamed: 0``, ``index``."""
    return _INDEX.match(name.strip().lower()) is not None


def unique_names(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Stripped column names, each once, and a sentence for each that was changed.

    A nameless column becomes ``column3`` by its place, the second ``text`` becomes ``text (2)``.
    """
    unique: dict[str, None] = {}
    notes = []
    given = [name.strip() for name in names]
    for place, name in enumerate(given, start=1):
        chosen = name or f"column{place}"
        number = 2
        while chosen in unique or (chosen != name and chosen in given):
            chosen = f"{name or f'column{place}'} ({number})"
            number += 1
        unique[chosen] = None
        if name and chosen != name:
            notes.append(f"a second column {name!r} is called {chosen!r}")
    return tuple(unique), tuple(notes)
