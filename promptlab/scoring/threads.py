"""One thread for many small computations: with several they take many times longer, above all on a busy machine."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch computes with one thread inside."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def one_thread_everywhere() -> Iterator[None]:
    """So do the libraries below scikit-learn; finding these takes some milliseconds."""
    from threadpoolctl import threadpool_limits

    with one_thread(), threadpool_limits(1):
        yield
