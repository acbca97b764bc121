"""Running commands in this process, in a folder of their own, and reading what they print."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
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
        document = json.loads(self.out)
        assert document["version"] == 1
        results: list[dict[str, Any]] = document["results"]
        return results


Command = Callable[..., Ran]


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all commands, so that the embedded model is checked once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def place(own_cache: Path, shared_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder to work in, 80 columns, the shared cache; the environment is put back afterwards."""
    before = dict(os.environ)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPTLAB_CACHE", str(shared_cache))
    monkeypatch.setenv("COLUMNS", "80")
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def promptlab(capsys: pytest.CaptureFixture[str]) -> Command:
    """``promptlab("eval", "--limit", "8")`` runs the command and returns what it left."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


def csv_file(path: Path, rows: list[tuple[str, str]]) -> Path:
    """A file of texts and labels."""
    lines = ["text,label", *(f'"{text}",{label}' for text, label in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Sixteen short reviews, two labels."""
    good = ["a wonderful film", "great fun, warm and funny", "superb acting", "I loved every minute"]
    good += ["a beautiful and moving story", "excellent", "one of the best comedies", "charming and clever"]
    bad = ["a terrible film", "boring and far too long", "awful acting", "I hated every minute"]
    bad += ["a dull and stupid mess", "horrible", "one of the worst comedies", "painful and pointless"]
    return csv_file(tmp_path / "films.csv", [(text, "good") for text in good] + [(text, "bad") for text in bad])
