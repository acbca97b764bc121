"""TOML files that people edit: read with their place named in every error, written so that comments stay."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from promptlab.errors import ConfigError
from promptlab.paths import write_whole
from promptlab.text import listed, nearest
from promptlab.toml_lists import edit_list, new_list


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
    """Set top-level keys of a TOML file, changing only what differs.

    Comments, order and formatting stay, inside the tables that are set too: keys and list items that are gone go with
    the comments beside them, new ones come at the end of their table or at their place in the list, and all others are
    left as they stand. Items of a list are known by their value, tables in one by their ``text``. Raises ConfigError
    for a file that does not parse, which is left as it was.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
        tomlkit.parse(text)
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}. It was left as it is.") from None
    for key, value in tables.items():
        text = _with_entry(text, key, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode())


def _with_entry(text: str, key: str, value: Any) -> str:
    """The file's text with one top-level key set: edited in place where that says what it should, else written anew."""
    expected = {**tomllib.loads(text), key: value}
    document = tomlkit.parse(text)
    if isinstance(value, Mapping) and isinstance(document.get(key), Mapping):
        # What tomlkit raises on tables that it cannot edit: inline ones, and those that other tables stand between.
        with suppress(TOMLKitError, LookupError, ValueError, AttributeError):
            _edit_entry(document[key], value)
            edited = tomlkit.dumps(document)
            if _says(edited, expected):
                return edited if text.endswith("\n\n") else edited.rstrip("\n") + "\n"
        document = tomlkit.parse(text)
        del document[key]
    document[key] = _item(value)
    return tomlkit.dumps(document)


def _says(text: str, expected: Mapping[str, Any]) -> bool:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return _same(found, expected) and _orders(found) == _orders(expected)


def _orders(document: Mapping[str, Any]) -> list[list[str]]:
    """The order of the keys in every entry's tables of lists: that of ``words`` is the order of the labels."""
    entries = [entry for entry in document.values() if isinstance(entry, Mapping)]
    return [list(part) for entry in entries for _, part in sorted(entry.items()) if _holds_lists(part)]


def _edit_entry(entry: Any, new: Mapping[str, Any]) -> None:
    """Edit a table; the tables of lists in it come out in the order of the new keys, the table itself in its own."""
    for key, value in new.items():
        if key in entry and _holds_lists(value) and _is_rearranged(list(entry[key]), list(value)):
            _rearrange(entry, key, value)
    _edit_table(entry, new)


def _is_rearranged(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether new keys are other than the old ones with further ones behind them."""
    return list(new[: len(old)]) != list(old)


def _rearrange(entry: Any, key: str, new: Mapping[str, Any]) -> None:
    """Write a table of lists anew, with dotted keys in another order; lists that stay keep their comments."""
    part = entry[key]
    items = {name: part[name] if name in part else _item(listing) for name, listing in new.items()}
    del entry[key]
    for name, item in items.items():
        entry.append(tomlkit.key([key, name]), item)


def _edit_table(table: Any, new: Mapping[str, Any]) -> None:
    for key in [key for key in table if key not in new]:
        del table[key]
    for key, value in new.items():
        old = table.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            _edit_table(old, value)
        elif isinstance(old, Array) and isinstance(value, list):
            if not _same(old.unwrap(), value):
                edited = edit_list(old.as_string(), old.unwrap(), value, write=_write, name=_name, same=_same)
                table[key] = tomlkit.value(edited)
        elif key not in table or not _same(old, value):
            table[key] = _item(value)
            if isinstance(value, Mapping) and not _holds_lists(value):
                table[key].add(tomlkit.nl())  # a blank line before whatever follows


def _item(value: Any) -> Any:
    """A new item: lists wrapped, tables of lists with dotted keys."""
    if isinstance(value, list):
        return tomlkit.value(new_list(value, _write))
    if not isinstance(value, Mapping):
        return tomlkit.item(value)
    table = tomlkit.table()
    for key, part in sorted(value.items(), key=lambda pair: isinstance(pair[1], Mapping) and not _holds_lists(pair[1])):
        if _holds_lists(part):
            for name, listing in part.items():
                table.append(tomlkit.key([key, name]), _item(listing))
        else:
            table.append(key, _item(part))
    return table


def _holds_lists(part: Any) -> bool:
    return isinstance(part, Mapping) and bool(part) and all(isinstance(value, list) for value in part.values())


def _write(value: Any) -> str:
    """A list's item as TOML."""
    if not isinstance(value, Mapping):
        return str(tomlkit.item(value).as_string())
    table = tomlkit.inline_table()
    table.update(value)
    return table.as_string()


def _name(value: Any) -> str:
    return repr(value.get("text", value) if isinstance(value, Mapping) else value)


def _same(old: Any, new: Any) -> bool:
    """Whether two values are equal; true and 1 are not."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def refuse_unknown(table: Iterable[str], known: Iterable[str], *, where: str) -> None:
    """ConfigError for the first key that is not known, with the nearest valid one."""
    choices = list(known)
    for key in table:
        if key not in choices:
            raise ConfigError(
                f"{where}: unknown key {key!r}.{nearest(key, choices)} Known: {listed(choices, most=30)}."
            )
