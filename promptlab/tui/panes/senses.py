"""Senses: what WordNet knows the label's words to mean; tick the senses that are meant, or leave all."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Static

from promptlab.text import counted, shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.expanding_pane import ExpandingPane
from promptlab.tui.panes.found_drawn import heading
from promptlab.tui.panes.line_columns import Column, draw_cells, fit_columns
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.panes.source_words import source_said
from promptlab.tui.shown import plain

_COLUMNS = (
    Column("tick", 3, rank=0),
    Column("part", 4, rank=2),
    Column("sense", 14, rank=1, share=1),
)
_PARTS = {"adjective": "adj.", "adverb": "adv.", "noun": "noun", "verb": "verb"}


class SensesPane(ExpandingPane):
    """The senses of each of the label's words with their glosses."""

    place = "senses"
    title = "WordNet"
    HELP = """# WordNet

The senses of the label's words. Words are found from all of them; tick the ones that are meant (`space`) and only
those are followed.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("senses.tick", "space", "tick", "Sense", "Follow only the ticked senses.", True),
    )

    class Chosen(Message):
        """Other senses are ticked."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[str, str, str, str]] = []  # name of the sense ("": a heading), part, gloss, lemmas

    def compose(self) -> ComposeResult:
        """What the source says, and the senses."""
        yield Static("", id="said", markup=False)
        yield LineList(self._draw)
        yield Static("", id="about", markup=False)

    def changed(self) -> None:
        """Draw anew."""
        expansion = self.expansion
        self._lines = []
        problems = list(dict.fromkeys(one.problem for one in expansion.senses if one.problem))
        for one in expansion.senses:
            if one.senses:
                self._lines.append(("", one.word, "", ""))
                self._lines += [
                    (sense["name"], sense["part"], sense["gloss"], ", ".join(sense["lemmas"])) for sense in one.senses
                ]
        said = source_said(expansion, "wordnet")
        self.query_one("#said", Static).update(plain("\n".join(dict.fromkeys([said, *problems])), newlines=True))
        self.lines.show(len(self._lines), self.lines.cursor)
        chosen = len(expansion.chosen)
        self.border_subtitle = plain(f"{counted(chosen, 'sense')} followed" if chosen else "all senses followed")
        self._tell()

    def _draw(self, at: int, width: int) -> Text:
        if at < 0:
            return draw_cells({"part": "", "sense": "sense"}, _COLUMNS, fit_columns(_COLUMNS, width), styles={})
        name, part, gloss, lemmas = self._lines[at]
        if not name:
            return heading(part, width)
        tick = "[x]" if name in self.expansion.chosen else "[ ]"
        cells = {"tick": tick, "part": _PARTS.get(part, part), "sense": f"{gloss} ({lemmas})"}
        return draw_cells(cells, _COLUMNS, fit_columns(_COLUMNS, width), styles={"part": "dim"})

    def _tell(self) -> None:
        at = self.lines.cursor
        name, _, gloss, lemmas = self._lines[at] if at < len(self._lines) else ("", "", "", "")
        self.query_one("#about", Static).update(plain(f"{shorten(lemmas, 80)}: {gloss}" if name else ""))

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Show the gloss in full."""
        self._tell()

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """Tick it."""
        self.action_tick()

    def action_tick(self) -> None:
        """Follow the sense, or no longer."""
        at = self.lines.cursor
        if at < len(self._lines) and (name := self._lines[at][0]):
            self.expansion.choose_sense(name)
            self.post_message(self.Chosen())
