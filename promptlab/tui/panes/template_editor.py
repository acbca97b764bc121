"""The template's editor: it colours parts, underlines problems, and lets a list of completions have some keys."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from promptlab.template.problems import Problem
from promptlab.tui.panes.pane import leave
from promptlab.tui.shown import in_place
from promptlab.tui.state.template_marks import marks, open_brace


class TemplateEditor(TextArea):
    """``problems`` are underlined; while ``is_completing``, up, down, enter, tab and escape go to the list."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "template--field",
        "template--slot",
        "template--soft",
        "template--turn",
        "template--brace",
        "template--problem",
    }
    DEFAULT_CSS = """
    TemplateEditor { border: none; padding: 0; background: transparent; }
    TemplateEditor .template--field { color: $primary; text-style: bold; }
    TemplateEditor .template--slot { color: $accent; text-style: bold reverse; }
    TemplateEditor .template--soft { color: $success; text-style: italic; }
    TemplateEditor .template--turn { color: $secondary; text-style: bold; }
    TemplateEditor .template--brace { color: $text-muted; }
    TemplateEditor .template--problem { color: $error; text-style: underline; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", show=False),
        Binding("ctrl+home", "to_start", "Start", show=False),
        Binding("ctrl+end", "to_end", "End", show=False),
    ]

    class Chosen(Message):
        """A key for the list of completions: ``up``, ``down``, ``accept`` or ``dismiss``."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        # The cursor line's style would be laid over the colours of its parts.
        super().__init__(soft_wrap=True, highlight_cursor_line=False, show_line_numbers=True, compact=True, id="editor")
        self.problems: tuple[Problem, ...] = ()
        self.is_completing = False

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Underline these."""
        if tuple(problems) != self.problems:
            self.problems = tuple(problems)
            self.notify_style_update()
            self.refresh()

    def get_line(self, line_index: int) -> Text:
        """A line with its parts coloured; characters that could drive a terminal are shown as a sign of one place."""
        line = self.document.get_line(line_index)
        shown = Text(in_place(line), end="", no_wrap=True)
        for mark in marks(line):
            shown.stylize(self._style(mark.kind), mark.start, mark.end)
        for problem in self.problems:
            if problem.line == line_index + 1:
                start = problem.column - 1
                shown.stylize(self._style("problem"), start, max(start + problem.length, start + 1))
        return shown

    def replace_all(self, text: str) -> None:
        """Another text in the place of all of it, which one undo takes back."""
        self.history.checkpoint()
        self.replace(text, (0, 0), self.document.end)
        self.history.checkpoint()

    def typed_in_braces(self) -> str | None:
        """What stands between an open brace and the cursor; None where no brace is open."""
        row, column = self.cursor_location
        before = self.document.get_line(row)[:column]
        at = open_brace(before)
        return None if at is None else before[at + 1 :]

    def complete(self, inside: str) -> None:
        """Write what a completion says between the braces, the closing one with it."""
        typed = self.typed_in_braces()
        if typed is not None:
            row, column = self.cursor_location
            ends = inside.endswith(":")
            self.replace(inside + ("" if ends else "}"), (row, column - len(typed)), (row, column))

    def go_to(self, problem: Problem) -> None:
        """Put the cursor where a problem is."""
        self.move_cursor((max(problem.line - 1, 0), max(problem.column - 1, 0)))

    async def _on_key(self, event: events.Key) -> None:
        keys = {"up": "up", "down": "down", "enter": "accept", "tab": "accept", "escape": "dismiss"}
        if self.is_completing and event.key in keys:
            event.stop()
            event.prevent_default()
            self.post_message(self.Chosen(keys[event.key]))
            return
        await super()._on_key(event)

    def action_leave(self) -> None:
        """To the pane's frame, where single letters are keys."""
        leave(self)

    def action_to_start(self) -> None:
        """To the first character."""
        self.move_cursor((0, 0))

    def action_to_end(self) -> None:
        """Behind the last character."""
        self.move_cursor(self.document.end)

    def _style(self, name: str) -> str:
        return str(self.get_component_rich_style(f"template--{name}", partial=True))
