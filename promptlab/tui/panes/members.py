"""Members pane: templates with label words, ticked to be members of the ensemble, and how each does on its own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input, Static

from promptlab.results.wording import accuracy, figure, interval
from promptlab.text import counted
from promptlab.tui.actions import Action, declare
from promptlab.tui.line_input import LineInput
from promptlab.tui.panes.line_columns import Column, draw_cells, fit_columns
from promptlab.tui.panes.line_list import LineList
from promptlab.tui.panes.lines import Lines
from promptlab.tui.panes.pane import Pane, leave
from promptlab.tui.shown import plain
from promptlab.tui.state.candidates import Candidate
from promptlab.tui.state.team import STEP, WEIGHTS, Team

_EMPTY = "No table is open. Press ctrl+o to open one; what fits it stands here then."
_COLUMNS = (
    Column("tick", 3, rank=0),
    Column("template", 16, rank=1, share=2),
    Column("words", 12, rank=2, share=1),
    Column("weight", 6, rank=4, right=True),
    Column("accuracy", 22, rank=3),
    Column("rows", 6, rank=5, right=True),
    Column("agrees", 6, rank=6, right=True),
)
_NAMES = {column.name: column.name for column in _COLUMNS} | {"tick": ""}
_INPUTS = {"filter": "words of the template's text or name", "weight": "weight, a number from 0"}


class MembersPane(Pane):
    """The list with an input below it that serves the filter and a weight, while one of them is wanted."""

    place = "members"
    title = "Members"
    inner = "LineList"
    HELP = """# Ensemble: members

An ensemble lets several prompts vote: the scores of its members are averaged. Each line is a template with label words;
the first is the workbench's own. `space` ticks members; from two on, their combination is counted on the live rows.
Templates that were never read are read first.

