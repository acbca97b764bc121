"""Findings pane: what `promptlab data check` says about the table; a finding leads to its rows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import counted, shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.pane import Pane
from promptlab.tui.shown import plain
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

_MARKS = {"error": "✗", "warning": "!", "info": "·"}


class FindingsPane(Pane):
    """Asks for the checks once a table is shown; those with rows can be opened."""

    place = "findings"
    title = "Problems of the data"
    inner = "#findings"
    HELP = """# Problems of the data

What a check of the whole table found: labels spelled alike, texts that stand in two splits, repeated rows, empty texts.
`enter` on a finding shows its rows; rows of a split that is not read are not in the table.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("findings.check", "full_stop", "check", "Check again", "Look at the table again.")
    )

    class Chosen(Message):
        """The rows of a finding are to be shown."""

        def __init__(self, ids: list[str]) -> None:
            super().__init__()
            self.ids = ids

    def __init__(self) -> None:
        super().__init__()
        self.findings: list[Mapping[str, Any]] = []
        self._checked: Mapping[str, Any] | None = None  # the task that was checked

    def compose(self) -> ComposeResult:
        """The list, or what is going on."""
        yield OptionList(id="findings", markup=False)
        yield Static("", id="state", markup=False)

    def heard(self, topic: "Topic") -> None:
        """Another table: forget the old one's problems."""
        if topic == "task":
            self._show([], "")
            self._checked = None
            if self.screen.is_current:
                self.check_once()

    def check_once(self) -> None:
        """Check the open table, unless that was done."""
        if self.desk.task is not None and self._checked is not self.desk.task:
            self.action_check()

    def action_check(self) -> None:
        """Check the open table."""
        self._checked = self.desk.task
        if self.desk.session.task is not None:
            work(self, "check", self._check)

    async def _check(self) -> None:
        session = self.desk.session
        assert session.task is not None
        self._show([], "Checking the rows …")
        try:
            answer = await self.desk.ask("check", task=session.task.table())
        except EngineError as error:
            return self._show([], error.what)
        except EngineGone as error:
            self._checked = None
            return self._show([], str(error))
        order = list(_MARKS)
        found = sorted(answer["findings"], key=lambda one: order.index(one["level"]))
        self._show(found, "" if found else "✓ No problem was found.")

    def _show(self, findings: list[Mapping[str, Any]], state: str) -> None:
        self.findings = findings
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options([Option(_line(finding)) for finding in findings])
        listed.display = bool(findings)
        self.query_one("#state", Static).update(plain(state))
        problems = sum(finding["level"] != "info" for finding in findings)
        self.border_subtitle = plain(counted(problems, "problem") if findings else "")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show the rows of a finding."""
        ids = self.findings[event.option_index]["ids"]
        if ids:
            self.post_message(self.Chosen(list(ids)))
        else:
            self.desk.say("This finding is about the table as a whole; it names no rows.")


def _line(finding: Mapping[str, Any]) -> Content:
    sentence = shorten(finding["sentence"], 400)
    rows = f" ({counted(len(finding['ids']), 'row')}: enter)" if finding["ids"] else ""
    return Content.assemble(_MARKS[finding["level"]], " ", plain(sentence), (rows, "dim"))
