"""Preview pane: one row as the model sees it, what it says at the slot, and whether that is right."""

import math
from collections import deque
from collections.abc import Mapping, Sized
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from promptlab.jobs.client import EngineError, EngineGone
from promptlab.text import counted, shorten
from promptlab.tui.actions import Action, declare
from promptlab.tui.panes.live_text import STALE
from promptlab.tui.panes.pane import Pane
from promptlab.tui.shown import plain
from promptlab.tui.work import work

if TYPE_CHECKING:
    from promptlab.tui.desk import Topic

_COMING = "The row stands here once the model is loaded."
_EMPTY = "A row of the data stands here as the model sees it, once a table is open (ctrl+o)."
# Seconds between two requests while figures stream in.
_PAUSE = 0.4
_TOP, _LABELS, _WORDS = 5, 6, 8  # that are shown
_PROMPT = 4000  # characters
_SMALL = 0.001  # a probability that is shown as below this
_STEPS = 20  # that a held key may be ahead of the rows


class PreviewPane(Pane):
    """Asks for the desk's row again when template, words or figures changed."""

    place = "preview"
    title = "Preview"
    inner = "#row-seen"
    HELP = """# Preview

One row's prompt with its slot, the words that the model finds likeliest there, your label words, and the label that
follows. Left and right step through the rows, `n` and `N` through the wrong ones. What did not fit into the prompt is
named under it.
"""
    BINDINGS: ClassVar[list[BindingType]] = declare(
        Action("preview.next_wrong", "n", "step('next-wrong')", "Next wrong", "Show the next wrong row.", True),
        Action("preview.previous_wrong", "N", "step('previous-wrong')", "Wrong before", "Show the wrong row before."),
        Action("preview.next", "right,l", "step('next')", "Next row", "Show the next row."),
        Action("preview.previous", "left,h", "step('previous')", "Row before", "Show the row before."),
    )

    def __init__(self) -> None:
        super().__init__()
        self._waits = False
        self._of: tuple[int, int] | None = None  # the revisions that the row shown belongs to
        self._counted = ""
        self._steps: deque[str] = deque()

    def compose(self) -> ComposeResult:
        """One text that scrolls."""
        with VerticalScroll(id="row-seen"):
            yield Static(_EMPTY, markup=False)

    def on_mount(self) -> None:
        """Show the row that the desk is at."""
        if self.desk.task is not None:
            self._ask()

    def heard(self, topic: "Topic") -> None:
        """Something that the row's prompt or scores depend on changed."""
        if topic == "task":
            self.desk.row = 0
            self._forget(_EMPTY if self.desk.task is None else _COMING)
        if topic in ("template", "words", "model", "rows"):
            self._show_title()
        if topic in ("task", "template", "words", "figures", "row", "rows") and not self._waits:
            self._waits = True
            self.set_timer(_PAUSE if topic in ("figures", "template") else 0.02, self._ask)

    def _ask(self) -> None:
        self._waits = False
        if self.desk.task is not None and self.desk.session.words is not None:
            work(self, "row", self._show)

    async def _show(self) -> None:
        """Show the row, then those that were stepped to meanwhile: newer work takes over what older did not end."""
        try:
            await self._show_next()
            while self._steps:
                await self._show_next()
        except EngineError as error:
            self._steps.clear()
            if error.kind != "unread":
                self._forget(error.what)
        except EngineGone as error:
            self._steps.clear()
            self._forget(str(error))

    async def _show_next(self) -> None:
        """The row of the next step, or that of the desk again. Raises EngineError and EngineGone."""
        find, revisions = self._steps[0] if self._steps else "", self._revisions()
        asked: dict[str, Any] = {"find": find} if find else {}
        row = await self.desk.ask("row", place=self.desk.row, **asked, **self.desk.scoring())
        if find:
            self._steps.popleft()
        if "wrong" in find and not row["wrong"]:
            self.desk.say("No row is wrong so far.")
        self._waits = True  # the row that comes is shown already
        self.desk.show_row(int(row["place"]))
        self._waits = False
        self._update(seen(row))
        self._of = revisions
        self._counted = f"  {row['place'] + 1:,} of {row['n']:,}"
        self._show_title()
        self.border_subtitle = plain(f"{counted(row['wrong'], 'row')} wrong · n next wrong · ← → rows")

    def _revisions(self) -> tuple[int, int]:
        return self.desk.session.read_rev, self.desk.session.score_rev

    def _show_title(self) -> None:
        """Which row it is, and that it is one of before the last edit while it is."""
        is_stale = self._of is not None and self._of != self._revisions()
        self.set_class(is_stale, "-stale")
        self.border_title = plain(f"{self.title}{self._counted}{f'  {STALE}' if is_stale else ''}")

    def _forget(self, instead: str) -> None:
        """The row shown is none of this table, or cannot be explained: a sentence stands there instead."""
        self._of, self._counted = None, ""
        self._update(plain(instead))
        self._show_title()
        self.border_subtitle = None

    def _update(self, content: Content) -> None:
        self.query_one("#row-seen Static", Static).update(content)

    def action_step(self, find: str) -> None:
        """Show another row."""
        if len(self._steps) < _STEPS:
            self._steps.append(find)
        self._ask()


def seen(row: Mapping[str, Any]) -> Content:
    """The row as text: verdict, prompt, what was cut, likeliest words, label words, labels."""
    lines = [verdict(row)]
    if row["prompt"]:
        lines.append(plain(_cut(row["prompt"]), newlines=True))
    if row["cut"]:
        cut = ", ".join(f"{counted(n, 'piece')} of {shorten(name, 30)}" for name, n in row["cut"].items())
        lines.append(plain(f"✂ cut to fit: {cut}"))
    for slot in row["top"]:
        shares = " · ".join(f"{shorten(str(one['piece']), 20)} {one['probability']:.2f}" for one in slot[:_TOP])
        lines.append(_line("likeliest", shares))
    if row["words"]:
        lines.append(_line("your words", " · ".join(map(_word, row["words"][:_WORDS])) + _more(row["words"], _WORDS)))
    if row["labels"]:
        ranked = sorted(row["labels"].items(), key=lambda one: -one[1])[:_LABELS]
        shares = " · ".join(f"{shorten(name, 24)} {math.exp(score):.3f}" for name, score in ranked)
        lines.append(_line("labels", shares + _more(row["labels"], _LABELS)))
    return Content("\n").join(lines)


def verdict(row: Mapping[str, Any]) -> Content:
    """Whether the row is right, its label and what was predicted."""
    mark = {True: "✓ right", False: "✗ wrong", None: "· not read yet"}[row["right"]]
    label = "no label" if row["label"] is None else f"label {shorten(str(row['label']), 40)}"
    said = "" if row["prediction"] is None else f" · predicted {shorten(str(row['prediction']), 40)}"
    return Content.assemble((mark, "bold"), "  ", plain(label + said))


def _line(name: str, text: str) -> Content:
    return Content.assemble((f"{name}  ", "bold"), plain(text))


def _word(one: Mapping[str, Any]) -> str:
    rank = "" if one["rank"] is None else f" (rank {one['rank']:,})"
    probability = math.exp(one["logprob"])
    shown = f"{probability:.3f}" if probability >= _SMALL else f"<{_SMALL}"
    return f"{shorten(str(one['word']), 20)} {shown}{rank}"


def _more(every: Sized, shown: int) -> str:
    return f" · and {len(every) - shown:,} more" if len(every) > shown else ""


def _cut(text: str) -> str:
    return text if len(text) <= _PROMPT else f"{text[:_PROMPT]}… ({len(text):,} characters)"
