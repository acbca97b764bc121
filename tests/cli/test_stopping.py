"""Ctrl-C: a real signal to a real process ends it at once, says what is kept, and leaves no traceback."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from promptlab.cli.progress import listening
from promptlab.results.events import Progress

ROOT = Path(__file__).parents[2]
CHUNK = 1024  # rows that a prediction writes at once
LONG = "a film that goes on and on, " * 12


def start(cache: Path, *arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PROMPTLAB_CACHE": str(cache)}
    command = [sys.executable, "-m", "promptlab", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def stop(process: subprocess.Popen[str]) -> tuple[str, str, float]:
    """Interrupt it; what it printed meanwhile, and the seconds until it was gone."""
    process.send_signal(signal.SIGINT)
    started = time.perf_counter()
    out, err = process.communicate(timeout=60)
    return out, err, time.perf_counter() - started


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """Standard error up to the line that holds the words."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            break
    return "".join(lines)


def test_an_evaluation_that_is_stopped_stores_nothing_and_says_so(shared_cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    rows = [f"{place} {LONG},{'good' if place % 2 else 'bad'}".replace(", ", " ") for place in range(20_000)]
    path.write_text("\n".join(["text,label", *rows]) + "\n")
    process = start(shared_cache, "eval", "--task", path, "--no-cache", "--events")
    assert "embedded: masked" in read_until(process, "embedded: masked")
    out, err, seconds = stop(process)
    assert process.returncode == 130
    last = json.loads(out.splitlines()[-1])
    assert (last["event"], last["outcome"]) == ("done", "stopped")
    assert err.strip().endswith("Stopped. No run was stored.") and "Traceback" not in err
    assert seconds < 10


def test_a_prediction_that_is_stopped_goes_on_with_resume(
    promptlab: Any, films: Path, shared_cache: Path, tmp_path: Path
) -> None:
    promptlab("eval", "--task", films, "--words", "good=great bad=terrible")
    promptlab("bundle", "save", 1, "b")
    many = tmp_path / "many.csv"
    many.write_text("\n".join(["text", *(f"film number {place}" for place in range(9_000))]) + "\n")
    process = start(shared_cache, "predict", "b", many, "--out", "out.csv")
    partial = tmp_path / "out.csv.partial"
    deadline = time.monotonic() + 120
    while not (partial.exists() and partial.read_bytes().count(b"\n") > CHUNK + 1) and time.monotonic() < deadline:
        time.sleep(0.02)
    _, err, _ = stop(process)
    assert process.returncode == 130 and "--resume goes on" in err and "Traceback" not in err
    kept = partial.read_text().splitlines()
    assert 1 < len(kept) < 9_001 and not (tmp_path / "out.csv").exists()
    refused = promptlab("predict", "b", many, "--out", "out.csv")
    assert refused.code == 2 and "--resume" in refused.err
    ran = promptlab("predict", "b", many, "--out", "out.csv", "--resume")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert ran.code == 0 and "Going on after" in ran.err and lines[: len(kept)] == kept and len(lines) == 9_001


@pytest.mark.parametrize(
    ("command", "options", "begun"),
    [
        ("expand", ("--texts", 20_000, "--source", "model"), "embedded: masked"),
        ("refine", ("--texts", 20_000), "Refined on"),
        ("search", ("--k", 5_000, "--method", "greedy"), "embedded: masked"),
    ],
)
def test_work_on_label_words_that_is_stopped_leaves_the_file_and_says_one_line(
    command: str, options: tuple[object, ...], begun: str, shared_cache: Path, tmp_path: Path
) -> None:
    path, words = tmp_path / "many.csv", tmp_path / "mine.toml"
    rows = [f"{place} {LONG},{'good' if place % 2 else 'bad'}".replace(", ", " ") for place in range(20_000)]
    path.write_text("\n".join(["text,label", *rows]) + "\n")
    words.write_text('# mine\n[a]\nwords.good = ["good", "great"]  # kept\nwords.bad = ["bad", "poor"]\n')
    before = words.read_bytes()
    given = ("--task", path, "--words", f"{words}#a", "--out", f"{words}#a", "--replace", "--no-cache")
    process = start(shared_cache, "words", command, *given, *options)
    assert begun in read_until(process, begun)
    out, err, seconds = stop(process)
    assert process.returncode == 130 and out == ""
    assert err.strip() == "Stopped. Nothing was stored." and seconds < 10
    assert words.read_bytes() == before and {each.name for each in tmp_path.iterdir()} == {path.name, words.name}


class Terminal(io.StringIO):
    """A standard error that somebody watches."""

    def isatty(self) -> bool:
        return True


def test_a_bar_leaves_room_for_the_sign_that_a_terminal_writes_on_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(KeyboardInterrupt), listening("Reading") as listen:
        listen(Progress(500, 1000))
        raise KeyboardInterrupt
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue()))
    widest = max(map(len, lines))
    assert widest > 60 and widest + len("^C") < 80
    assert terminal.getvalue().rstrip("\n").endswith("\x1b[2K")  # the bar's line is cleared in the end
