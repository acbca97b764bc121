"""Expanding pane: a pane of the Expand screen, which shows a part of one expansion and hears of its changes."""

from typing import TYPE_CHECKING, Protocol, cast

from textual.binding import Binding

from promptlab.tui.panes.line_list import LineList
from promptlab.tui.panes.pane import Pane

if TYPE_CHECKING:
    from promptlab.tui.expanding import Expansion


class ExpandScreen(Protocol):
    """What the panes need of their screen."""

    expansion: "Expansion"

    def look(self) -> None:
        """Look for words again."""


class ExpandingPane(Pane):
    """``expansion`` is the screen's; ``changed`` shows it anew."""

    place = "expand"
    title = "Expand"
    inner = "LineList"
    saves = "words"
    HELP = """# Expand

More words for a label: from WordNet, from neighbours, from what the model itself says, and from word lists.
"""
    BINDINGS = [Binding("down,j", "step(1)", show=False), Binding("up,k", "step(-1)", show=False)]  # noqa: RUF012

    @property
    def owner(self) -> ExpandScreen:
        """The screen."""
        return cast("ExpandScreen", self.screen)

    @property
    def expansion(self) -> "Expansion":
        """What is found."""
        return self.owner.expansion

    @property
    def lines(self) -> LineList:
        """The list."""
        return self.query_one(LineList)

    def on_mount(self) -> None:
        """Show what there is."""
        super().on_mount()
        self.changed()

    def changed(self) -> None:
        """Something about the expansion changed."""

    def action_step(self, step: int) -> None:
        """From the frame into the list."""
        self.enter()
        self.lines.action_move(step)
