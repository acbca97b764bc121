"""Killed: either side may die at any moment; nobody is left over, no word is lost, and the terminal is as it was."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from terminal import Terminal

from promptlab.tui.state.drafts import draft_path

PROMPTLAB = [sys.executable, "-m", "promptlab"]
LONG = 120.0
pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to find the processes")
ROWS = 300


@pytest.fixture(scope="module")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def begun(folder: Path, cache: Path, *arguments: str) -> Terminal:
    env = {"PROMPTLAB_CACHE": str(cache), "PROMPTLAB_CONFIG": str(folder / "config.toml")}
    return Terminal([*PROMPTLAB, *arguments], size=(160, 48), folder=folder, env=env)


def engine_of(terminal: Terminal) -> int:
    """The process that the application started."""
    children = Path(f"/proc/{terminal.process.pid}/task/{terminal.process.pid}/children").read_text().split()
    (found,) = [int(pid) for pid in children if b"promptlab.jobs.engine" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return found


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has asked about yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def within(seconds: float, holds: Callable[[], object], terminal: Terminal) -> float:
    """Read the screen until something holds; how long that took."""
    began = time.perf_counter()
    while not holds():
        assert time.perf_counter() - began < seconds, terminal.text
        terminal.read(0.02)
    return time.perf_counter() - began


def many_rows(folder: Path) -> None:
    """A table that takes long to read, all of it different texts."""
    lines = [
        f'"number {place} of the {"fine" if place % 2 else "dull"} films, {"so " * 20}",{place % 2}'
        for place in range(ROWS)
    ]
    (folder / "films.csv").write_text(
        "\n".join(["text,label", *lines]).replace(",0\n", ",bad\n").replace(",1", ",good")
    )


def test_an_engine_that_is_killed_while_it_reads_costs_a_sentence_and_a_key(tmp_path: Path, warm_cache: Path) -> None:
    many_rows(tmp_path)
    with begun(tmp_path, warm_cache, "films.csv") as terminal:
        terminal.wait(lambda text: "Is this right?" in text and "Rows:" in text)
        terminal.press("enter")
        terminal.wait("▶ reading", LONG)
        terminal.press("i", "superb", "enter")
        terminal.wait("'superb' is a word of 'bad' now.")
        terminal.press("escape", "shift+tab", "home", "Seen: ")
        terminal.wait("Seen: {text}")
        terminal.wait("▶ reading", LONG)
        os.kill(engine_of(terminal), signal.SIGKILL)
        terminal.wait("engine stopped (ctrl+r restarts it)")
        text = terminal.wait("probably because memory ran")
        assert text.count("The engine was killed (signal 9)") == 1 and "Traceback" not in text
        assert "Seen: {text}" in text and "✓  superb" in text
        terminal.press("film, ")  # what is edited meanwhile is kept as well
        terminal.press("ctrl+r")
        text = terminal.wait(lambda text: "● done" in text and "stale" not in text and "accuracy 0." in text, LONG)
        assert "Seen: film, {text}" in text and "✓  superb" in text and "300 rows" in text
        terminal.press("ctrl+q")
        assert terminal.end() == 0


def test_an_application_that_is_killed_leaves_no_engine_and_no_word_is_lost(tmp_path: Path, warm_cache: Path) -> None:
    with begun(tmp_path, warm_cache) as terminal:
        terminal.wait("Samples")
        terminal.press("enter")
        terminal.wait("engine ready")
        terminal.wait("It was {mask}.")
        terminal.press("i", "superb", "enter")
        terminal.wait("'superb' is a word of 'negative' now.")
        terminal.press("escape", "shift+tab", "home", "Seen: ")
        path, edited = draft_path(tmp_path / ".promptlab"), time.perf_counter()
        within(10, lambda: path.exists() and "Seen: " in path.read_text(), terminal)
        print(f"\nthe draft came {time.perf_counter() - edited:.1f} s after the last key")
        engine = engine_of(terminal)
        os.kill(terminal.process.pid, signal.SIGKILL)
        print(f"the engine ended {within(5, lambda: is_gone(engine), terminal):.1f} s after the application")
    assert json.loads(path.read_text())["session"]["template"] == "Seen: {text} It was {mask}."
    with begun(tmp_path, warm_cache) as terminal:
        text = terminal.wait(lambda text: "is back." in text and "✓  superb" in text, LONG)
        assert "Seen: {text} It was {mask}." in text and "Samples" not in text
        terminal.press("ctrl+q")
        assert terminal.end() == 0


def test_a_busy_engine_holds_nobody_up_and_the_terminal_is_given_back(tmp_path: Path, warm_cache: Path) -> None:
    many_rows(tmp_path)
    with begun(tmp_path, warm_cache, "films.csv") as terminal:
        terminal.wait(lambda text: "Is this right?" in text and "Rows:" in text)
        terminal.press("enter")
        terminal.wait("▶ reading", LONG)
        engine, began = engine_of(terminal), time.perf_counter()
        terminal.press("ctrl+q")
        assert terminal.end() == 0
        assert time.perf_counter() - began < 5  # 3 on a machine that has nothing else to do
        print(f"\nquitting while rows are read: {time.perf_counter() - began:.2f} s")
        assert is_gone(engine)
    assert_given_back(terminal.written)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_told_to_end_ends_as_with_ctrl_q(tmp_path: Path, warm_cache: Path, how: signal.Signals) -> None:
    with begun(tmp_path, warm_cache) as terminal:
        terminal.wait("Samples")
        terminal.press("enter")
        terminal.wait("It was {mask}.", LONG)
        terminal.press("i", "superb", "enter")
        terminal.wait("'superb' is a word of 'negative' now.")
        engine = engine_of(terminal)
        os.kill(terminal.process.pid, how)
        assert terminal.end() == 0
        assert is_gone(engine)
    assert_given_back(terminal.written)
    assert '"superb"' in draft_path(tmp_path / ".promptlab").read_text()


def test_a_terminal_that_goes_without_a_word_does_not_leave_the_application_behind(
    tmp_path: Path, warm_cache: Path
) -> None:
    command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *PROMPTLAB]  # as nohup does
    env = {"PROMPTLAB_CACHE": str(warm_cache), "PROMPTLAB_CONFIG": str(tmp_path / "config.toml")}
    with Terminal(command, size=(80, 24), folder=tmp_path, env=env) as terminal:
        terminal.wait("engine ready", LONG)
        engine = engine_of(terminal)
        terminal.hang_up()
        terminal.process.wait(10)
        assert is_gone(engine)


def assert_given_back(written: bytes) -> None:
    """The last bytes leave the alternate screen, show the cursor and switch mouse, paste and keys back."""
    for on, off in (
        (b"\x1b[?1049h", b"\x1b[?1049l"),
        (b"\x1b[?25l", b"\x1b[?25h"),
        (b"\x1b[?1000h", b"\x1b[?1000l"),
        (b"\x1b[?2004h", b"\x1b[?2004l"),
    ):
        assert written.rfind(on) < written.rfind(off), (on, off)
    assert b"Traceback" not in written
