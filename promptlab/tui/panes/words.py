"""Words pane: every label's words with their pieces, priors and worth; each key changes them in the same frame."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from promptlab.errors import ConfigError
from promptlab.text import shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.entry_line import EntryLine
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.panes.word_menu import menu_of, moves_of
from promptlab.tui.panes.words_table import NO_TASK, WordsTable
from promptlab.tui.screens.choose import Choose
from promptlab.tui.state import word_changes
from promptlab.tui.state.typed_words import words_line
from promptlab.tui.state.word_changes import Change, Edit
from promptlab.tui.state.word_lines import WordLine
from promptlab.verbalizer import LabelWords

_STEP = 0.1


class WordsPane(WordsTable):
    """The keys of the table; what is typed goes to the label under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *declare(
            Action("words.add", "i,a", "add", "Add", "Type words for the label under the cursor.", True),
            Action("words.expand", "w", "expand", "Expand", "Find more words for the label.", True),
            Action("words.remove", "d,delete", "remove", "Remove", "Remove the word under the cursor."),
            Action("words.toggle", "space", "switch", "On or off", "Switch the word off, or on again."),
            Action("words.heavier", "plus", "weigh_by(1)", "Heavier", "Raise the word's weight by 0.1."),
            Action("words.lighter", "minus", "weigh_by(-1)", "Lighter", "Lower the word's weight by 0.1."),
            Action("words.weight", "equals_sign", "weigh", "Weight", "Type a weight for the word."),
            Action("words.line", "e", "line", "Edit as a line", "Edit all words of the label as one line."),
            Action(
                "words.menu", "m,enter", "menu", "Menu", "Everything that can be done with the word, and how all count."
            ),
            Action("words.undo", "u", "undo", "Undo", "Take the last edit of the words back."),
            Action("words.redo", "U", "redo", "Redo", "Do the edit that was taken back again."),
        ),
        Binding("down,j", "step(1)", show=False),
        Binding("up,k", "step(-1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._unsent = ""  # what was being typed when the line was left

    # -- messages -------------------------------------------------------------------------------------------------

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Say what is known of the word there."""
        self._say("")

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """What can be done there."""
        self.action_menu()

    def on_entry_line_entered(self, event: EntryLine.Entered) -> None:
        """Do what was typed; a refusal leaves it there."""
        purpose, _, label = event.purpose.partition(":")
        slots, done = self._slots, True
        if purpose == "add" and event.text.strip():
            if self._edit(lambda words: word_changes.added(words, label, event.text, slots=slots)):
                self._go_on_adding()
            return
        if purpose == "line":
            done = self._edit(lambda words: word_changes.written(words, label, event.text, slots=slots))
        elif purpose == "weight" and event.text.strip():
            done = self._edit(lambda words: word_changes.weighed(words, self._word_at(), event.text))
        if done:
            self.query_one(EntryLine).close()
            self.enter()

    def _go_on_adding(self) -> None:
        """The line stays for the next word, to the label that the last one went to."""
        self._unsent = ""
        if self.at is not None:
            self.query_one(EntryLine).ask(f"add:{self.at.label}", _adding(self.at.label), placeholder="esc leaves")
            self._say(f"{shorten(str(self.at.word), 40)!r} is a word of {shorten(self.at.label, 30)!r} now.")

    def on_entry_line_left(self, event: EntryLine.Left) -> None:
        """What was typed of a new word is there the next time."""
        entry = self.query_one(EntryLine)
        self._unsent = entry.text if entry.purpose.startswith("add:") else ""
        entry.close()
        self._say("")

    # -- edits ----------------------------------------------------------------------------------------------------

    def _edit(self, edit: Edit) -> bool:
        """Make an edit; whether it could be made: what cannot be done is said."""
        old = self.desk.session.words
        if old is None:
            return False
        try:
            change = edit(old)
        except ConfigError as error:
            self._say(str(error))
            return False
        self.message, self._going = "", change.at
        if (change.words.words, change.words.pieces, change.words.combine) != (old.words, old.pieces, old.combine):
            self.desk.edit_words(change.words, change.what)  # heard at once
        self._going = None
        self._tell()
        return True

    def _word_at(self) -> WordLine:
        if self.at is None or self.at.word is None:
            raise ConfigError("Put the cursor on a word first.")
        return self.at

    @property
    def _slots(self) -> int | None:
        template, _ = self.desk.parsed
        return template.slots() if template else None

    # -- actions --------------------------------------------------------------------------------------------------

    def action_step(self, step: int) -> None:
        """From the frame into the table."""
        self.enter()
        self.query_one(LineList).action_move(step)

    def action_add(self) -> None:
        """Type words for the label under the cursor."""
        if self.at is None:
            self._say(NO_TASK)
            return
        example = "word, word   word=0.5   label: word"
        self.query_one(EntryLine).ask(f"add:{self.at.label}", _adding(self.at.label), self._unsent, placeholder=example)

    def action_line(self) -> None:
        """Edit the label's words as one line."""
        if self.at is None or self.desk.session.words is None:
            return
        row = [word for word in self.desk.session.words.words[self.at.label] if word.on]
        self.query_one(EntryLine).ask(f"line:{self.at.label}", f"{shorten(self.at.label, 20)}:", words_line(row))

    def action_remove(self) -> None:
        """Remove the word."""
        self._edit(lambda words: word_changes.removed(words, self._word_at()))

    def action_switch(self) -> None:
        """Switch the word off or on."""
        self._edit(lambda words: word_changes.toggled(words, self._word_at()))

    def action_weigh_by(self, steps: int) -> None:
        """A step heavier or lighter."""
        self._edit(lambda words: word_changes.weighed_by(words, self._word_at(), steps * _STEP))

    def action_weigh(self) -> None:
        """Type a weight."""
        try:
            word = self._word_at().word
        except ConfigError as error:
            self._say(str(error))
            return
        assert word is not None
        self.query_one(EntryLine).ask("weight", f"weight of {shorten(str(word), 20)}:", f"{word.weight:g}")

    def action_undo(self) -> None:
        """Take the last edit back."""
        what = self.desk.undo_words()
        self._say(f"Taken back: {what}." if what else "There is nothing to take back.")

    def action_redo(self) -> None:
        """Do it again."""
        what = self.desk.redo_words()
        self._say(f"Done again: {what}." if what else "There is nothing to do again.")

    async def action_expand(self) -> None:
        """Go and find more words for the label."""
        label = self.at.label if self.at is not None else None
        await self.app.switch_mode("expand")
        show = getattr(self.app.screen, "show", None)
        if show is not None and label is not None:
            show(label)

    def action_menu(self) -> None:
        """Everything that can be done with the word under the cursor; from the frame, go there first."""
        if self.app.focused is self:
            self.enter()
            return
        words = self.desk.session.words
        if words is None or self.at is None:
            self._say(NO_TASK)
            return
        named = shorten(str(self.at.word) if self.at.word else self.at.label, 40)
        self.app.push_screen(Choose(named, menu_of(words, self.at), ""), self._chosen)

    def _chosen(self, value: str | None) -> None:
        """Do what was chosen in the menu."""
        words, at = self.desk.session.words, self.at
        what, _, how = (value or "").partition(":")
        if not what or words is None or at is None:
            return
        if what == "move" and not how:
            self.app.push_screen(Choose(f"Move {shorten(str(at.word), 30)} to", moves_of(words, at), ""), self._chosen)
        elif what in ("move", "combine", "pieces"):
            self._edit(lambda words: self._changed_by(words, what, how))
        else:
            self.call_later(self.run_action, what)

    def _changed_by(self, words: LabelWords, what: str, how: str) -> Change:
        if what == "move":
            return word_changes.moved(words, self._word_at(), how)
        return word_changes.combined(words, how) if what == "combine" else word_changes.pieced(words, how)


def _adding(label: str) -> str:
    return f"add to {shorten(label, 30)}:"
