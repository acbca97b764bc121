"""The bare command: what starts the application, what stays a command, and what is neither."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from terminal import Terminal

from promptlab.cli import start as start_file
from promptlab.cli.main import main
from promptlab.cli.start import COMMANDS, Start, read_start

PROMPTLAB = [sys.executable, "-m", "promptlab"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPTLAB_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "films.csv").write_text("text,label\ngood,positive\nbad,negative\n")
    (tmp_path / "eval").write_text("text,label\n")
    return tmp_path


def test_the_names_of_the_commands_are_those_of_typer() -> None:
    from promptlab.cli.app import app

    named = [command.name for command in app.registered_commands] + [group.name for group in app.registered_groups]
    assert sorted(map(str, named)) == sorted(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([], Start()),
        (["films.csv"], Start("films.csv")),
        (["--workspace", "w", "films.csv"], Start("films.csv", "w")),
        (["films.csv", "--workspace=w"], Start("films.csv", "w")),
        (["./eval"], Start("./eval")),
        (["eval"], None),
        (["evl"], None),
        (["films.csv", "more.csv"], None),
        (["--help"], None),
        (["--workspace"], None),
        (["eval", "--workspace", "w"], None),
    ],
)
def test_a_path_that_is_there_starts_the_application_and_a_command_stays_one(
    folder: Path, arguments: list[str], asked: Start | None
) -> None:
    assert read_start(arguments) == asked


def test_without_a_terminal_it_says_so_in_a_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["films.csv"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "needs a terminal" in said.err and "promptlab --help" in " ".join(said.err.split())


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("evl", "No such command 'evl'. Did you mean 'eval'?"),
        ("film.csv", "no file 'film.csv'. Did you mean 'films.csv'?"),
    ],
)
def test_what_is_neither_gets_the_nearest(
    folder: Path, capsys: pytest.CaptureFixture[str], word: str, sentence: str
) -> None:
    assert main([word]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_a_dumb_terminal_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Tty:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(start_file.sys, "stdin", Tty())
    monkeypatch.setattr(start_file.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert start_file.start(Start()) == 2
    assert "TERM is dumb" in capsys.readouterr().err


def test_the_way_to_the_application_imports_no_typer_and_nothing_that_computes() -> None:
    code = (
        "import sys, promptlab.cli.main, promptlab.cli.edge, promptlab.cli.start, promptlab.tui.app\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert loaded & {"typer", "click", "numpy", "torch", "pyarrow", "nltk", "transformers"} == set()


def test_it_starts_in_a_terminal_and_ctrl_q_leaves_it(folder: Path) -> None:
    with Terminal(PROMPTLAB, size=(80, 24), folder=folder) as terminal:
        terminal.wait("Samples")
        terminal.press("ctrl+q")
        assert terminal.end() == 0


def first_paint(folder: Path) -> float:
    """Seconds from the process's start to the first frame that shows something."""
    with Terminal(PROMPTLAB, size=(160, 48), folder=folder) as terminal:
        while "promptlab" not in terminal.text:
            terminal.read(0.01)
            assert terminal.process.poll() is None
        return time.perf_counter() - terminal.started


@pytest.mark.slow
def test_the_first_frame_comes_within_eight_tenths_of_a_second(folder: Path) -> None:
    seconds: list[Any] = []
    for _ in range(5):
        seconds.append(first_paint(folder))
        if seconds[-1] < 0.8:
            return
    raise AssertionError(seconds)
