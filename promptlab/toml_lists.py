"""A list in a TOML file edited as text: items that stay keep their form, their comments and their lines."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

# Width of the lines into which a new list is wrapped.
_WIDTH = 100
_INDENT = "    "
_TOKENS = re.compile(
    r'"""[\s\S]*?"""'
    r"|'''[\s\S]*?'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'|#[^\n]*|[\[{]|[\]}]|,|[^\S\n]+|\n|[^\s\"'#\[\]{},]+"
)


@dataclass(frozen=True)
class _Item:
    """An item as it stands: blanks, lines and comments before it, its own text, and the comment behind it."""

    before: str
    text: str
    behind: str = ""


@dataclass(frozen=True)
class _Listing:
    """A list taken apart; ``end`` stands between its last item and the closing bracket."""

    items: tuple[_Item, ...]
    end: str
    has_last_comma: bool

    def start_of(self, number: int) -> str:
        """What stands before an item that is new at this place: a line's beginning, or a blank in one line."""
        starts = [item.before for item in self.items if "\n" in item.before]
        if starts:
            return "\n" + starts[0].rpartition("\n")[2]
        return " " if number else self.items[0].before if self.items else ""


def new_list(values: Sequence[Any], write: Callable[[Any], str]) -> str:
    """A list in one line where that fits, else wrapped; one item a line where items are tables."""
    texts = [write(value) for value in values]
    line = f"[{', '.join(texts)}]"
    has_tables = any(isinstance(value, Mapping) for value in values)
    if len(line) <= _WIDTH - 20 and not (has_tables and len(values) > 1):
        return line
    lines: list[str] = []
    for text in texts:
        if not has_tables and lines and len(lines[-1]) + len(text) + 2 <= _WIDTH:
            lines[-1] += f" {text},"
        else:
            lines.append(f"{_INDENT}{text},")
    return "\n".join(["[", *lines, "]"])


def edit_list(
    text: str,
    old: Sequence[Any],
    new: Sequence[Any],
    *,
    write: Callable[[Any], str],
    name: Callable[[Any], object],
    same: Callable[[Any, Any], bool],
) -> str:
    """The text of the list ``old`` changed to hold ``new``.

    Items with one ``name`` are one item, which keeps its comments and, where it is the ``same``, its text. A comment
    on a line of its own stays when the item below it goes.
    """
    listing = _take_apart(text)
    assert len(listing.items) == len(old)
    waiting: dict[object, list[int]] = {}
    for place, value in enumerate(old):
        waiting.setdefault(name(value), []).append(place)
    found: list[tuple[int | None, _Item]] = []
    for value in new:
        places = waiting.get(name(value))
        if places:
            place = places.pop(0)
            item = listing.items[place]
            found.append((place, item if same(old[place], value) else replace(item, text=write(value))))
        else:
            found.append((None, _Item("", write(value))))
    whole = _put_together(listing, found)
    is_too_long = "\n" not in text and len(whole) > _WIDTH
    return new_list(new, write) if is_too_long else whole


def _take_apart(text: str) -> _Listing:
    """Where items begin and end; the text is that of a valid list."""
    items: list[_Item] = []
    before, own, behind, depth = "", "", "", 0
    after_comma = False
    for token in _TOKENS.findall(text.strip()[1:-1]):
        is_blank = token.isspace() or token.startswith("#")
        if depth == 0 and token == ",":
            items.append(_Item(before, own, behind if "#" in behind else ""))
            before, own, behind, after_comma = "", "", "", True
        elif own and (depth or not is_blank):
            own += behind + token
            behind = ""
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token, 0)
        elif own:
            behind += token
        elif is_blank:
            before += token
            if after_comma and token.startswith("#") and "\n" not in before:
                items[-1], before = replace(items[-1], behind=items[-1].behind + before), ""
        else:
            own = token
            depth = 1 if token in "[{" else 0
    if not own:
        return _Listing(tuple(items), before, has_last_comma=bool(items))
    line, newline, rest = behind.partition("\n")
    if "#" not in line:
        line, newline, rest = "", "", behind
    return _Listing((*items, _Item(before, own, line)), newline + rest, has_last_comma=False)


def _put_together(listing: _Listing, found: Sequence[tuple[int | None, _Item]]) -> str:
    """The items in their new order, with the comments that stood above items that went."""
    left = _left_behind(listing, {place for place, _ in found})
    text, previous, is_commented = "", -1, False
    for number, (place, item) in enumerate(found):
        is_moved = place is None or place != previous + 1
        before = listing.start_of(number) if is_moved and "\n" not in item.before else item.before
        before = left.get(place, "") + before if place is not None else before
        comma = "," if number < len(found) - 1 or listing.has_last_comma else ""
        text += (_on_new_line(before) if is_commented else before) + item.text + comma + item.behind
        previous, is_commented = -1 if place is None else place, "#" in item.behind
    end = left.get(len(listing.items), "") + listing.end
    if is_commented:
        end = _on_new_line(end)
    return f"[{text}{end}]" if "#" not in end.rpartition("\n")[2] else f"[{text}{end}\n]"


def _on_new_line(text: str) -> str:
    return text if text.lstrip(" \t\r").startswith("\n") else "\n" + text


def _left_behind(listing: _Listing, kept: set[int | None]) -> dict[int, str]:
    """Comments on lines of their own above items that went, by the place of what follows them."""
    left: dict[int, str] = {}
    carried = ""
    for place, item in enumerate(listing.items):
        if place not in kept:
            carried += item.before.rstrip() if "#" in item.before else ""
        elif carried:
            left[place], carried = carried, ""
    return left | ({len(listing.items): carried} if carried else {})
