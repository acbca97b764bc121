"""Keymap: which key does what, and why a key cannot be an action's."""

from collections.abc import Iterable, Mapping
from typing import Protocol


class Keyed(Protocol):
    """What a keymap needs of an action."""

    @property
    def id(self) -> str: ...

    @property
    def key(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def place(self) -> str: ...


# What an editor or a line of input keeps for itself while it has the focus, besides everything that types a character.
EATEN = frozenset(
    {
        *(f"ctrl+{letter}" for letter in "adekuvwxyz"),
        *("f6", "f7", "enter", "space", "tab", "backspace", "delete", "home", "end"),
        *("up", "down", "left", "right", "pageup", "pagedown"),
    }
)
# What a terminal sends in the place of another key, and what must stay as it is to leave or to move at all.
_SAME = {"ctrl+h": "backspace", "ctrl+i": "tab", "ctrl+j": "enter", "ctrl+m": "enter"}
_FIXED = frozenset({"escape", "enter", "tab", "shift+tab", "up", "down", "left", "right", "ctrl+c", "ctrl+q", "ctrl+p"})


def key_of(action: Keyed, keys: Mapping[str, str]) -> str:
    """The keys of an action, with commas between: the user's, else the default ones; empty without any."""
    return keys.get(action.id, action.key)


def shown_key(key: str) -> str:
    """Keys as they stand in help and palette: ``ctrl+s``, ``f1 or ?``."""
    names = {
        "question_mark": "?",
        "slash": "/",
        "full_stop": ".",
        "plus": "+",
        "minus": "-",
        "equals_sign": "=",
        "comma": ",",
        "less_than_sign": "<",
        "greater_than_sign": ">",
        "left_square_bracket": "[",
        "right_square_bracket": "]",
        "escape": "esc",
    }
    return " or ".join(names.get(one, one) for one in _each(key))


def types_character(key: str) -> bool:
    """Whether a key types something: a letter, a digit or a sign."""
    names = ("question_mark", "slash", "full_stop", "plus", "minus", "comma", "underscore", "colon", "semicolon")
    return len(key) == 1 or key in (*names, "space") or key.endswith(("_sign", "_bracket", "_mark", "_parenthesis"))


def key_problem(action: Keyed, key: str, actions: Iterable[Keyed], keys: Mapping[str, str]) -> str:
    """Why ``key`` (or one of several with commas between) cannot be the action's, as a sentence; empty when it can."""
    for one in _each(key):
        if same := _SAME.get(one):
            return f"Most terminals send {same} for {one}. Choose another key."
        if one in _FIXED:
            return f"{shown_key(one)} stays what it is. Choose another key."
    if action.place == "app" and all(one in EATEN or types_character(one) for one in _each(key)):
        return f"Editors use {shown_key(key)} themselves, so it would do nothing while you write. Choose another key."
    return clash(action, key, actions, keys)


def clash(action: Keyed, key: str, actions: Iterable[Keyed], keys: Mapping[str, str]) -> str:
    """Which other action has the key already where it would be the action's, as a sentence; empty without one."""
    for other in actions:
        taken = set() if other.id == action.id or not _meet(action, other) else set(_each(key_of(other, keys)))
        if both := taken & set(_each(key)):
            return f"{shown_key(min(both))} is the key of {other.name!r} ({other.id}). Choose another key."
    return ""


def usable_keys(keys: Mapping[str, str], actions: Iterable[Keyed]) -> tuple[dict[str, str], list[str]]:
    """The keys of a settings file that can hold, and a sentence for each that cannot."""
    known = {action.id: action for action in actions}
    good = {name: key for name, key in keys.items() if name in known}
    problems = [
        f"There is no action {name!r} to give the key {key!r}." for name, key in keys.items() if name not in known
    ]
    while bad := {
        name: why for name, key in good.items() if (why := key_problem(known[name], key, known.values(), good))
    }:
        problems += [f"{name}: {why}" for name, why in bad.items()]
        good = {name: key for name, key in good.items() if name not in bad}
    return good, problems


def _each(key: str) -> list[str]:
    return [one.strip() for one in key.split(",") if one.strip()]


def _meet(action: Keyed, other: Keyed) -> bool:
    """Whether two actions can be wanted at the same time: in one place, or one of them everywhere."""
    return action.place == other.place or "app" in (action.place, other.place)
