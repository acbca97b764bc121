"""What the live pane says, in words: number, phase, rows, difference, calibration, history, warnings, failure."""

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from textual.content import Content

from promptlab.results.wording import accuracy, figure, interval
from promptlab.text import counted, listed, safe_text, shorten
from promptlab.tui.panes.spark import spark
from promptlab.tui.shown import effect, plain
from promptlab.tui.state.live import Figures, Live
from promptlab.tui.state.session import Session

STALE = "stale (edited)"
FROZEN = "frozen, reading goes on"
_MOST_WARNINGS = 3
_DONE, _WAITING, _RUNNING, _FAILED = "●", "◌", "▶", "✗"
# What to do after an error of a kind, where the engine has said nothing itself.
_REMEDIES = {
    "memory": "Choose a smaller model with ctrl+g, or fewer rows.",
    "model": "Choose another model with ctrl+g.",
    "data": "Open another table with ctrl+o.",
    "ours": "f12 shows what the engine wrote; ctrl+r starts it again.",
}


@dataclass(frozen=True)
class View:
    """What is shown of: ``obstacle`` says why what stands in the editors is not read, empty when it is."""

    live: Live
    session: Session
    obstacle: str = ""
    is_frozen: bool = False

    @property
    def is_current(self) -> bool:
        """Whether the figures are about what stands in the editors."""
        return self.live.is_current(self.session)

    @property
    def is_baseline(self) -> bool:
        """Whether the figures are those of the baseline itself."""
        figures, baseline = self.live.figures, self.live.baseline
        if figures is None or baseline is None:
            return False
        return all(baseline[1].get(key) == figures[key] for key in ("read_rev", "score_rev"))


def number(view: View) -> str:
    """The accuracy; empty while there is none."""
    figures = view.live.figures
    return "" if figures is None or figures["accuracy"] is None else figure(figures["accuracy"])


def rows_counted(figures: Figures) -> str:
    """``872 rows``, and while they stream in ``60 of 872 rows``."""
    n, total = figures["n"], figures["total"]
    return counted(n, "row") if figures["complete"] else f"{n:,} of {counted(total, 'row')}"


def beside_number(view: View) -> list[Content]:
    """What stands beside the large number: accuracy, interval and rows, or that there is none."""
    figures = view.live.figures
    if figures is None or figures["accuracy"] is None:
        return [Content("accuracy"), Content.styled("no number yet", "dim"), Content("")]
    style = "" if view.is_current else "dim"
    return [
        Content.styled(f"accuracy {figure(figures['accuracy'])}", style or "bold"),
        Content.styled(f"({interval(figures['interval'])})", style),
        Content.styled(rows_counted(figures), style),
    ]


def phase(view: View) -> str:
    """The phase in words with its sign."""
    live = view.live
    if view.obstacle and live.phase not in ("stopped", "failed") and not view.is_current:
        return f"{_WAITING} waiting: {view.obstacle}"
    match live.phase:
        case "idle":
            return "○ idle"
        case "waiting":
            return f"{_WAITING} waiting"
        case "loading":
            done = f" {live.done / live.total:.0%}" if live.total else ""
            return f"{_WAITING} {live.said or 'loading the model'}{done}"
        case "reading":
            if not live.total or live.said not in ("", "reading"):  # words or texts, not rows
                return f"{_RUNNING} {live.said or 'reading'}"
            rate = f", {live.rate:,.0f} rows/s" if live.rate else ""
            return f"{_RUNNING} reading {live.done:,} of {counted(live.total, 'row')}{rate}"
        case "done":
            return f"{_DONE} done" if view.is_current or live.figures is None else f"{_RUNNING} scoring"
        case _:
            return f"{_FAILED} {live.phase}"


def phase_line(view: View, width: int) -> Content:
    """The phase, or that the display is frozen; and that the number is stale."""
    words = [FROZEN] if view.is_frozen else []
    words += [STALE] if view.live.figures is not None and not view.is_current else []
    room = width - sum(len(word) + 3 for word in words)
    parts = [] if view.is_frozen else [plain(shorten(phase(view), max(room, 10)))]
    return Content(" · ").join([*parts, *(Content.styled(word, "bold $warning") for word in words)])


def rows_line(view: View, width: int) -> Content:
    """Which rows these are, and the keys that read others."""
    figures, rows = view.live.figures, view.session.rows
    which = str(figures["rows"]) if figures is not None else {"live": "live rows", "all": "all rows"}.get(rows, "test")
    key = "r reads all" if rows == "live" else "r back to live rows"
    keys = f"{key}, T test" if rows != "test" else key
    return Content.assemble(shorten(which, max(8, width - len(keys) - 2)), "  ", (keys, "dim"))


def majority_line(figures: Figures) -> Content:
    """What always saying the most frequent label would give."""
    most = figures["majority"]
    below = "  ▼ below it" if figures["accuracy"] < most["share"] else ""
    return Content(f"majority {figure(most['share'])} (always {shorten(str(most['label']), 24)}){below}")


