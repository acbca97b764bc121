"""Modes: the screens of the number keys, each imported when it is first shown, so that the first frame comes early."""

import pkgutil
from collections.abc import Callable
from functools import partial
from importlib import import_module

from promptlab.tui import screens
from promptlab.tui.screens.mode import Mode

# In the order of their keys: the module of a mode, and its class.
_CLASSES = {
    "workbench": "Workbench",
    "expand": "Expand",
    "ensemble": "Ensemble",
    "data": "Data",
    "runs": "Runs",
    "bundles": "Bundles",
    "settings": "Settings",
}


def every_mode() -> dict[str, Callable[[], Mode]]:
    """The modes by name, each with what makes its screen."""
    return {name: partial(_make, name) for name in _CLASSES}


def load_all() -> None:
    """Import every screen, so that the registry of actions is complete: help, palette and the keys ask for that."""
    for module in pkgutil.iter_modules(screens.__path__):
        import_module(f"{screens.__name__}.{module.name}")


def _make(name: str) -> Mode:
    made = getattr(import_module(f"{screens.__name__}.{name}"), _CLASSES[name])()
    assert isinstance(made, Mode)
    return made
