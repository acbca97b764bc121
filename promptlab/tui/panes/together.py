"""Together pane: how accurate the ensemble is, against its best member and against the baseline."""

from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from promptlab.results.wording import accuracy, figure
from promptlab.text import counted, shorten
from promptlab.tui.panes.live_text import STALE
from promptlab.tui.panes.pane import Pane
from promptlab.tui.shown import effect, plain

_EMPTY = "Tick two or more members with space: what they say together stands here."


class TogetherPane(Pane):
    """One text: the number first."""

    place = "together"
    title = "Together"
    inner = "#together"
    HELP = """# Ensemble: together

The accuracy of the members' combination on the live rows, with its interval; how much better or worse that is than the
best member alone (not tested: the best of several is best by luck too), and against the pinned baseline with the paired
test. `ctrl+s` saves the ensemble as a bundle.
"""

    def __init__(self) -> None:
        super().__init__()
        self._shown = Content("")

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="together"):
            yield Static(plain(_EMPTY), markup=False)

    def show(self, answer: Mapping[str, Any] | None, *, is_current: bool, said: str) -> None:
        """Show the answer; ``said`` is what goes on, or why there is no newer one."""
        parts = [plain(said)] if said else []
        if answer is not None:
            parts += _together(answer, is_current=is_current)
        text = Content("\n").join(parts or [plain(_EMPTY)])
        if not text.is_same(self._shown):
            self._shown = text
            self.query_one(Static).update(text)
        self.border_subtitle = plain("ctrl+s saves it" if answer is not None and is_current else "")


def _together(answer: Mapping[str, Any], *, is_current: bool) -> list[Content]:
    figures, members = answer["figures"], answer["members"]
    if figures["accuracy"] is None:
        return [plain("No row has a label, so there is no accuracy.")]
    number = accuracy(figures["accuracy"], tuple(figures["interval"]), figures["n"])
    head = Content.assemble((number, "bold" if is_current else "dim"), "" if is_current else f"  {STALE}")
    lines = [head, plain(f"{counted(len(members), 'member')}, {figures['rows']}")]
    if is_current:
        lines += [Content(""), *_against(figures, members), Content(""), *_notes(answer)]
    return lines


def _against(figures: Mapping[str, Any], members: Sequence[Mapping[str, Any]]) -> list[Content]:
    best = max((one for one in members if one["accuracy"] is not None), key=lambda one: one["accuracy"], default=None)
    lines = []
    if best is not None:
        lines.append(plain(f"best member: {figure(best['accuracy'])}, {shorten(best['name'], 60)}"))
        lines.append(Content.styled(f"{effect(figures['accuracy'] - best['accuracy'])} points against it", "bold"))
    if (delta := figures["delta"]) is not None:
        against = f"{effect(delta['difference'])} points against the baseline, {shorten(str(delta['against']), 60)}"
        lines += [plain(against), plain(f"  {delta['sentence']}")]
    return lines


def _notes(answer: Mapping[str, Any]) -> list[Content]:
    """On what the members were weighed, and what makes the number doubtful."""
    weighed = answer.get("weighed_on")
    notes = [plain(f"weighed on: {weighed}")] if isinstance(weighed, str) and weighed else []
    return notes + [Content.styled(plain(f"! {line}").plain, "$warning") for line in answer["figures"]["warnings"]]
