"""The parts of the live pane below the number, as lines that fit; what is left of the height goes to the labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from promptlab.tui.panes import live_text
from promptlab.tui.panes.bars import label_bars
from promptlab.tui.panes.confusion import Grid, confusion_lines, grid_of
from promptlab.tui.panes.live_text import View

_TOP = 3  # lines of the number
_GAPS = 5  # empty lines between the parts where there is room
_TALL = 32  # from this height on the history has three lines


@dataclass(frozen=True)
class Sections:
    """Lines by the part's name, and what of the confusions is drawn where."""

    lines: Mapping[str, Sequence[Content]]
    grid: Grid | None = None


def below_number(view: View, cursor: tuple[int, int], *, width: int, height: int, is_roomy: bool) -> Sections:
    """Everything but the number itself, for a pane of this size; ``cursor`` is the cell of the confusions."""
    figures = view.live.figures
    lines: dict[str, Sequence[Content]] = {
        "phase": [live_text.phase_line(view, width)],
        "failure": live_text.failure_lines(view, width),
        "warnings": live_text.warning_lines(view, width),
        "delta": live_text.delta_lines(view, width),
        "rows": [live_text.rows_line(view, width)],
        "calibration": live_text.calibration_lines(view, width),
        "history": live_text.history_lines(view, width, 3 if height >= _TALL else 1),
        "confusion": (),
    }
    if figures is None or not figures["confusion"]:
        return Sections(lines)
    lines["rows"] = [live_text.majority_line(figures), *lines["rows"]]
    left = height - _TOP - sum(map(len, lines.values())) - (_GAPS if is_roomy else 0)
    labels = figures["labels"]
    row, column = (min(place, len(labels) - 1) for place in cursor)
    most = min(len(labels), max(1, (left - 2) // 2))
    bars = label_bars(figures["per_label"], labels, at=row, width=width, height=min(most, left))
    grid = grid_of(labels, (row, column), width=width, height=left - len(bars))
    lines["bars"] = bars
    if left - len(bars) >= 3:
        lines["confusion"] = confusion_lines(labels, figures["confusion"], (row, column), grid)
    if not view.is_current:
        lines["bars"] = [one.stylize("dim") for one in bars]
        lines["confusion"] = [one.stylize("dim") for one in lines["confusion"]]
    return Sections(lines, grid)
