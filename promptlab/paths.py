"""Where things lie: the user's cache, the workspace, the shipped library; and how a file is written whole."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

PACKAGE = Path(__file__).parent


def cache_folder(*parts: str) -> Path:
    """A folder in the user's cache, made with access for the user alone (it holds what was read from private text).

    ``PROMPTLAB_CACHE`` names another place.
    """
    import platformdirs

    root = Path(os.environ.get("PROMPTLAB_CACHE") or platformdirs.user_cache_dir("promptlab"))
    return private_folder(root.joinpath(*parts))


def private_folder(folder: Path) -> Path:
    """The folder, made when missing, with mode 0700."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def existing_folder(path: Path) -> Path:
    """The folder, or the nearest one above it that is there: whose disk will hold it."""
    whole = path.resolve()
    return next(each for each in (whole, *whole.parents) if each.is_dir())


def can_write(path: Path) -> bool:
    """Whether a file or folder can be made at a path: in the nearest folder above it that is there."""
    above = next(each for each in path.absolute().parents if each.exists())
    return above.is_dir() and os.access(above, os.W_OK)


def is_taken(folder: Path) -> bool:
    """Whether a new folder cannot be made there: a file of that name, or a folder that holds something."""
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))


def library_folder(kind: str) -> Path:
    """The shipped ``templates`` or ``verbalizers``: inside the installed package, or beside it in a checkout."""
    packaged = PACKAGE / "library" / kind
    return packaged if packaged.is_dir() else PACKAGE.parent / kind


def write_whole(path: Path, content: bytes | Callable[[Path], None]) -> None:
    """Write a file so that readers see the old one or the new one, never a part: temporary file, fsync, rename."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                content(new)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(0o666 & ~umask())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def umask() -> int:
    """The process's file mode mask."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
