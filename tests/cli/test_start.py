"""Starting: help and version at once, nothing heavy before a command needs it, every command with its help."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "transformers", "textual", "rich", "numpy", "pyarrow", "scipy", "sklearn"}
GROUPS = {
    "runs": ("list", "show", "rows", "pin", "delete"),
    "bundle": ("save", "show"),
    "data": ("check", "split"),
    "templates": ("list", "show", "check"),
    "words": ("list", "show", "check"),
    "model": ("list", "show", "check", "convert", "delete", "adapt", "pretrain"),
    "cache": ("show", "clear"),
}
COMMANDS = [("eval",), ("compare",), ("why",), ("predict",), ("doctor",), ("serve",)]
COMMANDS += [(group, name) for group, names in GROUPS.items() for name in names]


def fresh(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """The command, or some code, in a new interpreter."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    rest = ["-c", code] if code else ["-m", "promptlab", *arguments]
    return subprocess.run([sys.executable, *rest], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_take_less_than_three_tenths_of_a_second(option: str) -> None:
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        assert fresh(option).returncode == 0
        seconds.append(time.perf_counter() - started)
        if seconds[-1] < 0.3:
            return
    raise AssertionError(seconds)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["eval", "--help"], ["runs", "rows", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
import contextlib, io, json, sys
from promptlab.cli.main import main
with contextlib.redirect_stdout(io.StringIO()) as printed:
    code = main({arguments!r})
print(json.dumps([code, len(printed.getvalue()), sorted({{name.split(".")[0] for name in sys.modules}})]))
"""
    ran = fresh(code=code)
    returned, printed, modules = json.loads(ran.stdout)
    assert returned == 0 and printed > 0 and set(modules) & HEAVY == set()


def test_version_needs_no_typer() -> None:
    code = "import sys; sys.argv = ['promptlab', '--version']; from promptlab.cli.main import main; main()"
    ran = fresh(code=code + "; print('typer' in sys.modules)")
    assert ran.stdout.split() == ["promptlab", "0.1.0", "False"]


def test_the_bare_command_prints_its_help_where_there_is_no_terminal(promptlab: Any) -> None:
    ran = promptlab()
    assert ran.code == 2 and "needs a terminal" in ran.err
    assert "Commands:" in ran.out and "Exit codes: 0 done" in " ".join(ran.out.split())


def test_every_command_is_there(promptlab: Any) -> None:
    shown = promptlab("--help").out
    assert all(f"\n  {name} " in shown for name in [command[0] for command in COMMANDS])
    assert not any(line.endswith("...") for line in shown.splitlines()[1:])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(promptlab: Any, command: tuple[str, ...]) -> None:
    ran = promptlab(*command, "--help")
    assert ran.code == 0 and ran.out.startswith(f"Usage: promptlab {' '.join(command)}")
    # Typer writes the type behind an argument's name; options have names of their own for their values.
    assert not any("<str" in line or "<list" in line for line in ran.out.split("Options:")[1].splitlines())


@pytest.mark.parametrize(
    "command", [one for one in COMMANDS if one not in (("runs", "pin"), ("runs", "delete"), ("serve",))], ids=" ".join
)
def test_every_command_that_prints_results_prints_json(promptlab: Any, command: tuple[str, ...]) -> None:
    assert "--json" in promptlab(*command, "--help").out


def test_an_unknown_option_is_two_sentences_and_exit_code_2(promptlab: Any) -> None:
    ran = promptlab("eval", "--modle", "x")
    assert ran.code == 2 and ran.out == ""
    assert "--modle" in ran.err and "See 'promptlab eval --help'." in ran.err and "Traceback" not in ran.err


def test_our_own_fault_is_exit_code_1_and_debug_shows_the_traceback(
    promptlab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from promptlab.jobs import doctor

    monkeypatch.setattr(doctor, "examine", lambda *given, **options: 1 / 0)
    ran = promptlab("doctor")
    assert ran.code == 1 and "ZeroDivisionError" in ran.err and "--debug" in ran.err and "Traceback" not in ran.err
    assert "Traceback" in promptlab("doctor", "--debug").err


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m promptlab templates list sst2 | head -c 10"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    script = f"set -o pipefail; {command}"
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert ran.stderr == "" and ran.returncode == 0


def test_completion_is_typer_s() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "_PROMPTLAB_COMPLETE": "complete_bash"}
    environment |= {"COMP_WORDS": "promptlab mo", "COMP_CWORD": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "promptlab"], capture_output=True, text=True, env=environment, check=False
    )
    assert ran.stdout.split() == ["model"]
