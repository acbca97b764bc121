"""A line to type into that shows what could drive a terminal as a sign; its value stays as it was given."""

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Input

from promptlab.tui.shown import in_place


class LineInput(Input):
    """Textual's input draws its value raw: a pasted escape sequence would reach the terminal."""

    @property
    def _value(self) -> Text:
        return Text(in_place(self.value), no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        return cell_len(in_place(self.value[:position]))
