"""How far a download is, told while the hub's library works: the bytes in its cache against what was announced."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from promptlab.jobs.engine.held import Say

_EVERY = 0.25  # seconds
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
_ANNOUNCED = re.compile(r"^Downloading .*, ([\d.]+) (B|kB|MB|GB)\.$")


@contextmanager
def watched(name: str, say: Say) -> Iterator[Callable[[str], None]]:
    """Gives what loading a model is to tell its sentences to; an announced download is then followed by its bytes."""
    ended = threading.Event()
    followers: list[threading.Thread] = []

    def heard(sentence: str) -> None:
        say({"kind": "note", "level": "info", "text": sentence})
        if (announced := _ANNOUNCED.match(sentence)) is not None:
            total = round(float(announced[1]) * _UNITS[announced[2]])
            followers.append(threading.Thread(target=_follow, args=(name, total, say, ended), daemon=True))
            followers[-1].start()

    try:
        yield heard
    finally:
        ended.set()
        for follower in followers:
            follower.join()


def _follow(name: str, total: int, say: Say, ended: threading.Event) -> None:
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE) / f"models--{name.partition('@')[0].replace('/', '--')}" / "blobs"
    before = _held(folder)
    while not ended.wait(_EVERY):
        say({"kind": "download", "done": min(_held(folder) - before, total), "total": total})


def _held(folder: Path) -> int:
    """Bytes of the files in the folder, unfinished ones too."""
    try:
        return sum(path.stat().st_size for path in folder.iterdir())
    except OSError:
        return 0
