"""Words pane: every label's words with their pieces, priors and worth; each key changes them in the same frame."""

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Static

from promptlab.errors import ConfigError
from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import counted, shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.entry_line import EntryLine
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.panes.pane import Pane
from promptlab.tui.panes.word_menu import menu_of, moves_of
from promptlab.tui.panes.words_drawn import about_word, label_line, names_line, word_line
from promptlab.tui.screens.choose import Choose
from promptlab.tui.shown import plain
from promptlab.tui.state import word_changes
from promptlab.tui.state.typed_words import words_line
from promptlab.tui.state.word_changes import Change, Edit
from promptlab.tui.state.word_facts import WordFacts
from promptlab.tui.state.word_lines import WordLine, find_line, lines_of
from promptlab.verbalizer import LabelWords

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

_NO_TASK = "No table is open. Press ctrl+o to open one."
_KEYS = "i add · d remove · space on or off · + - = weight · e edit as a line · m menu · w find more · u undo"
# Seconds without an edit after which the engine is asked about the words.
_SETTLED = 0.15
_STEP = 0.1


class WordsPane(Pane):
    """The table of label words; what is typed goes to the label under the cursor."""

    place = "words"
    title = "Words"
    inner = "LineList"
    HELP = """# Label words

The words that stand for each label: the model's probability of them decides between the labels. Every edit counts at
once, without reading the rows again.

Type words with `i`: `great, superb` or `superb=0.5` with a weight, and `negative: awful` for another label than the
one under the cursor. `d` removes, `space` switches off and on, `+` `-` `=` change the weight, `e` edits all words of a
label as one line, `m` shows everything that can be done, `w` finds more words, `u` takes the last edit back.

**pieces** is how the model spells the word, **prior** the logarithm of how probable the word is over the rows read,
**if removed** by how many points the accuracy would change without it. **!** marks a word that is awkward; below the
table it says why.
"""
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
        self.facts = WordFacts()
        self.lines: list[WordLine] = []
        self.message = ""
        self._words: LabelWords | None = None
        self._going: WordLine | None = None  # where the edit that is being made puts the cursor
        self._unsent = ""  # what was being typed when the line was left
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The table, the line for typing, and one for messages and for what is under the cursor."""
        yield LineList(self._draw)
        yield Static(plain(_NO_TASK), id="empty", markup=False)
        yield EntryLine()
        yield Static("", id="about", markup=False)

    def on_mount(self) -> None:
        """Show what there is."""
        super().on_mount()
        self._show()

    # -- what is heard --------------------------------------------------------------------------------------------

    def heard(self, topic: "Topic") -> None:
        """Other words, other figures, another table."""
        if topic == "task":
            self.facts, self.message = WordFacts(), ""
        if topic in ("task", "words", "template", "rows", "model", "figures", "engine"):
            self._show()
        if topic == "words" or (topic == "figures" and self._has_news()):
            self._ask_soon()

    def _has_news(self) -> bool:
        """Whether the figures are of other rows or words than what is known: a reading's first, or complete ones."""
        session, live = self.desk.session, self.desk.live
        is_new = self.facts.revisions[0] != session.read_rev or live.is_complete(session)
        known = (*self.facts.revisions, self.facts.n)
        n = live.figures["n"] if live.figures else 0
        return self.desk.is_current and is_new and known != (session.read_rev, session.score_rev, n)

    def _ask_soon(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_SETTLED, self._ask)

    def _ask(self) -> None:
        if (
            self.desk.task is not None
            and self.desk.session.words is not None
            and self.desk.engine.state.name == "ready"
        ):
            self._learn()

    @work(exclusive=True, group="words", exit_on_error=False)
    async def _learn(self) -> None:
        session = self.desk.session
        try:
            answer = await self.desk.ask("words", **self.desk.scoring())
        except EngineGone:
            return  # the status line says so
        except EngineError as error:
            if error.kind not in ("unread", "abandoned"):
                self._say(error.what)
            return
        self.facts = WordFacts.of(answer, (session.read_rev, session.score_rev))
        self._show()

    # -- what is shown --------------------------------------------------------------------------------------------

    @property
    def at(self) -> WordLine | None:
        """The line under the cursor."""
        cursor = self.query_one(LineList).cursor
        return self.lines[cursor] if cursor < len(self.lines) else None

    @property
    def is_old(self) -> bool:
        """Whether what is known of the words was said of other ones, or of another reading."""
        return self.facts.revisions != (self.desk.session.read_rev, self.desk.session.score_rev)

    def _show(self) -> None:
        """Draw the words as they are, the cursor on the word where it was, or where the edit puts it."""
        table, words = self.query_one(LineList), self.desk.session.words
        before = self._going or self.at
        if words is not self._words:
            self._words = words
            self.lines = [] if words is None else lines_of(words)
        table.show(len(self.lines), find_line(self.lines, before, table.cursor))
        table.display = words is not None
        self.query_one("#empty").display = words is None
        problem = self.desk.words_problem if words is not None else ""
        self.border_subtitle = plain("" if words is None else self._counting(words, problem))
        self.set_class(bool(problem), "-problem")
        self._tell()

    def _counting(self, words: LabelWords, problem: str) -> str:
        if problem:
            return "cannot be counted yet"
        awkward = sum(bool(self.facts.problems(line.label, str(line.word))) for line in self.lines if line.word)
        warned = f" · {awkward} !" if awkward else ""
        pieces = "words whole" if words.pieces == "whole" else f"{words.pieces} of the pieces"
        pieces = "first piece" if words.pieces == "first" else pieces
        return f"{counted(len(words.every_word()), 'word')} · {words.combine}, {pieces}{warned}"

    def _draw(self, at: int, width: int) -> Text:
        if at < 0:
            return names_line(width, is_old=self.is_old and bool(self.facts.by_text))
        line, desk = self.lines[at], self.desk
        assert desk.session.words is not None
        if line.word is None:
            figures = desk.live.figures
            return label_line(line.label, desk.session.words, figures, is_current=desk.is_current, width=width)
        return word_line(line, self.facts, is_old=self.is_old, width=width)

    def _tell(self) -> None:
        """The message, else what there is to say of the line under the cursor."""
        at = self.at
        said = self.message
        if not said and at is not None:
            said = self._about_label(at) if at.word is None else about_word(at, self.facts, is_old=self.is_old)
        self.query_one("#about", Static).update(plain(said))

    def _about_label(self, at: WordLine) -> str:
        words = self.desk.session.words
        if words is not None and not words.active(at.label):
            return f"The label {shorten(at.label, 40)!r} has no words that count, so nothing is counted. i types one."
        problem = self.desk.words_problem or (self.facts.warnings[0] if self.facts.warnings else "")
        return problem or _KEYS

    def _say(self, message: str) -> None:
        self.message = message
        self._tell()

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
            self._say(_NO_TASK)
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
            self._say(_NO_TASK)
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
