"""How found words are drawn: a line for each, and what is said of the one under the cursor and of those ticked."""

from collections.abc import Sequence

from rich.text import Text

from promptlab.text import counted, shorten
from promptlab.tui.panes.line_columns import Column, draw_cells, fit_columns
from promptlab.tui.shown import cell, effect
from promptlab.tui.state.found_list import Found

COLUMNS = (
    Column("tick", 3, rank=0),
    Column("word", 12, rank=1, share=2),
    Column("effect", 7, rank=2, right=True),
    Column("prior", 6, rank=4, right=True),
    Column("pieces", 10, rank=6, share=1),
    Column("sources", 12, rank=5, share=1),
    Column("why", 14, rank=3, share=4),
)
OF_SOURCE = (
    Column("tick", 3, rank=0),
    Column("word", 10, rank=1, share=2),
    Column("effect", 7, rank=2, right=True),
    Column("why", 8, rank=3, share=3),
)
# How many effects stand in the line below.
_MOST = 6


def found_names(width: int, columns: Sequence[Column] = COLUMNS) -> Text:
    """The names of the columns."""
    names = {column.name: column.name for column in columns} | {"tick": ""}
    return draw_cells(names, columns, fit_columns(columns, width), styles={})


def found_line(one: Found, *, is_ticked: bool, width: int, columns: Sequence[Column] = COLUMNS) -> Text:
    """A word; a dropped one with the reason in the place of what recommends it."""
    is_out = bool(one.dropped) and not one.is_back
    cells = {
        "tick": "out" if is_out else "[x]" if is_ticked else "[ ]",
        "word": one.text,
        "effect": "" if is_out else effect(one.effect) if one.is_known else "…",
        "prior": "-" if one.prior is None else f"{one.prior:.1f}",
        "pieces": one.pieces[0] if len(one.pieces) == 1 else f"{len(one.pieces)}: {' '.join(one.pieces)}",
        "sources": " ".join(dict.fromkeys(name for name, _, _ in one.sources)),
        "why": one.dropped if is_out else one.problem or one.why,
    }
    if not one.pieces:
        cells["pieces"] = "-"
    line = draw_cells(cells, columns, fit_columns(columns, width), styles={"why": "dim", "sources": "dim"})
    line.stylize("dim" if is_out else "bold" if is_ticked else "")
    return line


def heading(text: str, width: int) -> Text:
    """A line between others."""
    return Text(cell(text, width).plain, "bold", no_wrap=True, end="")


def about_found(one: Found, n: int | None) -> str:
    """What is known of a word, in sentences."""
    if one.dropped and not one.is_back:
        return f"{shorten(one.text, 40)} was left out: {one.dropped}. r brings it back. {_sentence(one.why)}"
    if one.problem:
        said = one.problem
    elif one.effect is not None:
        rows = "" if n is None else f" ({counted(n, 'row')})"
        said = f"With {shorten(one.text, 40)}: accuracy {effect(one.effect)} points{rows}."
    else:
        said = "It must be read whole before its effect is known." if one.is_known else "Its effect is being asked."
    back = f" Brought back, it was left out: {one.dropped}." if one.is_back else ""
    return f"{said}{back} {_sentence(one.why)}"


def about_ticked(ticked: Sequence[Found], label: str) -> str:
    """The ticked words with what each would change alone: what they do together is known once they are words."""
    if not ticked:
        return "space ticks a word, a all that are shown, enter adds the ticked ones"
    alone = ", ".join(effect(one.effect) if one.is_known else "…" for one in ticked[:_MOST])
    more = f" and {len(ticked) - _MOST} more" if len(ticked) > _MOST else ""
    return (
        f"{len(ticked)} ticked, each alone: {alone}{more}. "
        f"enter adds {'it' if len(ticked) == 1 else 'them'} to {shorten(label, 30)} as one edit"
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
