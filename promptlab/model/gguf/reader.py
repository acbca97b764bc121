"""Walking through the bytes of a GGUF header: bounds are checked before every step, long lists are passed over."""

import struct
from collections.abc import Collection
from typing import NamedTuple

Scalar = str | int | float | bool
Value = Scalar | tuple[Scalar, ...]

_FORMATS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_SHORT = 1024
_LONGEST = 10_000_000  # ten times the largest vocabulary


class Cut(ValueError):
    """The bytes end before the header does."""


class Entry(NamedTuple):
    """A key with its value, None for a list that was passed over, and where its bytes begin and end."""

    key: str
    value: Value | None
    start: int
    end: int


class Reader:
    """Little-endian values from ``content``, from the place ``at`` on; Cut or ValueError for what cannot be one."""

    def __init__(self, content: memoryview, at: int = 0) -> None:
        self._content, self.at = content, at

    def numbers(self, form: str, count: int = 1) -> tuple[Scalar, ...]:
        """``count`` numbers of one of struct's forms."""
        size = struct.calcsize(f"<{form}") * count
        if size > len(self._content) - self.at:
            raise Cut("the header ends early")
        found = struct.unpack_from(f"<{count}{form}", self._content, self.at)
        self.at += size
        return found

    def whole(self, form: str) -> int:
        """One whole number."""
        return int(self.numbers(form)[0])

    def text(self) -> str:
        """A text behind its length."""
        length = self.whole("Q")
        self._need(length)
        self.at += length
        return bytes(self._content[self.at - length : self.at]).decode("utf-8", errors="replace")

    def entry(self, wanted_lists: Collection[str]) -> Entry:
        """The next key and value; a list is read when it is wanted or short."""
        start = self.at
        key = self.text()
        kind = self.whole("I")
        value = self._list(is_wanted=key in wanted_lists) if kind == _LIST else self._scalar(kind)
        return Entry(key, value, start, self.at)

    def _scalar(self, kind: int) -> Scalar:
        if kind == _TEXT:
            return self.text()
        if kind not in _FORMATS:
            raise ValueError(f"an unknown kind of value ({kind})")
        return self.numbers(_FORMATS[kind])[0]

    def _list(self, *, is_wanted: bool) -> tuple[Scalar, ...] | None:
        kind, count = self.whole("I"), self.whole("Q")
        is_wanted = is_wanted or count <= _SHORT
        if is_wanted and count > _LONGEST:
            raise ValueError(f"a list of {count:,} values")
        if kind == _TEXT:
            self._need(8 * count)
            if is_wanted:
                return tuple(self.text() for _ in range(count))
            for _ in range(count):
                self._pass(self.whole("Q"))
            return None
        if kind not in _FORMATS:
            raise ValueError(f"a list of an unknown kind ({kind})")
        if is_wanted:
            return self.numbers(_FORMATS[kind], count)
        self._pass(struct.calcsize(_FORMATS[kind]) * count)
        return None

    def _need(self, size: int) -> None:
        if size > len(self._content) - self.at:
            raise Cut("the header ends early")

    def _pass(self, size: int) -> None:
        self._need(size)
        self.at += size
