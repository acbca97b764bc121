"""Engines in the test's own process, on the embedded model."""

from pathlib import Path

import pytest
from engine_at_hand import AtHand, write_task

from promptlab.model import LanguageModel, ReadoutCache


@pytest.fixture(scope="session")
def shared_cache() -> ReadoutCache:
    """What the tests have read, so that the next one need not read it again."""
    return ReadoutCache()


@pytest.fixture(scope="session")
def small_task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_task(tmp_path_factory.mktemp("tasks") / "small")


@pytest.fixture
def engine(tmp_path: Path, small_task: Path, embedded: LanguageModel, shared_cache: ReadoutCache) -> AtHand:
    return AtHand(tmp_path, small_task, embedded, shared_cache)


@pytest.fixture
def fresh_engine(tmp_path: Path, small_task: Path, embedded: LanguageModel) -> AtHand:
    """An engine for which nothing was read before."""
    return AtHand(tmp_path, small_task, embedded, ReadoutCache())
