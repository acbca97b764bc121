"""Try pane: a text goes in, the bundle's label probabilities come out."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.line_input import LineInput
from promptlab.tui.panes.pane import Pane, leave
from promptlab.tui.panes.row_details import bar
from promptlab.tui.shown import plain
from promptlab.tui.work import work

_HINT = "Type a text and press enter."


class TryPane(Pane):
    """Asks the engine what the bundle makes of a text; the first time its model is loaded."""

    place = "try"
    title = "Try it"
    inner = "#try"
    HELP = """# Try it

Type a text and press enter: the bundle says how likely each label is. The first text takes longer, because the bundle's
model is loaded.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("try.leave", "escape", "leave", "Leave", "Leave the text for the pane's frame.")
    )

    def __init__(self) -> None:
        super().__init__()
        self.bundle: Mapping[str, Any] | None = None

    def compose(self) -> ComposeResult:
        """The text and the answer."""
        yield LineInput(placeholder=_HINT, id="try")
        yield Static("", id="answer", markup=False)

    def use(self, bundle: Mapping[str, Any] | None) -> None:
        """Try this bundle from now on."""
        if bundle != self.bundle:
            self._say("")
        self.bundle = bundle

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Try the text."""
        if self.bundle is None:
            self._say("Mark a bundle in the list first.")
        elif self.bundle["problem"]:
            self._say("This bundle is damaged; it cannot be tried.")
        elif event.value.strip():
            work(self, "try", self._try, self.bundle, event.value)

    async def _try(self, bundle: Mapping[str, Any], text: str) -> None:
        self._say("Reading …")
        try:
            answer = await self.desk.ask("bundle", op="try", folder=bundle["folder"], text=text)
        except EngineError as error:
            return self._say(" ".join(part for part in (error.what, error.remedy) if part))
        except EngineGone as error:
            return self._say(str(error))
        shares = sorted(answer["labels"].items(), key=lambda one: -one[1])
        width = min(max(len(shorten(label, 20)) for label, _ in shares), 20)
        lines = [f"{shorten(label, 20):<{width}} {share:.3f} {bar(share, 24)}" for label, share in shares[:20]]
        self._say("\n".join([*lines, f"{answer['seconds']:.2f} s"]))

    def _say(self, sentence: str) -> None:
        self.query_one("#answer", Static).update(plain(sentence, newlines=True))

    def action_leave(self) -> None:
        """From the text to the frame."""
        leave(self.query_one("#try"))