`w` steps through the ways of weighing: all the same, by accuracy (on train rows, where there are some), by hand. `+`
and `-` change a weight, `e` types one. **agrees** is the share of rows on which a member says what the ensemble says.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("members.tick", "space,enter", "tick", "Tick", "Make it a member, or no more.", True),
        Action("members.weights", "w", "weights", "Weights", "Weigh all the same, by accuracy, or by hand.", True),
        Action("members.more", "plus,equals_sign", "reweigh(1)", "More", "Give the member a higher weight."),
        Action("members.less", "minus", "reweigh(-1)", "Less", "Give the member a lower weight."),
        Action("members.weight", "e", "ask('weight')", "Weight", "Type the member's weight."),
        Action("members.filter", "slash", "ask('filter')", "Filter", "Show candidates that have these words."),
        Action("members.leave", "escape", "leave", "Leave", "From the input to the list."),
    )

    class Changed(Message):
        """The team is another one."""

        def __init__(self, team: Team) -> None:
            super().__init__()
            self.team = team

    def __init__(self) -> None:
        super().__init__()
        self.team = Team()
        self.answer: Mapping[str, Any] | None = None
        self._is_current = True
        self._said = ""
        self._shown: tuple[Candidate, ...] = ()

    def compose(self) -> ComposeResult:
        """The list, the input, what stands there without a table."""
        yield LineList(self._draw)
        for name, placeholder in _INPUTS.items():
            yield LineInput(placeholder=placeholder, id=name)
        yield Static(plain(_EMPTY), id="empty", markup=False)
        yield Lines("where")

    def on_mount(self) -> None:
        """The inputs come when they are wanted."""
        for name in _INPUTS:
            self.query_one(f"#{name}").display = False
        self.show(self.team)

    def show(self, team: Team) -> None:
        """Draw this team, the cursor on the candidate where it was."""
        lines, before = self.query_one(LineList), self.marked
        self.team, self._shown = team, team.shown
        names = [one.name for one in self._shown]
        lines.show(len(names), names.index(before.name) if before and before.name in names else lines.cursor)
        lines.display = bool(names)
        self.query_one("#empty").display = not names
        self.query_one("#where", Lines).show([plain(self._where() if names else "")])

    def show_answer(self, answer: Mapping[str, Any] | None, *, is_current: bool, said: str) -> None:
        """What the members do on their own, dimmed where it is of other rows or words; ``said`` is what goes on."""
        self.answer, self._is_current, self._said = answer, is_current, said
        self.query_one(LineList).refresh()
        self.query_one("#where", Lines).show([plain(self._where() if self._shown else "")])

    def _where(self) -> str:
        """What goes on, or the number; how many are ticked and how they are weighed."""
        parts = [self._said] if self._said else []
        if (
            not parts
            and self.answer is not None
            and self._is_current
            and self.answer["figures"]["accuracy"] is not None
        ):
            figures = self.answer["figures"]
            parts.append(f"together {accuracy(figures['accuracy'], tuple(figures['interval']), figures['n'])}")
        parts.append(f"{len(self.team.members)} of {counted(len(self.team.candidates), 'candidate')}")
        return " · ".join([*parts, f"weights: {WEIGHTS[self.team.weights]} (w)"])

    @property
    def marked(self) -> Candidate | None:
        """The candidate under the cursor."""
        at = self.query_one(LineList).cursor
        return self._shown[at] if 0 <= at < len(self._shown) else None

    def _draw(self, at: int, width: int) -> Text:
        widths = fit_columns(_COLUMNS, width)
        if at < 0:
            return draw_cells(_NAMES, _COLUMNS, widths, styles={})
        one = self._shown[at]
        is_member = one.name in self.team.ticked
        found = self._found(one.name) if is_member else None
        line = draw_cells(self._cells(one, found, is_member), _COLUMNS, widths, styles={"accuracy": "bold"})
        if found is not None and not self._is_current:
            line.stylize("dim")
        return line

    def _cells(self, one: Candidate, found: Mapping[str, Any] | None, is_member: bool) -> dict[str, str]:
        cells = {"tick": "[x]" if is_member else "[ ]", "template": one.template_name, "words": one.words_name}
        if one is self.team.candidates[0]:
            cells["template"] = f"{one.name}: {one.template_name}"
        if is_member and self.team.weights == "hand":
            cells["weight"] = f"{self.team.weight(one.name):g}"
        if found is None or found["accuracy"] is None:
            return cells
        cells["accuracy"] = f"{figure(found['accuracy'])} ({interval(found['interval'])})"
        cells |= {"rows": f"{found['n']:,}", "agrees": f"{found['agrees']:.2f}"}
        return {"weight": f"{found['weight']:.2f}"} | cells

    def _found(self, name: str) -> Mapping[str, Any] | None:
        members = self.answer["members"] if self.answer is not None else ()
        return next((one for one in members if one["name"] == name), None)

    # -- keys -----------------------------------------------------------------------------------------------------

    def on_line_list_clicked(self, event: LineList.Clicked) -> None:
        """A second click ticks."""
        self.action_tick()

    def action_tick(self) -> None:
        """Tick the candidate, or take its tick away; from the frame, go to the list first."""
        if not self.query_one(LineList).has_focus:
            self.enter()
        elif self.marked is not None:
            self._change(self.team.toggled(self.marked.name))

    def action_weights(self) -> None:
        """The next way of weighing."""
        self._change(self.team.weighed_next())

    def action_reweigh(self, direction: int) -> None:
        """A little more weight for the member, or less."""
        if self.marked is not None and self.marked.name in self.team.ticked:
            name = self.marked.name
            self._change(self.team.reweighed(name, self.team.weight(name) + direction * STEP))

    def action_ask(self, name: str) -> None:
        """Show the input for the filter, or for the weight of the member under the cursor."""
        if self.marked is None and name == "weight":
            return
        for other in _INPUTS:
            self.query_one(f"#{other}").display = other == name
        self.query_one(f"#{name}").focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if event.input.id == "filter":
            self.show(replace(self.team, wanted=event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the weight, or go to what was found."""
        if event.input.id == "weight" and self.marked is not None:
            try:
                weight = float(event.value)
            except ValueError:
                weight = -1.0
            if not 0 <= weight < float("inf"):
                self.desk.say(f"{event.value!r} is no weight: type a number from 0.", "warning")
                return
            event.input.value = ""
            self._change(self.team.reweighed(self.marked.name, weight))
        self.action_leave()

    def action_leave(self) -> None:
        """From the input to the list; from the list to the frame."""
        lines = self.query_one(LineList)
        if lines.has_focus:
            return leave(lines)
        for name in _INPUTS:
            field = self.query_one(f"#{name}", Input)
            field.display = name == "filter" and bool(field.value)
        lines.focus()

    def _change(self, team: Team) -> None:
        self.show(team)
        self.post_message(self.Changed(team))
