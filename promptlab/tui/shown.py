"""How text and numbers are shown: the one place where text from outside becomes something that a widget takes."""

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.content import Content
from textual.widgets import Static

from promptlab.results.wording import points
from promptlab.text import safe_text, shorten


def plain(text: object, *, newlines: bool = False) -> Content:
    """Text from anywhere as content: markup in it is text, and what could drive a terminal is marked."""
    return Content(safe_text(str(text), newlines=newlines))


def put(place: Static, content: Content, *, layout: bool = True) -> None:
    """Show this in a widget, unless it stands there: each update lays the whole screen out anew (``layout``)."""
    old = place.content
    if not (isinstance(old, Content) and old.is_same(content)):
        place.update(content, layout=layout)


def cell(text: object, width: int = 200) -> Text:
    """Text from anywhere as a cell of a table or a node of a tree: one line, at most ``width`` characters."""
    return Text(shorten(str(text)[: width * 8], width), no_wrap=True, end="")


def in_cells(text: str, width: int) -> str:
    """Text on one line in at most ``width`` cells, with an ellipsis where it is cut; accents take no cell."""
    line = shorten(text[: width * 8], width * 4)
    return line if cell_len(line) <= width else set_cell_size(line, max(width - 1, 0)).rstrip() + "…"


def in_place(text: str) -> str:
    """Text as an editor shows it: each character that could drive a terminal is a sign of one place."""
    return text if safe_text(text) == text else "".join(map(_sign, text))


def number(value: float | None, digits: int = 3) -> Text:
    """A number as a cell, right-aligned; a dash without one."""
    return Text("-" if value is None else f"{value:.{digits}f}", justify="right", no_wrap=True, end="")


def effect(value: float | None) -> str:
    """A change of accuracy in points with its sign and an arrow, so that it reads without colour."""
    if value is None:
        return "-"
    arrow = "▲" if value > 0 else "▼" if value < 0 else "="
    return f"{arrow} {points(value)}"


def _sign(letter: str) -> str:
    shown = safe_text(letter)
    return shown if len(shown) == 1 else "\N{REPLACEMENT CHARACTER}"
