"""Source words: what one source found, by its own ranks, and why it has nothing where it has nothing."""

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from promptlab.text import counted, listed, shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.expanding_pane import ExpandingPane
from promptlab.tui.panes.found_drawn import OF_SOURCE, found_line, found_names
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.shown import plain
from promptlab.tui.state.found_list import Found

if TYPE_CHECKING:
    from promptlab.tui.expanding import Expansion


def source_said(expansion: "Expansion", source: str) -> str:
    """How far a source is, in a line."""
    state, found = expansion.sources[source], expansion.found.of_source(source)
    if expansion.label is None or state.name == "waiting":
        return ""
    if state.name == "looking":
        return state.said or "waits for its turn …"
    if state.name == "failed":
        return f"✗ {state.said or 'Nothing came of this source.'}"
    return " ".join(filter(None, [f"{counted(len(found), 'word')}.", state.said]))


class SourcePane(ExpandingPane):
    """The words of one source."""

    place = "source"
    title = "Source"
    source: ClassVar[str] = ""
    HELP = """# A source

What this source alone found for the label, best first. `space` ticks a word here too.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("source.tick", "space", "tick", "Tick", "Tick the word under the cursor, or no longer.", True),
    )

    def __init__(self) -> None:
        super().__init__()
        self._found: tuple[Found, ...] = ()

    def compose(self) -> ComposeResult:
        """What the source says, and its words."""
        yield Static("", id="said", markup=False)
        yield LineList(self._draw)

    def changed(self) -> None:
        """Draw anew."""
        self._found = self.expansion.found.of_source(self.source)
        self.query_one("#said", Static).update(plain(self.said()))
        self.lines.show(len(self._found), self.lines.cursor)

    def said(self) -> str:
        """What stands above the words."""
        return source_said(self.expansion, self.source)

    def _draw(self, at: int, width: int) -> Text:
        if at < 0:
            return found_names(width, OF_SOURCE)
        one, ticks = self._found[at], self.expansion.found.ticks
        return found_line(one, is_ticked=one.key in ticks, width=width, columns=OF_SOURCE)

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """Tick it."""
        self.action_tick()

    def action_tick(self) -> None:
        """Tick the word, or no longer."""
        if self.lines.cursor < len(self._found):
            self.expansion.is_touched = True
            self.expansion.change(self.expansion.found.tick(self._found[self.lines.cursor].key))


class NeighboursPane(SourcePane):
    """Words near the label's in a space of vectors."""

    title = "Neighbours"
    source = "neighbours"


class ModelPane(SourcePane):
    """Words that the model itself says on the rows that the label's words win."""

    title = "The model's own words"
    source = "model"

    def said(self) -> str:
        """With what it says most, whatever the label."""
        most = listed((shorten(word, 20) for word, _ in self.expansion.likeliest), most=5)
        return super().said() + (f" It says most on all rows: {most}." if most else "")
