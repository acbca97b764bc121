"""The package's table of contents: what can be had by name, here or from an installed plug-in; imports nothing else."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from promptlab.errors import ConfigError
from promptlab.text import listed, nearest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

# group -> name -> "module:function"
BUILTIN: Mapping[str, Mapping[str, str]] = {
    "models": {
        "masked": "promptlab.model.families:MaskedLM",
        "causal": "promptlab.model.families:CausalLM",
        "seq2seq": "promptlab.model.families:Seq2SeqLM",
    },
    "verbalizers": {
        "words": "promptlab.scoring.words:WordVerbalizer",
        "soft": "promptlab.scoring.learned.soft:SoftVerbalizer",
        "prototype": "promptlab.scoring.learned.prototypes:PrototypeVerbalizer",
        "linear": "promptlab.scoring.learned.linear:LinearVerbalizer",
        "mixed": "promptlab.scoring.mixture:MixedVerbalizer",
    },
}


def names(group: str) -> list[str]:
    """The names of a group, ours first, then those of plug-ins in alphabetical order; nothing is imported."""
    ours = BUILTIN.get(group, {})
    return [*ours, *sorted(_installed(group).keys() - ours.keys())]


def find(group: str, name: str) -> Callable[..., object]:
    """The function or class of that name: ours, else the entry point of ``promptlab.<group>``.

    ConfigError when there is none (with the nearest name), or when the plug-in cannot be imported.
    """
    if name in BUILTIN.get(group, {}):
        module, attribute = BUILTIN[group][name].split(":")
        return _callable(getattr(import_module(module), attribute))
    installed = _installed(group)
    if name not in installed:
        choices = names(group)
        has = f"There is: {listed(choices, most=30)}." if choices else "There is none."
        raise ConfigError(f"There is no {name!r} among the {group}.{nearest(name, choices)} {has}")
    try:
        return _callable(installed[name].load())
    except Exception as error:  # whatever a third party's module does at import
        raise ConfigError(
            f"The plug-in {installed[name].value!r}, which offers {name!r} among the {group}, cannot be loaded: "
            f"{type(error).__name__}: {error}. Update or uninstall it."
        ) from error


def _installed(group: str) -> "dict[str, EntryPoint]":
    from importlib.metadata import entry_points  # 20 ms, which `promptlab --help` need not wait for

    return {point.name: point for point in entry_points(group=f"promptlab.{group}")}


def _callable(found: object) -> Callable[..., object]:
    if not callable(found):
        raise TypeError(f"{found!r} cannot be called")
    return found
