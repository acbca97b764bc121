"""What the live pane says: no stale number as current, no number without its rows, and what to do after a failure."""

from dataclasses import replace
from typing import Any

import pytest
from scripted_engine import Asked, figures

from promptlab.tui.panes import live_text
from promptlab.tui.panes.live_sections import below_number
from promptlab.tui.panes.live_text import View
from promptlab.tui.state.live import MOST_POINTS, Live
from promptlab.tui.state.session import Session, TaskChoice

SESSION = Session(task=TaskChoice("reviews"), template="{text} {mask}", read_rev=3, score_rev=5)
BETTER = {"difference": 0.031, "verdict": "second", "sentence": "this one is better", "against": "first", "n": 60}


def of(session: Session = SESSION, **more: Any) -> dict[str, Any]:
    """Figures of the session's revisions."""
    return figures(Asked("read", session.read_rev, session.score_rev), **more)


def seen(session: Session = SESSION, *, live: dict[str, Any] | None = None, **more: Any) -> View:
    """A complete evaluation of the session, as it is seen."""
    found = Live(phase="done").with_figures(of(session, **more), name="a prompt")
    return View(replace(found, **(live or {})), session)


def edited(view: View) -> View:
    """The same after a label word was edited."""
    return replace(view, session=replace(view.session, score_rev=view.session.score_rev + 1))


def text(view: View, *, width: int = 60, height: int = 40) -> str:
    """All that stands below the number."""
    sections = below_number(view, (0, 1), width=width, height=height, is_roomy=False)
    return "\n".join(line.plain for lines in sections.lines.values() for line in lines)


def test_an_accuracy_has_its_interval_and_rows_beside_it() -> None:
    lines = [line.plain for line in live_text.beside_number(seen(accuracy=0.842))]
    assert lines == ["accuracy 0.842", "(0.742 to 0.942)", "60 rows"]
    assert live_text.rows_counted(of(n=60, total=872)) == "60 of 872 rows"


def test_a_number_of_older_words_is_called_stale_and_its_difference_is_hidden() -> None:
    baseline = {"live": {"baseline": ("first", {"accuracy": 0.7, "read_rev": 1, "score_rev": 1})}}
    view = seen(delta=BETTER, **baseline)
    assert "▲ +3.1 points against first" in text(view) and "this one is better" in text(view)
    old = edited(view)
    assert live_text.STALE in text(old) and "+3.1" not in text(old) and "better" not in text(old)
    assert live_text.STALE in live_text.mini(old, 100).plain and "+3.1" not in live_text.mini(old, 100).plain


def test_the_mini_line_holds_number_interval_rows_difference_history_and_phase() -> None:
    view = seen(accuracy=0.842, delta=BETTER, n=872, total=872)
    line = live_text.mini(view, 100).plain
    assert line.startswith("0.842 (0.742 to 0.942, 872 rows) ▲ +3.1 ") and line.endswith("● done") and "▅" in line
    assert "60 of 872 rows" in live_text.mini(seen(n=60, total=872), 100).plain


@pytest.mark.parametrize("width", [60, 78, 120])
def test_the_mini_line_fits(width: int) -> None:
    view = seen(delta=BETTER, live={"phase": "reading", "done": 999_000, "total": 1_000_000, "rate": 12_345.0})
    for one in (view, edited(view), seen(live={"figures": None, "phase": "waiting"})):
        assert len(live_text.mini(one, width).plain) <= width


@pytest.mark.parametrize(
    ("live", "words"),
    [
        ({"phase": "idle"}, "○ idle"),
        ({"phase": "waiting"}, "◌ waiting"),
        ({"phase": "loading", "said": ""}, "◌ loading the model"),
        ({"phase": "loading", "said": "downloading", "done": 34, "total": 100}, "◌ downloading 34%"),
        ({"phase": "reading", "done": 60, "total": 872, "rate": 150.0}, "▶ reading 60 of 872 rows, 150 rows/s"),
        ({"phase": "reading", "done": 60, "total": 60, "said": "reading 1 word"}, "▶ reading 1 word"),
        ({"phase": "done"}, "● done"),
        ({"phase": "failed"}, "✗ failed"),
        ({"phase": "stopped"}, "✗ stopped"),
    ],
)
def test_the_phase_is_said_in_words(live: dict[str, Any], words: str) -> None:
    assert live_text.phase(View(replace(Live(), **live), SESSION)) == words


def test_what_is_not_read_says_why() -> None:
    view = replace(edited(seen()), obstacle="the template has a problem")
    assert live_text.phase(view) == "◌ waiting: the template has a problem"


