"""Desk: the session, what the engine says about it, and who must hear of a change. It knows no widget."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from promptlab.errors import ConfigError
from promptlab.jobs.client import EngineError, EngineState
from promptlab.template import Template, Truncate
from promptlab.template.problems import Problem, find_problems
from promptlab.text import shorten
from promptlab.tui.engine import Engine, OnEvent
from promptlab.tui.hearing import Hearing
from promptlab.tui.hearing import Topic as Topic
from promptlab.tui.reading import Reading
from promptlab.tui.state.history import WordHistory
from promptlab.tui.state.live import Live
from promptlab.tui.state.session import ModelChoice, Rows, Session, TaskChoice
from promptlab.tui.state.words_problem import words_problem
from promptlab.verbalizer import CalibrationKind, LabelWords, from_table, to_table

Severity = Literal["information", "warning", "error"]
# Seconds after the last edit of a template until it is read.
SETTLED = 0.3


class Desk:
    """What every pane works with. Edits go through it; ``listen`` tells what changed.

    ``session`` is what stands in the editors, ``live`` what the engine last said, ``task`` the engine's answer to
    ``guess`` for the open table, ``problems`` those of the template, ``words_problem`` that of the label words.
    ``message`` is the last sentence for the user with its severity.
    """

    def __init__(self, engine: Engine, session: Session | None = None) -> None:
        self.engine = engine
        self.session = session or Session()
        self.live = Live()
        self.task: Mapping[str, Any] | None = None
        self.message: tuple[str, Severity] = ("", "information")
        self.row = 0  # the place of the row that the preview shows
        self._saved_template: tuple[str, Truncate]
        self._saved_words: LabelWords | None
        self._mark_saved()
        self.hearing = Hearing(self._failed)
        self._reading = Reading(self)
        self._history = WordHistory()
        self._checked: tuple[LabelWords | None, int | None, str] = (None, None, "")
        self._found: tuple[object, tuple[Template | None, tuple[Problem, ...]]] = (None, (None, ()))

    # -- hearing ------------------------------------------------------------------------------------------------

    def listen(self, hear: Callable[[Topic], None]) -> Callable[[], None]:
        """Call ``hear`` with each change from now on; what is returned ends it."""
        return self.hearing.listen(hear)

    def say(self, sentence: str, severity: Severity = "information") -> None:
        """A sentence for the user, shown as a toast and kept in the log."""
        self.message = (sentence, severity)
        self.hearing.tell("said")

    # -- what follows from the session ---------------------------------------------------------------------------

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the open table's rows."""
        return tuple(self.task["fields"]) if self.task else ("text",)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order; none before a table is open."""
        return self.session.words.labels if self.session.words else tuple(self.task["labels"]) if self.task else ()

    @property
    def parsed(self) -> tuple[Template | None, tuple[Problem, ...]]:
        """The template in the editor, if it parses, and its problems. Found once for a text: every pane asks."""
        asked = (self.session.template, self.session.truncate, self.task)
        if self._found[0] != asked:
            self._found = (asked, find_problems(self.session.template, self.fields, truncate=self.session.truncate))
        return self._found[1]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the template in the editor."""
        return self.parsed[1]

    @property
    def words_problem(self) -> str:
        """Why the label words cannot be scored; empty when they can. Found out once for the words as they stand."""
        template, words = self.parsed[0], self.session.words
        slots = template.slots() if template else None
        if self._checked[0] is not words or self._checked[1] != slots:
            self._checked = (words, slots, "" if words is None else words_problem(words, slots))
        return self._checked[2]

    @property
    def can_read(self) -> bool:
        """Whether there is a table, a template without problems and words that can be scored."""
        return self.task is not None and self.session.words is not None and not self.problems and not self.words_problem

    @property
    def is_current(self) -> bool:
        """Whether the figures are about what stands in the editors."""
        return self.live.is_current(self.session)

    @property
    def is_saved(self) -> bool:
        """Whether template and words are as they were last saved or loaded."""
        return self.is_template_saved and self.are_words_saved

    @property
    def is_template_saved(self) -> bool:
        """Whether the template is as it was last saved or loaded."""
        return self._saved_template == (self.session.template, self.session.truncate)

    @property
    def are_words_saved(self) -> bool:
        """Whether the label words are as they were last saved or loaded."""
        return _unnamed(self._saved_words) == _unnamed(self.session.words)

    @property
    def name(self) -> str:
        """What the evaluation is called: its template and words in short."""
        words = self.session.words
        named = (words.name or ", ".join(str(word) for word in words.every_word())) if words else ""
        return f"{self.session.template_name or shorten(self.session.template, 40)} | {shorten(named, 40)}"

    def names(self) -> dict[str, Any]:
        """Where template and words come from, as a kept run says it."""
        words = self.session.words
        return {"template_name": self.session.template_name, "words_name": words.name if words else ""}

    # -- edits --------------------------------------------------------------------------------------------------

    async def open_task(
        self, choice: TaskChoice, *, template: str | None = None, words: LabelWords | None = None
    ) -> None:
        """Open a table: the engine guesses its columns; its default template and words stand there afterwards.

        Raises EngineError for a table that cannot be read (the session stays as it was) and EngineGone.
        """
        task = await self.engine.ask("guess", task=choice.table())
        if self.task is None and self.session.template and template is None:  # left from a table that is gone
            template = self.session.template
            left = self.session.words
            words = left if words is None and left and set(left.labels) == set(task["labels"]) else words
        self.task = task
        chosen = task["template"]
        table = task["words"]
        if words is None and table is not None:
            words = replace(from_table(table, where="the task's words"), name=str(task.get("words_name", "")))
        if words is None:
            words = LabelWords({label: () for label in task["labels"]})
        is_same = self.session.task is not None and self.session.task.reference == choice.reference
        self.session = self.session.reading(
            task=choice,
            rows="live",
            test_reads=self.session.test_reads if is_same else 0,
            template=chosen["text"] if template is None else template,
            truncate=chosen["truncate"] if template is None else self.session.truncate,
            template_name=chosen["name"] if template is None else self.session.template_name,
            words=words,
            calibration=None,
        )
        self._history = WordHistory()
        self.live = Live(model=self.live.model)
        self._mark_saved()
        self.hearing.tell("task", "template", "words", "rows", "figures", "baseline")
        self._reading.read_soon(0)

    def close_task(self) -> None:
        """No table is open any more; the model stays."""
        self.task = None
        self.session = self.session.reading(
            task=None, rows="live", template="", template_name="", truncate="tail", words=None, calibration=None
        )
        self._history = WordHistory()
        self.live = Live(model=self.live.model)
        self._mark_saved()
        self.hearing.tell("task", "template", "words", "rows", "figures", "baseline")
        self._reading.read_soon(0)

    async def restore(self, session: Session, *, is_saved: bool = False) -> None:
        """Take up a saved session: its table is opened again and read.

        Raises as ``open_task`` does; the template and the words stand there all the same.
        """
        self.session = session.reading(rows="live" if session.rows == "test" else session.rows)
        if is_saved:
            self._mark_saved()
        try:
            if session.task is not None:
                self.task = await self.engine.ask("guess", task=session.task.table())
        finally:
            self.hearing.tell("task", "template", "words", "rows", "model", "figures")
            self._reading.read_soon(0)

    def show_row(self, place: int) -> None:
        """The preview shows the row at this place now."""
        if place != self.row:
            self.row = place
            self.hearing.tell("row")

    def edit_template(self, text: str, *, name: str = "", truncate: Truncate | None = None) -> None:
        """Another template; ``name`` says where it comes from and is empty for one typed by hand."""
        if text == self.session.template and (truncate or self.session.truncate) == self.session.truncate:
            return
        is_loaded = bool(name) and text != self.session.template
        self._read_anew(template=text, template_name=name, truncate=truncate or self.session.truncate)
        if is_loaded:
            self._mark_template_saved()
        self.hearing.tell("template")
        self._reading.read_soon(0 if name else SETTLED)

    def edit_words(self, words: LabelWords, what: str) -> None:
        """Other label words; ``what`` names the edit for undo. Words of other labels raise ConfigError."""
        old = self.session.words
        if old is not None and set(old.labels) != set(words.labels):
            raise ConfigError("These words are for other labels than the task has.")
        if old is not None:
            self._history = self._history.edited(old, what)
        self._set_words(words)

    def undo_words(self) -> str:
        """Take the last edit of the words back; what it was, empty when there was none."""
        return self._step(self._history.undone(self.session.words) if self.session.words else None)

    def redo_words(self) -> str:
        """Do the last edit that was taken back again; what it was, empty when there was none."""
        return self._step(self._history.redone(self.session.words) if self.session.words else None)

    def calibrate(self, kind: CalibrationKind | None) -> None:
        """Another calibration, or none."""
        self._score_anew(calibration=kind)

    def read_rows(self, rows: Rows) -> None:
        """Read other rows: the live ones, all, or the test rows, which are asked about before and counted."""
        self.session = self.session.reading(rows=rows, test_reads=self.session.test_reads + (rows == "test"))
        self.hearing.tell("rows")
        self._reading.read_soon(0)

    def use_model(self, model: ModelChoice) -> None:
        """Another model, or the same on another device or in another precision."""
        self._read_anew(model=model)
        self.hearing.tell("model")
        self._reading.read_soon(0)

    def load_prompt(
        self,
        template: str,
        words: LabelWords,
        *,
        name: str,
        truncate: Truncate = "tail",
        calibration: CalibrationKind | None,
    ) -> None:
        """A template and words together, as from a run or a bundle."""
        if self.session.words is not None:
            self._history = self._history.edited(self.session.words, "load a prompt")
        self._read_anew(template=template, template_name=name, truncate=truncate, words=words, calibration=calibration)
        self._mark_saved()
        self.hearing.tell("template", "words")
        self._reading.read_soon(0)

    def name_template(self, name: str) -> None:
        """The template stands in a file now under this name."""
        self.session = replace(self.session, template_name=name)
        self._mark_template_saved()
        self.hearing.tell("template", "saved")

    def name_words(self, name: str) -> None:
        """The words stand in a file now under this name."""
        if self.session.words is not None:
            self.session = replace(self.session, words=replace(self.session.words, name=name))
        self._saved_words = self.session.words
        self.hearing.tell("words", "saved")

    def saved_bundle(self, folder: str) -> None:
        """Template and words stand in a bundle now."""
        self._saved_words = self.session.words
        self.say(f"Saved: {folder}")
        self.hearing.tell("saved")

    def _mark_saved(self) -> None:
        self._mark_template_saved()
        self._saved_words = self.session.words

    def _mark_template_saved(self) -> None:
        self._saved_template = (self.session.template, self.session.truncate)

    def _set_words(self, words: LabelWords) -> None:
        self._score_anew(words=words)

    def _read_anew(self, **changes: Any) -> None:
        """What is read changes; the test rows are left with that, so that nothing is tried out on them."""
        had_test = self.session.rows == "test"
        self.session = self.session.reading(**changes, rows="live" if had_test else self.session.rows)
        if had_test:
            self.hearing.tell("rows")

    def _score_anew(self, **changes: Any) -> None:
        """Words or calibration change: the rows that were read are scored again, or the test rows are left."""
        had_test = self.session.rows == "test"
        if had_test:
            self._read_anew(**changes)
        else:
            self.session = self.session.scoring(**changes)
        self.hearing.tell("words")
        if had_test:
            self._reading.read_soon(0)
        else:
            self._reading.score_now()

    def _step(self, step: tuple[WordHistory, LabelWords, str] | None) -> str:
        if step is None:
            return ""
        self._history, words, what = step
        self._set_words(words)
        return what

    # -- the engine ---------------------------------------------------------------------------------------------

    def engine_changed(self, state: EngineState) -> None:
        """The engine started, is ready, or is gone."""
        self._reading.engine_changed(state)

    async def restart(self) -> None:
        """Start the engine again and read what stands in the editors."""
        await self._reading.restart()

    async def pin(self, *, run: int | None = None) -> None:
        """Make the evaluation as it stands, or a stored run, the baseline; EngineError when it is not complete."""
        await self._reading.pin(run=run)

    async def keep(self, *, pinned: bool = False) -> int:
        """Keep the complete evaluation in the store and return its number; raises EngineError."""
        return await self._reading.keep(pinned=pinned)

    async def ask(self, do: str, *, on_event: OnEvent | None = None, **fields: Any) -> dict[str, Any]:
        """Ask the engine about the session as it stands; raises EngineError and EngineGone."""
        revisions = {"read_rev": self.session.read_rev, "score_rev": self.session.score_rev}
        return await self.engine.ask(do, on_event=on_event, **revisions, **fields)

    def scoring(self) -> dict[str, Any]:
        """Words and calibration as the engine takes them."""
        assert self.session.words is not None
        return {"words": to_table(self.session.words), "calibration": self.session.calibration}

    def prompt(self) -> dict[str, Any]:
        """Task, template and what goes with it, as the engine takes them."""
        assert self.session.task is not None
        return {
            "task": self.session.task.table(),
            "template": self.session.template,
            "truncate": self.session.truncate,
        }

    def close(self) -> None:
        """Nothing goes on and nobody is told any more."""
        self.hearing.close()

    def _failed(self, error: BaseException) -> None:
        self.say(error.what if isinstance(error, EngineError) else str(error), "error")


def _unnamed(words: LabelWords | None) -> LabelWords | None:
    """The words without what says where they come from."""
    return None if words is None else replace(words, name="", source="", calibration=None)
