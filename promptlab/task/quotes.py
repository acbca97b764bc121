"""Where a row's last quotation mark opens and closes in a delimited file: the line that an error can name."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_DOUBLED = re.compile(r'[^"]*(?:""[^"]*)*')
_ESCAPED = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Quote:
    """The lines, from 1, in which a cell's quotation marks open and close; 0 where there is none."""

    opened: int = 0
    closed: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the cell has a quotation mark that is not closed."""
        return self.opened > 0 and not self.closed


def last_quote(lines: Iterable[str], *, row: int, delimiter: str, is_escaped: bool) -> Quote:
    """The quotation marks of the last cell of a row, numbered from 1, the header included and blank lines not.

    A mark opens at the start of a cell only; inside, it is written twice, or after a backslash when ``is_escaped``.
    """
    inside = _ESCAPED if is_escaped else _DOUBLED
    cell, rows = Quote(), 0
    for number, line in enumerate(lines, start=1):
        if not cell.is_open:
            if not line.strip("\r\n"):
                continue
            rows += 1
            if rows > row:
                break
        cell = _at_end(line, number, cell, delimiter=delimiter, inside=inside)
    return cell


def _at_end(line: str, number: int, cell: Quote, *, delimiter: str, inside: re.Pattern[str]) -> Quote:
    """The last cell of a line that starts a row, or goes on with ``cell`` when that is open."""
    place = 0
    is_new = not cell.is_open
    while True:
        if is_new:
            cell = Quote(number) if line.startswith('"', place) else Quote()
            place += cell.is_open
        if cell.is_open:
            text = inside.match(line, place)
            place = text.end() if text else place
            if place >= len(line):
                return cell
            cell, place = Quote(cell.opened, number), place + 1
        place = line.find(delimiter, place) + 1
        if not place:
            return cell
        is_new = True
