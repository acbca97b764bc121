"""Found words: all that the sources found for a label, in one list; tick those that are to become label words."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Static

from promptlab.text import counted, shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.entry_line import EntryLine
from promptlab.tui.panes.expanding_pane import ExpandingPane
from promptlab.tui.panes.found_drawn import about_found, about_ticked, found_line, found_names, heading
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.shown import plain
from promptlab.tui.state.found_list import ORDERS

_EMPTY = "Nothing is found yet. Press 1 for the workbench, put the cursor on a label in Words, and press w."
_BY = {"effect": "by effect", "score": "by sources", "word": "by word", "prior": "by prior"}


class FoundPane(ExpandingPane):
    """The words that can be ticked, then those that were dropped, each with what speaks for it or against it."""

    place = "found"
    title = "Found words"
    HELP = """# Found words

What WordNet, the neighbours, the model's own words and your word lists hold for the label. `space` ticks a word, `a`
all that are shown, `enter` adds the ticked ones to the label as one edit (one `u` takes it back).

**effect** is by how many points the accuracy would change if this word alone were added, over the rows read so far;
**prior** the logarithm of how probable the model finds it. `/` filters by word, source or reason, `s` steps through the
orders, `.` sorts again. Dropped words stand at the end with the reason; `r` brings one back.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("found.tick", "space", "tick", "Tick", "Tick the word under the cursor, or no longer.", True),
        Action("found.accept", "enter", "accept", "Add ticked", "Add the ticked words to the label as one edit.", True),
        Action("found.all", "a", "tick_all", "Tick all", "Tick all words shown, or none of them."),
        Action("found.filter", "slash", "filter", "Filter", "Show words that hold a text, in themselves or in why."),
        Action("found.clear", "x", "clear", "Clear", "Show all words again."),
        Action("found.sort", "s", "sort", "Sort", "Step through the orders: effect, sources, word, prior."),
        Action("found.resort", "full_stop", "resort", "Sort again", "Sort by the newest effects."),
        Action("found.back", "r", "bring_back", "Bring back", "Bring back a word that was dropped."),
        Action("found.label", "l", "label", "Label", "Find words for another label."),
        Action("found.again", "f", "again", "Find again", "Ask the sources again."),
    )

    class Accept(Message):
        """The ticked words are to be added."""

    class OtherLabel(Message):
        """Words are to be found for another label."""

    def __init__(self) -> None:
        super().__init__()
        self.message = ""
        self._keys: list[str] = []  # a line each; "" is the heading of the dropped ones
        self._label: str | None = None

    def compose(self) -> ComposeResult:
        """The list, a line for the filter, what is under the cursor, what is ticked."""
        yield LineList(self._draw)
        yield Static(plain(_EMPTY), id="empty", markup=False)
        yield EntryLine()
        yield Static("", id="about", markup=False)
        yield Static("", id="ticked", markup=False)

    @property
    def at(self) -> str:
        """The key of the word under the cursor; empty on a heading."""
        cursor = self.lines.cursor
        return self._keys[cursor] if cursor < len(self._keys) else ""

    def on_screen(self) -> list[str]:
        """The keys of the words on the screen."""
        return [self._keys[at] for at in self.lines.seen() if at < len(self._keys) and self._keys[at]]

    def changed(self) -> None:
        """Draw anew, the cursor on its word."""
        expansion, at, cursor = self.expansion, self.at, self.lines.cursor
        found = expansion.found
        out = found.shown_left_out()
        self._keys = [*found.shown(), *(("", *out) if out else ())]
        if expansion.label != self._label or not expansion.is_touched:
            self._label, cursor = expansion.label, 0
        elif at in self._keys and at:
            cursor = self._keys.index(at)
        self.lines.show(len(self._keys), cursor)
        self.lines.display = bool(self._keys)
        empty = self.query_one("#empty", Static)
        empty.display = not self._keys
        empty.update(plain(self._empty()))
        self.border_subtitle = plain(self._counting())
        self._tell()

    def _empty(self) -> str:
        expansion = self.expansion
        if expansion.label is None:
            return _EMPTY
        if expansion.problem:
            return f"{expansion.problem} f asks again."
        if any(state.name == "looking" for state in expansion.sources.values()):
            return "Looking …"
        return "No word fits. x shows all." if expansion.found.words else "Nothing was found."

    def _counting(self) -> str:
        expansion, found = self.expansion, self.expansion.found
        if expansion.label is None:
            return ""
        shown, every = len(found.shown()), len(found.standing)
        parts = [counted(every, "word") if shown == every else f"{shown} of {counted(every, 'word')}"]
        parts.append(_BY[found.order] + ("" if found.is_sorted else ", . sorts again"))
        if expansion.n is not None:
            parts.append(f"effects over {counted(expansion.n, 'row')}")
        if found.query:
            parts.append(f"/ {shorten(found.query, 20)}")
        return " · ".join(parts)

    def _draw(self, at: int, width: int) -> Text:
        if at < 0:
            return found_names(width)
        if not (key := self._keys[at]):
            return heading("Dropped: r brings one back", width)
        found = self.expansion.found
        return found_line(found.words[key], is_ticked=key in found.ticks, width=width)

    def _tell(self) -> None:
        expansion, at = self.expansion, self.at
        about = self.message or (about_found(expansion.found.words[at], expansion.n) if at else "")
        if not about and expansion.notes:
            about = expansion.notes[0]
        self.query_one("#about", Static).update(plain(about))
        ticked = about_ticked(expansion.found.ticked(), expansion.label or "") if self._keys else ""
        self.query_one("#ticked", Static).update(plain(ticked))

    def say(self, message: str) -> None:
        """A sentence in the pane."""
        self.message = message
        self._tell()

    # -- messages and actions -------------------------------------------------------------------------------------

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Say what is known of the word there; from now on no word moves by itself."""
        self.expansion.is_touched = True
        self.say("")

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """Tick it."""
        self.action_tick()

    def on_entry_line_changed(self, event: EntryLine.Changed) -> None:
        """Show what fits as it is typed."""
        self.expansion.change(self.expansion.found.search(event.text))

    def on_entry_line_entered(self, event: EntryLine.Entered) -> None:
        """From the filter to the words."""
        self.query_one(EntryLine).close()
        self.enter()

    def on_entry_line_left(self, event: EntryLine.Left) -> None:
        """The filter stays."""
        self.query_one(EntryLine).close()

    def action_tick(self) -> None:
        """Tick the word, or no longer."""
        if self.at in self.expansion.found.left_out:
            self.say("This word was dropped. r brings it back; then it can be ticked.")
        elif self.at:
            self.expansion.is_touched, self.message = True, ""
            self.expansion.change(self.expansion.found.tick(self.at))

    def action_tick_all(self) -> None:
        """Tick all that are shown."""
        self.expansion.is_touched, self.message = True, ""
        self.expansion.change(self.expansion.found.tick_shown())

    def action_accept(self) -> None:
        """Add the ticked words; from the frame, go inside first."""
        if self.app.focused is self:
            self.enter()
        else:
            self.post_message(self.Accept())

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(EntryLine).ask("filter", "show words with:", self.expansion.found.query)

    def action_clear(self) -> None:
        """Show all words again."""
        self.expansion.change(self.expansion.found.search(""))

    def action_sort(self) -> None:
        """The next order."""
        found = self.expansion.found
        order = ORDERS[(ORDERS.index(found.order) + 1) % len(ORDERS)]
        self.expansion.change(found.sort(order))

    def action_resort(self) -> None:
        """Sort again."""
        self.expansion.change(self.expansion.found.sort())

    def action_bring_back(self) -> None:
        """Let a dropped word be ticked."""
        key = self.at
        if key not in self.expansion.found.left_out:
            self.say("This word was not dropped.")
            return
        self.expansion.is_touched = True
        self.expansion.change(self.expansion.found.bring_back(key))
        self.say(f"{shorten(self.expansion.found.words[key].text, 40)} stands among the words again: space ticks it.")
        self.post_message(self.BroughtBack())

    class BroughtBack(Message):
        """A word's effect is to be asked for."""

    def action_label(self) -> None:
        """Find words for another label."""
        self.post_message(self.OtherLabel())

    def action_again(self) -> None:
        """Ask the sources again."""
        self.owner.look()
