"""Row pane: one row whole: its fields, the prompt, the likeliest words, and the score of each label."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import counted, shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.pane import Pane
from promptlab.tui.shown import plain
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

_EMPTY = "Press enter on a row to see it whole, n for the next wrong one."
_FIELDS = 40  # that are shown
_SCORES = 20  # labels with their scores
_FIELD = 4000  # characters of a field
_BAR = 16


class RowPane(Pane):
    """Shows the row at a place of the data; again when what is predicted for it changes."""

    place = "row"
    title = "Row"
    inner = "#row"
    HELP = """# Row

The row under the rows' cursor when you pressed enter: all its fields, the prompt as the model saw it, what was cut to
fit, the words that the model finds likeliest at each slot, and how likely each label is.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("row.next_wrong", "n", "step('next-wrong')", "Next wrong", "Show the next wrong row.", True),
        Action("row.previous_wrong", "N", "step('previous-wrong')", "Previous wrong", "Show the wrong row before."),
        Action("row.next", "right", "step('next')", "Next", "Show the next row."),
        Action("row.previous", "left", "step('previous')", "Previous", "Show the row before."),
        Action("row.back", "escape", "back", "Back to the rows", "Go back to the table.", True),
    )

    class Left(Message):
        """Back to the table, at the row that was shown last."""

        def __init__(self, place: int | None) -> None:
            super().__init__()
            self.place = place

    def __init__(self) -> None:
        super().__init__()
        self.at: int | None = None
        self._is_refreshing = False

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="row"):
            yield Static(_EMPTY, markup=False)

    def heard(self, topic: "Topic") -> None:
        """Show nothing of another table, and what is new about the row."""
        if topic in ("task", "rows"):
            self.at = None
            self._update(plain(_EMPTY))
        elif topic == "figures" and self.at is not None and not self._is_refreshing:
            self._is_refreshing = True
            self.set_timer(0.4, self._refresh)

    def _refresh(self) -> None:
        self._is_refreshing = False
        if self.at is not None:
            self.show(self.at)

    def show(self, place: int, find: str | None = None) -> None:
        """Show the row at a place, or the one that a step leads to from there."""
        work(self, "row", self._show, place, find)

    async def _show(self, place: int, find: str | None) -> None:
        fields = {"place": place, **({"find": find} if find else {}), **self.desk.scoring()}
        try:
            row = await self.desk.ask("row", **fields)
        except EngineError as error:
            sentence = "This row is not read yet. Its prompt and scores stand here once it is."
            return self._update(plain(sentence if error.kind == "unread" else str(error)))
        except EngineGone as error:
            return self._update(plain(str(error)))
        self.at = int(row["place"])
        if find and "wrong" in find and not row["wrong"]:
            self.desk.say("No row is wrong so far.")
        self._update(details(row))

    def _update(self, content: Content) -> None:
        self.query_one("#row Static", Static).update(content)

    def action_step(self, find: str) -> None:
        """Show another row."""
        self.show(self.at or 0, find)

    def action_back(self) -> None:
        """Back to the table."""
        self.post_message(self.Left(self.at))


def details(row: Mapping[str, Any]) -> Content:
    """The row as text: verdict, scores, fields, prompt, what was cut, likeliest words."""
    parts = [_verdict(row)]
    if row["labels"]:
        more = len(row["labels"]) - _SCORES
        named = f"Labels, {more:,} less likely ones left out" if more > 0 else "Labels"
        parts.append(_section(named, _scores(row["labels"])))
    for name, text in [*row["fields"].items()][:_FIELDS]:
        parts.append(_section(shorten(name, 60), plain(_cut(str(text)), newlines=True)))
    left = max(0, len(row["fields"]) - _FIELDS) + row.get("fields_left", 0)
    if left:
        parts.append(plain(f"… and {counted(left, 'more field')}"))
    if row["prompt"]:
        parts.append(_section(f"Prompt, {counted(row['pieces'], 'piece')}", plain(_cut(row["prompt"]), newlines=True)))
    if row["cut"]:
        cut = ", ".join(f"{counted(n, 'piece')} of {shorten(name, 30)}" for name, n in row["cut"].items())
        parts.append(plain(f"✂ Cut to fit: {cut}"))
    for number, slot in enumerate(row["top"], start=1):
        name = "Likeliest words" if len(row["top"]) == 1 else f"Likeliest words of slot {number}"
        parts.append(_section(name, _bars([(str(one["piece"]), one["probability"]) for one in slot])))
    return Content("\n\n").join(parts)


def _verdict(row: Mapping[str, Any]) -> Content:
    mark = {True: "✓ right", False: "✗ wrong", None: "· not read yet"}[row["right"]]
    label, said = row["label"], row["prediction"]
    words = [f"row {row['place'] + 1:,} of {row['n']:,} · {shorten(str(row['id']), 40)}"]
    words.append(f"label {shorten(str(label), 40)}" if label is not None else "no label")
    if said is not None:
        words.append(f"predicted {shorten(str(said), 40)}")
    return Content.assemble((mark, "bold"), "  ", plain(" · ".join(words)))


def _section(title: str, body: Content) -> Content:
    return Content.assemble((title, "bold"), "\n", body)


def _scores(labels: Mapping[str, float]) -> Content:
    """Log-probabilities of the labels as bars, the likeliest first."""
    return _bars(sorted(((name, math.exp(score)) for name, score in labels.items()), key=lambda one: -one[1])[:_SCORES])


def _bars(shares: list[tuple[str, float]]) -> Content:
    width = min(max((len(shorten(name, 20)) for name, _ in shares), default=0), 20)
    lines = [f"{shorten(name, 20):<{width}} {share:.3f} {bar(share)}" for name, share in shares]
    return plain("\n".join(lines), newlines=True)


def bar(share: float, width: int = _BAR) -> str:
    """A share of 1 as a bar of blocks."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _cut(text: str) -> str:
    return text if len(text) <= _FIELD else f"{text[:_FIELD]}… ({len(text):,} characters)"
