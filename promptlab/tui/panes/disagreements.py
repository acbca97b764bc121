"""Disagreements pane: the rows on which the members do not all say the same, with each one's vote."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from promptlab.text import counted, shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.line_columns import Column, draw_cells, fit_columns
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.panes.lines import Lines
from promptlab.tui.panes.pane import Pane, leave
from promptlab.tui.shown import plain

_EMPTY = "Rows on which members disagree stand here, the most divided first."
_COLUMNS = (
    Column("mark", 1, rank=0),
    Column("votes", 18, rank=2, share=1),
    Column("label", 10, rank=3),
    Column("text", 20, rank=1, share=4),
)
_NAMES = {"mark": "", "votes": "votes", "label": "label", "text": "text"}
_MARKS: Mapping[bool | None, str] = {True: "✓", False: "✗", None: "·"}


class DisagreementsPane(Pane):
    """A list; below it the votes on the row under the cursor."""

    place = "disagreements"
    title = "Disagreements"
    inner = "LineList"
    HELP = """# Ensemble: disagreements

Rows on which the members do not all say the same, the most divided first; ✓ and ✗ say whether the ensemble is right.
Below the list stands who said what about the row under the cursor. `enter` opens it on the data screen.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("disagreements.open", "enter", "open", "Open", "Open the row on the data screen.", True),
        Action("disagreements.leave", "escape", "leave", "Leave", "From the list to the frame."),
    )

    class Opened(Message):
        """A row is wanted on the data screen."""

        def __init__(self, row: str) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[Mapping[str, Any]] = ()
        self._is_current = True

    def compose(self) -> ComposeResult:
        """The list, the votes, what stands there without rows."""
        yield LineList(self._draw)
        yield Lines("votes")
        yield Lines("empty")

    def on_mount(self) -> None:
        """Nothing yet."""
        self.show(None, is_current=True)

    def show(self, answer: Mapping[str, Any] | None, *, is_current: bool) -> None:
        """Show an answer's rows, the cursor on the row where it was."""
        lines, before = self.query_one(LineList), self.marked
        self.rows, self._is_current = (() if answer is None else answer["disagreements"]), is_current
        ids = [row["id"] for row in self.rows]
        lines.show(len(ids), ids.index(before["id"]) if before and before["id"] in ids else 0)
        lines.display = bool(ids)
        empty = _EMPTY if answer is None else "The members agree on every row."
        self.query_one("#empty", Lines).show([plain(empty)])
        self.query_one("#empty").display = not ids
        self.border_subtitle = plain(counted(len(ids), "row") if ids else "")
        self._show_votes()

    @property
    def marked(self) -> Mapping[str, Any] | None:
        """The row under the cursor."""
        at = self.query_one(LineList).cursor
        return self.rows[at] if 0 <= at < len(self.rows) else None

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Show the votes on this row."""
        self._show_votes()

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click opens."""
        self.action_open()

    def action_open(self) -> None:
        """Open the row; from the frame, go to the list first."""
        if self.marked is None or not self.query_one(LineList).has_focus:
            self.enter()
        else:
            self.post_message(self.Opened(str(self.marked["id"])))

    def action_leave(self) -> None:
        """To the frame."""
        leave(self.query_one(LineList))

    def _show_votes(self) -> None:
        row = self.marked
        votes = self.query_one("#votes", Lines)
        votes.show(() if row is None else _votes(row))
        votes.display = row is not None

    def _draw(self, at: int, width: int) -> Text:
        widths = fit_columns(_COLUMNS, width)
        if at < 0:
            return draw_cells(_NAMES, _COLUMNS, widths, styles={})
        row = self.rows[at]
        is_right = None if row["label"] is None else row["label"] == row["prediction"]
        cells = {
            "mark": _MARKS[is_right],
            "votes": " ".join(f"{shorten(label, 12)} {len(names)}" for label, names in by_label(row["votes"])),
            "label": str(row["label"]) if row["label"] is not None else "none",
            "text": str(row["text"]),
        }
        return draw_cells(cells, _COLUMNS, widths, styles={} if self._is_current else dict.fromkeys(cells, "dim"))


def by_label(votes: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Who voted for each label, the label with the most votes first."""
    found: dict[str, list[str]] = {}
    for name, label in votes.items():
        found.setdefault(label, []).append(name)
    return sorted(found.items(), key=lambda one: -len(one[1]))


def _votes(row: Mapping[str, Any]) -> list[Content]:
    head = f"label {row['label'] if row['label'] is not None else 'unknown'}, together {row['prediction']}"
    lines = [f"{shorten(label, 20)}: {', '.join(names)}" for label, names in by_label(row["votes"])]
    return [Content.styled(plain(head).plain, "bold"), *(plain(line) for line in lines)]