def test_the_baseline_is_not_compared_with_itself() -> None:
    view = seen(delta=BETTER)
    same = replace(view, live=replace(view.live, baseline=("a prompt", of())))
    assert same.is_baseline and "this is the baseline" in text(same) and "+3.1" not in text(same)
    assert "+3.1" not in live_text.mini(same, 100).plain


def test_a_baseline_of_other_rows_is_named_and_nothing_is_claimed() -> None:
    view = seen(live={"baseline": ("first", {"accuracy": 0.7, "read_rev": 1, "score_rev": 1})})
    assert "baseline 0.700, first" in text(view) and "other rows" in text(view)


def test_calibrated_and_uncalibrated_numbers_stand_side_by_side() -> None:
    session = replace(SESSION, calibration="batch")
    raw = {"accuracy": 0.7, "interval": [0.6, 0.8]}
    view = seen(session, accuracy=0.75, calibration={"kind": "batch", "support": "80 train texts", "raw": raw})
    assert "with 0.750 (0.650 to 0.850) · without 0.700 (0.600 to 0.800)" in text(view, width=80)
    assert "not in the number yet" in text(seen(session))


def test_warnings_take_a_line_each_and_test_rows_are_counted() -> None:
    session = replace(SESSION, rows="test", test_reads=2)
    view = seen(session, warnings=["the label shares are 9:1", "'[b]' has 2 pieces"], cut={"rows": 3, "pieces": 41})
    lines = [line.plain for line in live_text.warning_lines(view, 100)]
    assert len(lines) == 3 and "evaluation 2" in lines[0] and "3 rows cut" in lines[1] and "2 more" in lines[2]


@pytest.mark.parametrize(
    ("kind", "remedy", "said"),
    [
        ("memory", "", "ctrl+g"),
        ("model", "", "ctrl+g"),
        ("data", "Open it as utf-8.", "Open it as utf-8."),
        ("ours", "", "ctrl+r"),
    ],
)
def test_a_failure_says_what_happened_and_what_to_do(kind: str, remedy: str, said: str) -> None:
    failure = {"what": "It [MASK] went wrong.", "remedy": remedy, "kind": kind, "where": ""}
    lines = live_text.failure_lines(View(Live(phase="failed", failure=failure), SESSION), 200)
    assert "✗ It [MASK] went wrong." in lines[0].plain and said in lines[0].plain


def test_a_dead_engine_names_the_key_that_starts_it_again() -> None:
    view = View(Live(phase="stopped", said="The engine was killed (signal 9)."), SESSION)
    assert live_text.failure_lines(view, 100)[0].plain == (
        "✗ The engine was killed (signal 9). Press ctrl+r to start it again."
    )


@pytest.mark.parametrize("labels", [2, 6, 77])
@pytest.mark.parametrize(("width", "height"), [(42, 43), (40, 25), (78, 19), (56, 11)])
def test_everything_fits_whatever_the_number_of_labels(labels: int, width: int, height: int) -> None:
    names = [f"label number {number}" for number in range(labels)]
    row = {"precision": 0.5, "recall": 0.5, "f1": 0.5, "n": 10, "predicted": 10}
    view = seen(
        labels=names,
        per_label=dict.fromkeys(names, row),
        confusion=[[1] * labels for _ in names],
        live={"baseline": ("first", {"accuracy": 0.7, "read_rev": 1, "score_rev": 1})},
    )
    sections = below_number(view, (labels - 1, 0), width=width, height=height, is_roomy=False)
    lines = [line for part in sections.lines.values() for line in part]
    assert len(lines) + 3 <= height
    assert all(len(line.plain) <= width for line in lines if not line.plain.startswith("enter"))


def test_the_history_keeps_the_newest_points_of_complete_numbers_alone() -> None:
    live = Live()
    for number in range(MOST_POINTS + 5):
        session = replace(SESSION, score_rev=10 + number)
        live = live.with_figures(of(session, n=32, accuracy=0.1), name="x")
        live = live.with_figures(of(session, accuracy=0.6), name="x")
        live = live.with_figures(of(session, accuracy=0.6), name="x")
    assert len(live.history) == MOST_POINTS and {point.accuracy for point in live.history} == {0.6}
    assert live.history[-1].score_rev == 10 + MOST_POINTS + 4


def test_a_session_that_read_test_rows_remembers_that() -> None:
    session = replace(SESSION, test_reads=3)
    assert Session.from_json(session.to_json()).test_reads == 3
    older = {key: value for key, value in session.to_json().items() if key != "test_reads"}
    assert Session.from_json(older).test_reads == 0
