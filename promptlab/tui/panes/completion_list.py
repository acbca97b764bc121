"""The list of completions below the template's editor: names from the data are text, never markup."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from promptlab.text import shorten
from promptlab.tui.shown import plain
from promptlab.tui.state.completions import Completion


class CompletionList(OptionList, can_focus=False):
    """Shown while there is something to choose; the editor keeps the focus and sends the keys."""

    DEFAULT_CSS = """
    CompletionList { display: none; height: auto; max-height: 8; border: none; padding: 0; background: $panel; }
    CompletionList.-open { display: block; }
    """

    found: tuple[Completion, ...] = ()

    def show(self, found: Sequence[Completion]) -> None:
        """Show these, the first one marked; none closes the list."""
        self.set_class(bool(found), "-open")
        if tuple(found) == self.found:
            return
        self.found = tuple(found)
        self.clear_options()
        self.add_options([Option(_line(one)) for one in found])
        self.highlighted = 0 if found else None

    @property
    def is_open(self) -> bool:
        """Whether there is something to choose."""
        return self.has_class("-open")

    @property
    def chosen(self) -> Completion | None:
        """The one that is marked."""
        return None if self.highlighted is None else self.found[self.highlighted]


def _line(one: Completion) -> Content:
    return Content.assemble(plain(f"{{{shorten(one.inside, 40)}}}"), ("  " + shorten(one.means, 60), "dim"))
