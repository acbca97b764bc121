"""The label words on the screen: the table, what the engine says of each word, and the lines below it."""

from typing import TYPE_CHECKING

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Static

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import counted, shorten
from promptlab.tui.panes.entry_line import EntryLine
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.panes.pane import Pane
from promptlab.tui.panes.words_drawn import about_word, label_line, names_line, word_line
from promptlab.tui.shown import plain, put
from promptlab.tui.state.word_facts import WordFacts
from promptlab.tui.state.word_lines import WordLine, find_line, lines_of
from promptlab.verbalizer import LabelWords

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

NO_TASK = "No table is open. Press ctrl+o to open one."
_KEYS = "i add · d remove · space on or off · + - = weight · e edit as a line · m menu · w find more · u undo"
# Seconds without an edit after which the engine is asked about the words.
_SETTLED = 0.15


class WordsTable(Pane):
    """The table of label words with its cursor; ``message`` stands below it until the cursor moves."""

    place = "words"
    title = "Words"
    inner = "LineList"
    saves = "words"
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

    def __init__(self) -> None:
        super().__init__()
        self.facts = WordFacts()
        self.lines: list[WordLine] = []
        self.message = ""
        self._words: LabelWords | None = None
        self._going: WordLine | None = None  # where the edit that is being made puts the cursor
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The table, the line for typing, and one for messages and for what is under the cursor."""
        yield LineList(self._draw)
        yield Static(plain(NO_TASK), id="empty", markup=False)
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
        put(self.query_one("#about", Static), plain(said))

    def _about_label(self, at: WordLine) -> str:
        words = self.desk.session.words
        if words is not None and not words.active(at.label):
            return f"The label {shorten(at.label, 40)!r} has no words that count, so nothing is counted. i types one."
        problem = self.desk.words_problem or (self.facts.warnings[0] if self.facts.warnings else "")
        return problem or _KEYS

    def _say(self, message: str) -> None:
        self.message = message
        self._tell()
