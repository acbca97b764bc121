"""Workbench: the library, the template, its label words, one row's prompt, and the accuracy that follows."""

from collections.abc import Iterable

from textual.containers import Vertical
from textual.widget import Widget

from promptlab.tui.panes.library import LibraryPane
from promptlab.tui.panes.live import LivePane
from promptlab.tui.panes.preview import PreviewPane
from promptlab.tui.panes.template import TemplatePane
from promptlab.tui.panes.words import WordsPane
from promptlab.tui.screens.mode import Mode


class Workbench(Mode):
    """The first mode: everything that one prompt is made of."""

    mode = "workbench"
    title_shown = "Workbench"
    first = "words"

    def panes(self) -> Iterable[Widget]:
        """Library, editors, live."""
        yield LibraryPane()
        with Vertical(id="editors"):
            yield TemplatePane()
            yield WordsPane()
            yield PreviewPane()
        yield LivePane()
