"""Keeping transformers' own messages and bars from the terminal; what matters is said by promptlab."""

import contextlib
import io
import os
from collections.abc import Iterator


def quieten() -> None:
    """Silence what transformers lets one silence, for the rest of the process."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


@contextlib.contextmanager
def no_bars() -> Iterator[None]:
    """Drop what is written to standard error meanwhile: transformers' reader of GGUF files draws bars there."""
    quieten()
    with contextlib.redirect_stderr(io.StringIO()):
        yield
