"""A verbalizer's table of a bundle in words: its kind, where it reads, what that spares, how it was learnt."""

from collections.abc import Iterator, Mapping
from typing import Any

from promptlab.results import wording
from promptlab.text import counted, listed, shorten


def labels_of(verbalizer: Mapping[str, Any]) -> list[str]:
    """The labels, in order."""
    found = verbalizer.get("words", verbalizer.get("labels"))
    return list(map(str, found)) if isinstance(found, dict | list) else []


def depths_of(verbalizer: Mapping[str, Any]) -> list[int | str]:
    """The depths that are read, each once, the lowest first."""
    depths = set(_depths(verbalizer))
    layers: list[int | str] = sorted(depth for depth in depths if isinstance(depth, int))
    return layers + (["top"] if "top" in depths else [])


def verbalizer_text(verbalizer: Mapping[str, Any]) -> str:
    """``linear after layer 12; the layers above are not needed``, and of what it is mixed."""
    depths = depths_of(verbalizer)
    kinds = dict.fromkeys(_kinds(verbalizer))
    kind = shorten(str(verbalizer.get("kind", "words")), 40)
    of = f" ({listed(kinds)})" if kind == "mixed" else ""
    spared = "" if "top" in depths or not depths else "; the layers above are not needed"
    return f"{kind}{of} {wording.depths(depths)}{spared}".rstrip()


def method_text(method: Mapping[str, Any]) -> str:
    """``auto on 16 rows a label (seed 13), 57 candidates``."""
    parts = [shorten(str(method["name"]), 40)] if "name" in method else []
    if "shots" in method:
        parts.append(f"on {shorten(str(method['shots']), 80)}")
    if isinstance(method.get("tried"), int):
        parts.append(f"{counted(method['tried'], 'candidate')} tried")
    return ", ".join(parts)


def _depths(verbalizer: Mapping[str, Any]) -> Iterator[int | str]:
    if verbalizer.get("kind", "words") == "words":
        yield "top"
    elif isinstance(depth := verbalizer.get("depth"), int | str):
        yield depth
    for member in _members(verbalizer):
        yield from _depths(member)


def _kinds(verbalizer: Mapping[str, Any]) -> Iterator[str]:
    members = _members(verbalizer)
    if not members:
        yield shorten(str(verbalizer.get("kind", "words")), 40)
    for member in members:
        yield from _kinds(member)


def _members(verbalizer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    members = verbalizer.get("member")
    return [one for one in members if isinstance(one, dict)] if isinstance(members, list) else []
