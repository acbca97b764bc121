"""Saved models for the tests of loading, each saved once in a session."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_models import saved


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the models are saved, each once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def folder(shelf: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A model's folder that the test may change."""

    def copy(name: str = "bert") -> Path:
        return Path(shutil.copytree(saved(name, shelf), tmp_path / name))

    return copy
