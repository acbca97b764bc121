"""Measurements: run them one by one with `pytest tests/bench -m bench -s`; each prints its figures."""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from promptlab.model import ReadoutCache

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data sets beside the checkout; measurements that need it are skipped without."""
    if not DATA.is_dir():
        pytest.skip(f"no data sets in {DATA}")
    return DATA


@pytest.fixture(scope="session")
def readings(tmp_path_factory: pytest.TempPathFactory) -> ReadoutCache:
    """Readings that measurements of accuracy share; PROMPTLAB_BENCH_CACHE names a folder that outlives the run."""
    folder = os.environ.get("PROMPTLAB_BENCH_CACHE")
    return ReadoutCache(Path(folder) if folder else tmp_path_factory.mktemp("readings"))


@pytest.fixture
def interleaved() -> Callable[[Sequence[Callable[[], object]], int], list[float]]:
    """Median seconds of several actions, run in turn ``n`` times so that a noisy machine is noisy for all of them."""

    def medians(actions: Sequence[Callable[[], object]], n: int) -> list[float]:
        times: list[list[float]] = [[] for _ in actions]
        for _ in range(n):
            for place, action in enumerate(actions):
                started = time.perf_counter()
                action()
                times[place].append(time.perf_counter() - started)
        return [statistics.median(found) for found in times]

    return medians
