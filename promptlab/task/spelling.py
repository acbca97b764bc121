"""Whether one label looks like another one mistyped: how both are compared, and how few letters part them."""

import re

from promptlab.text import fold

_SHORT = 4  # letters: fewer make too many words out of one another
_LONG = 7  # letters from which on two slips in a label leave it recognisable


def squeezed(label: str) -> str:
    """The label in small letters without spaces."""
    return fold(label).replace(" ", "")


def spaced(label: str) -> str:
    """The label in small letters, punctuation as spaces; a short label and a number keep theirs (``C#``, ``-1``)."""
    words = " ".join(re.findall(r"[^\W_]+", fold(label)))
    bare = words.replace(" ", "")
    return squeezed(label) if len(bare) < _SHORT or bare.isdigit() else words


def is_misspelt(one: str, two: str) -> bool:
    """Whether one or two slips make one label of the other, both as ``spaced`` gives them.

    Labels that differ in a short word or a number (``type a`` and ``type b``, ``level10`` and ``level11``) are meant
    to, and so are those with another first letter, where slips are rare and opposites common (typical, atypical).
    """
    if one == two or min(len(one), len(two)) < _SHORT or one[0] != two[0]:
        return False
    if re.sub(r"\d", "", one) == re.sub(r"\d", "", two) or _differ_in_short_words(one.split(), two.split()):
        return False
    most = 2 if max(len(one), len(two)) >= _LONG else 1
    return abs(len(one) - len(two)) <= most and edits(one, two) <= most


def _differ_in_short_words(one: list[str], two: list[str]) -> bool:
    if len(one) != len(two):
        return False
    return any(a != b and min(len(a), len(b)) < _SHORT for a, b in zip(one, two, strict=True))


def edits(one: str, two: str) -> int:
    """The fewest letters put in, left out, replaced or swapped with the next that make ``two`` of ``one``.

    Optimal string alignment: Damerau and Levenshtein's distance in which no part is changed twice.
    """
    before: list[int] = []
    last = list(range(len(two) + 1))
    for row, letter in enumerate(one, start=1):
        now = [row]
        for column, wanted in enumerate(two, start=1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == two[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        before, last = last, now
    return last[-1]
