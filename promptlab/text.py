"""Text shown to people and taken from data: safe for a terminal, counted in words, compared by nearness."""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C, 0x200E, 0x200F}
_INVISIBLE = {
    0x00AD,
    0x034F,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x180E,
    0x200B,
    0x2060,
    0x2061,
    0x2062,
    0x2063,
    0x2064,
    0x3164,
    0xFEFF,
    0xFFA0,
}
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\U000e0000-\U000e007f"
    + "".join(map(chr, sorted(_BIDI | _INVISIBLE)))
    + "]"
    # Joiners belong between two letters of scripts that join, or two pictures; elsewhere they swallow what follows.
    + "|(?<![\u0300-\U0010ffff])[\u200c\u200d]|[\u200c\u200d](?![\u0300-\U0010ffff])"
)


def safe_text(text: str, *, newlines: bool = False) -> str:
    """The text with every character that could drive a terminal replaced by a visible mark.

    Control characters become their Unicode pictures (``ESC`` -> ``␛``), C1 controls, bidirectional overrides,
    invisible characters and lone surrogates become ``‹U+202E›``. With ``newlines``, line breaks stay.
    """

    def mark(match: re.Match[str]) -> str:
        code = ord(match.group())
        if code == 0x0A and newlines:
            return "\n"
        if code < 0x20:
            return chr(0x2400 + code)
        return "␡" if code == 0x7F else f"‹U+{code:04X}›"

    return _UNSAFE.sub(mark, text)


def shorten(text: str, width: int) -> str:
    """The text on one line, safe for a terminal, cut to ``width`` characters with an ellipsis."""
    line = safe_text(" ".join(text.split()))
    return line if len(line) <= width else line[: max(width - 1, 0)].rstrip("\u200c\u200d") + "…"


def nearest(name: str, choices: Iterable[str]) -> str:
    """``" Did you mean 'x'?"`` for the choice closest to ``name``, or an empty string when none is close."""
    by_fold = {choice.casefold(): choice for choice in choices}
    found = difflib.get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6)
    return f" Did you mean {by_fold[found[0]]!r}?" if found else ""


def listed(items: Iterable[str], *, most: int = 8) -> str:
    """``a, b, c`` with ``and 5 more`` when there are more than ``most``."""
    names = list(items)
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def counted(n: int, noun: str, plural: str = "") -> str:
    """``1 row``, ``2 rows``, ``12,000 rows``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def size(n: float) -> str:
    """A number of bytes in kB, MB or GB (powers of 1000)."""
    for unit in ("B", "kB", "MB", "GB"):
        if n < 999.5 or unit == "GB":
            return f"{n:.0f} {unit}" if unit in ("B", "kB") or n >= 100 else f"{n:.1f} {unit}"
        n /= 1000
    raise AssertionError("unreachable")


def fold(text: str) -> str:
    """The form under which label names and words are compared: NFKC, case-folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


# Filters of the template language that need only the text; `limit` counts pieces and belongs to the model.
TEXT_FILTERS: Mapping[str, Callable[[str, str], str]] = {
    "lower": lambda text, _: text.lower(),
    "upper": lambda text, _: text.upper(),
    "lower_first": lambda text, _: text[:1].lower() + text[1:],
    "upper_first": lambda text, _: text[:1].upper() + text[1:],
    "drop_last": lambda text, _: text[:-1],
    "strip": lambda text, characters: text.strip(characters or None),
}
