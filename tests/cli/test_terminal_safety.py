"""Text from data never drives the terminal: no control, bidirectional or invisible character reaches a stream raw."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

# Clipboard (OSC 52), colours, cursor moves, C1 controls, a bell, a title, bidirectional overrides, invisible ones.
PAYLOADS = (
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[31mred\x1b[0m",
    "\x1b[2J\x1b[H",
    "\x9b2J",
    "bell\x07",
    "\x1b]0;title\x1b\\",
    "abc\u202edef\u202c",
    "\u2066left\u2069",
    "zero\u200bwidth",
    "line\rback",
    "[/nope] [bold]markup[/bold]",
)
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A file whose texts, and one label, are payloads."""
    path = tmp_path / "hostile.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for place, payload in enumerate(PAYLOADS):
            writer.writerow([f"a film {payload} end", "good" if place % 2 else "b\x1b[31mad"])
    return path


WORDS = "good=great b\x1b[31mad=terrible"


def clean(ran: Any) -> bool:
    return ran.code == 0 and not UNSAFE.search(ran.out) and not UNSAFE.search(ran.err)


def test_evaluations_rows_and_explanations_are_safe(promptlab: Any, hostile: Path) -> None:
    assert clean(promptlab("eval", "--task", hostile, "--words", WORDS))
    rows = promptlab("runs", "rows", 1, "--limit", 50)
    assert clean(rows) and "␛" in rows.out and "[bold]markup[/bold]" in rows.out
    for command in (("runs", "list"), ("runs", "show", 1), ("data", "check", hostile)):
        ran = promptlab(*command)
        assert not UNSAFE.search(ran.out + ran.err), command
    for number in range(1, len(PAYLOADS) + 1):
        assert clean(promptlab("why", "--run", 1, "--row", number))


def test_predictions_are_safe(promptlab: Any, hostile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    promptlab("eval", "--task", hostile, "--words", WORDS)
    promptlab("bundle", "save", 1, "b")
    assert clean(promptlab("bundle", "show", "b"))
    assert clean(promptlab("predict", "b", PAYLOADS[0]))
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"a {payload} b\n" for payload in PAYLOADS)))
    assert clean(promptlab("predict", "b", "-"))


def test_errors_about_data_are_safe(promptlab: Any, hostile: Path) -> None:
    for arguments in (
        ("eval", "--task", hostile, "--words", "\x1b[31m=x"),
        ("eval", "--task", hostile, "--labels", "good=\x1b]0;x\x07"),
        ("eval", "--task", "\x1b[31m.csv"),
        ("eval", "--\x1b[31m"),
        ("templates", "show", "\x1b[2J"),
    ):
        ran = promptlab(*arguments)
        assert ran.code == 2 and not UNSAFE.search(ran.out + ran.err), arguments


def test_a_template_may_be_of_several_lines_and_is_shown_on_one(promptlab: Any, hostile: Path) -> None:
    ran = promptlab("eval", "--task", hostile, "--words", WORDS, "--template", "Review: {text}\\nSentiment: {mask}")
    assert "Template  Review: {text}\\nSentiment: {mask}" in ran.out
