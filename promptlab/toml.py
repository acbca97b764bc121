"""TOML files that people edit: read with their place named in every error, written so that comments stay."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from promptlab.errors import ConfigError
from promptlab.paths import write_whole
from promptlab.text import listed, nearest


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables; ConfigError when it is missing, is not UTF-8 or does not parse."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(f"There is no file {str(path)!r}.") from None
    except IsADirectoryError:
        raise ConfigError(f"{str(path)!r} is a folder, and a TOML file is needed.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}. Save the file as UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from None


def edit_toml(path: Path, tables: Mapping[str, Any]) -> None:
    """Set top-level keys of a TOML file, keeping its comments, its order and everything else in it."""
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}. It was left as it is.") from None
    for key, value in tables.items():
        document[key] = tomlkit.item(value)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, tomlkit.dumps(document).encode())


def refuse_unknown(table: Iterable[str], known: Iterable[str], *, where: str) -> None:
    """ConfigError for the first key that is not known, with the nearest valid one."""
    choices = list(known)
    for key in table:
        if key not in choices:
            raise ConfigError(
                f"{where}: unknown key {key!r}.{nearest(key, choices)} Known: {listed(choices, most=30)}."
            )
