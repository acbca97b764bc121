"""Template pane: the template's text, what is wrong with it, and how the model sees it for the row in the preview."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from textual import on
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import OptionList, Static, TextArea

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.template import Truncate
from promptlab.template.problems import Problem
from promptlab.text import counted, shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.completion_list import CompletionList
from promptlab.tui.panes.pane import Pane
from promptlab.tui.panes.template_editor import TemplateEditor
from promptlab.tui.shown import plain, put
from promptlab.tui.state.completions import completions
from promptlab.tui.state.token_view import length_text, token_view
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

_SETTLED = 0.4  # seconds after which the model is asked how it sees the template
_LEAVE = "esc leaves the editor"


class TemplatePane(Pane):
    """Edits the session's template; problems that need no model are found at every key."""

    place = "template"
    title = "Template"
    inner = "#editor"
    HELP = """# Template

Turns a row into a prompt. `{text}` is a field of the row, `{mask}` the slot where the model answers; typing `{` lists
what can stand there. Fields take filters: `{text|lower}`, `{text|limit 110}`. `{{` and `}}` are braces.

What is wrong is underlined, and said below with its line and column. `esc` leaves the editor for the pane's frame,
where single letters are keys. A changed template is read again 0.3 seconds after the last key.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("template.next_problem", "ctrl+l", "next_problem", "Next problem", "Go to the next problem.", True),
        Action("template.tokens", "v", "tokens", "Pieces", "Show the pieces that the model sees, for this row."),
        Action("template.truncate", "t", "truncate", "Cut from", "Choose where long fields are cut: tail, head, both."),
        Action("template.external", "ctrl+t", "external", "$EDITOR", "Edit the template in $EDITOR."),
    )

    def __init__(self) -> None:
        super().__init__()
        self._of_model: tuple[Problem, ...] = ()
        self._parsed: dict[str, Any] | None = None
        self._asks = False
        self._known = ""  # the session's template when editor and desk last agreed on it

    def compose(self) -> ComposeResult:
        """The editor, completions, a line for problems, and the pieces."""
        yield TemplateEditor()
        yield CompletionList(id="completions")
        yield Static("", id="problem", markup=False)
        with VerticalScroll(id="pieces", can_focus=False):
            yield Static("", markup=False)

    def on_mount(self) -> None:
        """Show the session's template."""
        self._show_text()
        self._show_state()

    @property
    def editor(self) -> TemplateEditor:
        """The text area."""
        return self.query_one(TemplateEditor)

    def heard(self, topic: "Topic") -> None:
        """Another template, other fields, another model or row."""
        if topic == "template":
            self._show_text()
        if topic in ("template", "task", "model"):
            self._of_model = ()
            self._ask_soon()
        if topic in ("template", "task", "model", "saved", "row"):
            self._show_state()
        if topic == "row" or (topic == "phase" and self.desk.live.phase == "done" and self._parsed is None):
            self._ask_soon()

    # -- editing ------------------------------------------------------------------------------------------------

    @on(TextArea.Changed)
    def _edited(self, event: TextArea.Changed) -> None:
        event.stop()
        self._known = self.editor.text
        if self._known != self.desk.session.template:
            self.desk.edit_template(self._known)
        self._offer()

    @on(TextArea.SelectionChanged)
    def _moved(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        self._show_problem()
        self._offer()

    @on(TemplateEditor.Chosen)
    def _choose(self, event: TemplateEditor.Chosen) -> None:
        listed = self.query_one(CompletionList)
        if event.key == "up":
            listed.action_cursor_up()
        elif event.key == "down":
            listed.action_cursor_down()
        elif event.key == "accept" and listed.chosen is not None:
            self.editor.complete(listed.chosen.inside)
        else:
            self._close_list()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.editor.complete(self.query_one(CompletionList).found[event.option_index].inside)

    def _offer(self) -> None:
        """List what can stand behind the open brace at the cursor, if there is one."""
        typed = self.editor.typed_in_braces() if self.editor.has_focus else None
        found = [] if typed is None else completions(typed, self.desk.fields)
        if len(found) == 1 and typed is not None and found[0].inside == typed.strip():
            found = []
        self.query_one(CompletionList).show(found)
        self.editor.is_completing = bool(found)

    def _close_list(self) -> None:
        self.query_one(CompletionList).show([])
        self.editor.is_completing = False

    # -- showing ------------------------------------------------------------------------------------------------

    def _show_text(self) -> None:
        """Show a template that came from elsewhere; keys that were typed but not told to the desk yet stay."""
        text = self.desk.session.template
        if text != self._known:
            self._known = text
            if self.editor.text != text:
                self.editor.replace_all(text)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, the model's own objections last."""
        return (*self.desk.problems, *self._of_model)

    def _show_state(self) -> None:
        session = self.desk.session
        name = session.template_name or "by hand"
        edited = "" if self.desk.is_template_saved else " *edited"
        self.border_title = plain(f"{self.title}  {shorten(name, 40)}{edited}")
        self.editor.show_problems(self.problems)
        self._show_problem()
        self._show_foot()
        if self._parsed is not None:
            put(self.query_one("#pieces Static", Static), plain(token_view(self._parsed), newlines=True))

    def _show_foot(self) -> None:
        session = self.desk.session
        facts = [counted(len(self.problems), "problem") if self.problems else "no problems"]
        if self._parsed is not None and (length := length_text(self._parsed)):
            facts.append(length)
        facts.append({"tail": "cuts ends", "head": "cuts beginnings", "balanced": "cuts both"}[session.truncate])
        if self.has_focus_within and not self.has_focus:
            facts.append(_LEAVE)
        self.border_subtitle = plain(" · ".join(facts))

    def _show_problem(self) -> None:
        put(self.query_one("#problem", Static), plain(self._problem_line()))

    def _problem_line(self) -> str:
        """The problem that the cursor stands at, else the first."""
        every = self.problems
        if not every:
            return ""
        row, column = self.editor.cursor_location
        here = [at for at, one in enumerate(every) if one.line == row + 1 and 0 <= column + 1 - one.column < one.length]
        at = here[0] if here else 0
        shown = every[at]
        place = f"{shown.line}:{shown.column}  " if shown.line else ""
        more = f"  ({at + 1} of {len(every)}, ctrl+l next)" if len(every) > 1 else ""
        whose = f"{self.desk.session.model.name}: " if shown in self._of_model else ""
        return f"✗ {place}{whose}{shown.what}{more}"

    def on_descendant_focus(self, event: Any) -> None:
        """Say how the editor is left."""
        super().on_descendant_focus(event)
        self._show_foot()

    def on_descendant_blur(self) -> None:
        """The list of completions goes with the focus."""
        self._close_list()
        self._show_foot()

    # -- how the model sees it ----------------------------------------------------------------------------------

    def _ask_soon(self) -> None:
        self._parsed = None
        if not self._asks:
            self._asks = True
            self.set_timer(_SETTLED, self._ask)

    def _ask(self) -> None:
        self._asks = False
        if self.desk.task is not None:
            work(self, "parse", self._parse)

    async def _parse(self) -> None:
        before = self.desk.session.read_rev
        try:
            parsed = await self.desk.ask("parse", **self.desk.prompt(), row=self.desk.row)
        except (EngineError, EngineGone):
            return  # the live pane says what keeps the engine from answering
        if before != self.desk.session.read_rev:
            return
        self._parsed = parsed
        known = {problem.what for problem in self.desk.problems}
        self._of_model = tuple(Problem(**one) for one in parsed["problems"] if one["what"] not in known)
        self._show_state()

    # -- actions ------------------------------------------------------------------------------------------------

    def action_next_problem(self) -> None:
        """Put the cursor at the next problem."""
        if not self.problems:
            self.desk.say("The template has no problems.")
            return
        row, column = self.editor.cursor_location
        behind = [one for one in self.problems if (one.line, one.column) > (row + 1, column + 1)]
        self.editor.focus()
        self.editor.go_to((behind or self.problems)[0])

    def action_tokens(self) -> None:
        """Show or hide the pieces."""
        self.toggle_class("-pieces")
        if self._parsed is None:
            self._ask_soon()

    def action_truncate(self) -> None:
        """Cut long fields elsewhere."""
        kinds: tuple[Truncate, ...] = get_args(Truncate)
        session = self.desk.session
        wanted = kinds[(kinds.index(session.truncate) + 1) % len(kinds)]
        self.desk.edit_template(session.template, name=session.template_name, truncate=wanted)

    def action_external(self) -> None:
        """Edit in the program that $EDITOR names; the terminal is its own meanwhile."""
        command = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if not command:
            self.desk.say("No editor is named: set EDITOR, as in EDITOR=nano promptlab.", "warning")
            return
        try:
            with tempfile.TemporaryDirectory() as folder, self.app.suspend():
                path = Path(folder) / "template.txt"
                path.write_text(f"{self.editor.text}\n", encoding="utf-8")  # editors end a file with a newline
                subprocess.run([*shlex.split(command), str(path)], check=True)
                text = path.read_text(encoding="utf-8").removesuffix("\n")
        except SuspendNotSupported:
            self.desk.say("This terminal cannot be lent to another program (a browser's cannot).", "warning")
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            self.desk.say(f"{shorten(command, 60)} did not work: {shorten(str(error), 120)}", "error")
        else:
            if text != self.editor.text:
                self.editor.replace_all(text)
