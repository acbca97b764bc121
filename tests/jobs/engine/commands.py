"""Commands run in the test's own process."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from promptlab.cli.main import main


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def results(self) -> list[dict[str, Any]]:
        """The results of the JSON object on standard output."""
        results: list[dict[str, Any]] = json.loads(self.out)["results"]
        return results


Command = Callable[..., Ran]


def runner(capsys: pytest.CaptureFixture[str]) -> Command:
    """``command("runs", "list")`` runs a command and returns what it left; the environment is as before."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        with _same_environment():
            code = main([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@contextmanager
def _same_environment() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
