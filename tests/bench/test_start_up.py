"""How long a user waits: help, and the first result of a bare `promptlab eval`."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench


def seconds(*arguments: str, cwd: Path, n: int) -> list[float]:
    times = []
    for turn in range(n):
        environment = {**os.environ, "PROMPTLAB_CACHE": str(cwd / f"cache{turn}")}
        started = time.perf_counter()
        command = [sys.executable, "-m", "promptlab", *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=cwd, env=environment)
        times.append(time.perf_counter() - started)
    return times


@pytest.mark.parametrize("arguments", [("--version",), ("--help",)])
def test_help(arguments: tuple[str, ...], tmp_path: Path) -> None:
    found = statistics.median(seconds(*arguments, cwd=tmp_path, n=9))
    print(f"\npromptlab {' '.join(arguments)}: {found:.3f} s (n=9, median; budget 0.3)")
    assert found < 1


def test_first_result(tmp_path: Path) -> None:
    found = seconds("eval", cwd=tmp_path, n=3)
    print(f"\nbare promptlab eval, nothing cached: {statistics.median(found):.1f} s (n=3, median)")
    assert min(found) < 60