def delta_lines(view: View, width: int) -> list[Content]:
    """The difference to the baseline in sign, arrow and words; none is shown for a stale number."""
    live = view.live
    if live.figures is None or live.baseline is None:
        return [] if live.figures is None else [Content.styled("no baseline yet, b pins this number", "dim")]
    name, base = live.baseline
    of = f"baseline {figure(base['accuracy'])}, {name}"
    if not view.is_current:
        return [_dim(shorten(of, width))]
    if view.is_baseline:
        return [_dim("this is the baseline (pinned)")]
    delta = live.figures["delta"]
    if delta is None:
        return [_dim(shorten(of, width)), _dim("nothing to compare: it is of other rows")]
    head = f"{effect(delta['difference'])} points against {delta['against']}"
    style = {"second": "bold $success", "first": "bold $error"}.get(delta["verdict"], "bold")
    said = wrap(safe_text(str(delta["sentence"])), max(width - 2, 20))[:4]
    return [Content.styled(shorten(head, width), style), *(Content(f"  {line}") for line in said)]


def calibration_lines(view: View, width: int) -> list[Content]:
    """Which calibration is on, the keys for another, and the numbers with and without it side by side."""
    kind, figures = view.session.calibration, view.live.figures
    head = Content.assemble(f"calibration: {kind or 'none'}", "  ", ("c next, m all kinds", "dim"))
    found = figures["calibration"] if figures is not None else None
    if figures is None or kind is None:
        return [head]
    if found is None:
        return [head, _dim("  not in the number yet")]
    style = "" if view.is_current else "dim"
    raw = found["raw"]
    both = [
        f"with {figure(figures['accuracy'])} ({interval(figures['interval'])})",
        f"without {figure(raw['accuracy'])} ({interval(raw['interval'])})",
    ]
    joined = "  " + " · ".join(both)
    return [
        head,
        *(Content.styled(line, style) for line in ([joined] if len(joined) <= width else ["  " + b for b in both])),
    ]


def chance(figures: Figures | None) -> float:
    """The accuracy of guessing: where the axis of the history begins."""
    labels = len(figures["labels"]) if figures is not None else 0
    return 1 / labels if labels > 1 else 0.0


def history_lines(view: View, width: int, height: int = 1) -> list[Content]:
    """The complete numbers of this session, on an axis from chance to 1."""
    points = [point.accuracy for point in view.live.history]
    if not points or height < 1:
        return []
    low = chance(view.live.figures)
    rows = spark(points, low=low, high=1.0, width=max(1, width - 15), height=height)
    if height == 1:
        return [Content.assemble(("history ", "dim"), (f"{low:.2f} ", "dim"), rows[0], (" 1.00", "dim"))]
    ends = ["1.00", *[" " * 4] * (height - 2), f"{low:.2f}"]
    names = ["history", *[" " * 7] * (height - 2), "       "]
    return [Content.assemble((f"{name} {end} ", "dim"), row) for name, end, row in zip(names, ends, rows, strict=True)]


def warning_lines(view: View, width: int) -> list[Content]:
    """What makes the number doubtful, a line each."""
    figures, session = view.live.figures, view.session
    if figures is None:
        return []
    said = []
    if session.rows == "test":
        said.append(f"test rows: evaluation {session.test_reads} on them in this session; an edit leaves them")
    if figures["cut"]["rows"]:
        cut = figures["cut"]
        said.append(f"{counted(cut['rows'], 'row')} cut to fit the model ({counted(cut['pieces'], 'piece')} lost)")
    said += map(str, figures["warnings"])
    left = len(said) - _MOST_WARNINGS
    shown = said if left <= 0 else [*said[: _MOST_WARNINGS - 1], f"and {left + 1} more warnings: " + listed(said[2:])]
    return [Content.styled(shorten(f"! {line}", width), "$warning") for line in shown]


def failure_lines(view: View, width: int) -> list[Content]:
    """Why there is no newer number, and what to do; nothing while all is well."""
    live = view.live
    if live.phase == "stopped":
        return _wrapped(f"✗ {live.said or 'The engine stopped.'} Press ctrl+r to start it again.", width)
    if live.phase != "failed" or live.failure is None:
        return []
    failure: Mapping[str, Any] = live.failure
    what, remedy = str(failure["what"]), str(failure.get("remedy") or "")
    return _wrapped(" ".join(filter(None, (f"✗ {what}", remedy or _REMEDIES.get(failure.get("kind", ""), "")))), width)


def mini(view: View, width: int) -> Content:
    """All of it in one line, for screens on which the pane does not fit."""
    live, figures = view.live, view.live.figures
    if view.session.task is None:
        return _dim("no table is open, ctrl+o opens one")
    said = phase(view)
    if figures is None or figures["accuracy"] is None:
        return plain(shorten(said, width))
    bounds = tuple(figures["interval"])
    shown = accuracy(figures["accuracy"], bounds, figures["n"])
    if not figures["complete"]:
        shown = f"{figure(figures['accuracy'])} ({interval(bounds)}, {rows_counted(figures)})"
    if not view.is_current:
        tail = f"{STALE}  {said}"
        return Content.assemble((shown, "dim"), "  ", (shorten(tail, max(8, width - len(shown) - 2)), "bold"))
    delta = f" {effect(figures['delta']['difference'])}" if figures["delta"] and not view.is_baseline else ""
    room = max(0, width - len(shown) - len(delta) - len(said) - 4)
    values = [point.accuracy for point in live.history]
    line = spark(values, low=chance(figures), high=1.0, width=min(room, 20))[0] if values and room else ""
    said = shorten(said, max(0, width - len(shown) - len(delta) - len(line) - 3))
    return Content.assemble((shown, "bold"), delta, f" {line}" if line else "", "  ", plain(said))


def _dim(text: str) -> Content:
    return Content.styled(safe_text(text), "dim")


def _wrapped(text: str, width: int) -> list[Content]:
    return [Content.styled(line, "$error") for line in wrap(safe_text(text), max(width, 20))[:8]]
