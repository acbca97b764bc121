"""Verbalizers as a table and arrays, and back: what a bundle holds of them. Nothing in either can run."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from torch import Tensor

from promptlab.errors import ConfigError
from promptlab.scoring.learned.linear import LinearVerbalizer
from promptlab.scoring.learned.prototypes import PrototypeVerbalizer
from promptlab.scoring.learned.slot_vectors import Standard
from promptlab.scoring.learned.soft import SoftVerbalizer
from promptlab.scoring.mixture import By, MixedVerbalizer
from promptlab.scoring.parts import Arrays, Parts
from promptlab.scoring.protocol import Verbalizer
from promptlab.scoring.words import WordVerbalizer
from promptlab.text import listed, nearest, shorten
from promptlab.toml import refuse_unknown
from promptlab.verbalizer import from_table, to_table

# Mixtures inside mixtures that are read: words and an average over depths need two.
_DEEPEST = 4


def to_parts(verbalizer: Verbalizer) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """A table in TOML's types and float32 arrays by name; label words make the table that they have in files.

    Raises ConfigError for a kind that cannot be written.
    """
    match verbalizer:
        case WordVerbalizer():
            return to_table(verbalizer.words), {}
        case LinearVerbalizer():
            table = _head(verbalizer) | {"depth": verbalizer.depth}
            return table, {"weight": verbalizer.weight, "bias": verbalizer.bias, **_standard(verbalizer.standard)}
        case PrototypeVerbalizer():
            table = _head(verbalizer) | {"depth": verbalizer.depth, "temperature": verbalizer.temperature}
            arrays = {"prototypes": verbalizer.prototypes, **_standard(verbalizer.standard)}
            return table, arrays if verbalizer.projection is None else {**arrays, "projection": verbalizer.projection}
        case SoftVerbalizer():
            table = _head(verbalizer) | {"depth": verbalizer.depth}
            return table, {"vectors": verbalizer.vectors, "bias": verbalizer.bias}
        case MixedVerbalizer():
            if _deepness(verbalizer) > _DEEPEST:
                raise ConfigError(f"Mixtures inside mixtures can be saved {_DEEPEST} deep and no deeper.")
            return _mixed_parts(verbalizer)
    raise ConfigError(f"A verbalizer of the kind {verbalizer.kind!r} cannot be saved in a bundle.")


def from_parts(table: Mapping[str, Any], arrays: Arrays, *, where: str) -> Verbalizer:
    """The inverse of ``to_parts``; ConfigError that names ``where`` and the key for what is not as it should be."""
    return _read(table, arrays, where=where, deep=0)


def _read(table: Mapping[str, Any], arrays: Arrays, *, where: str, deep: int) -> Verbalizer:
    kind = table.get("kind", "words")
    if kind == "words":
        words = from_table({key: value for key, value in table.items() if key != "kind"}, where=where)
        return WordVerbalizer(words)
    if kind == "mixed":
        return _read_mixed(table, arrays, where=where, deep=deep)
    if not isinstance(kind, str) or kind not in _READERS:
        kinds = ("words", *_READERS, "mixed")
        raise ConfigError(
            f"{where}: kind is {shorten(str(kind), 40)!r}; it can be {listed(kinds)}.{nearest(str(kind), kinds)}"
        )
    refuse_unknown(table, ("kind", "labels", "depth", *_FURTHER.get(kind, ())), where=where)
    return _READERS[kind](Parts(table, arrays, where))


def _read_linear(parts: Parts) -> LinearVerbalizer:
    labels = parts.labels()
    weight, bias = parts.array("weight", len(labels), None), parts.array("bias", len(labels))
    return LinearVerbalizer(labels, parts.depth(), weight, bias, parts.standard(weight.shape[1]))


def _read_prototype(parts: Parts) -> PrototypeVerbalizer:
    labels, has_projection = parts.labels(), "projection" in parts.arrays
    prototypes = parts.array("prototypes", len(labels), None)
    standard = parts.standard(None if has_projection else prototypes.shape[1])
    projection = parts.array("projection", prototypes.shape[1], standard.width) if has_projection else None
    return PrototypeVerbalizer(
        labels, parts.depth(), prototypes, standard, projection, temperature=parts.positive("temperature")
    )


def _read_soft(parts: Parts) -> SoftVerbalizer:
    labels = parts.labels()
    vectors, bias = parts.array("vectors", len(labels), None), parts.array("bias", len(labels))
    return SoftVerbalizer(labels, parts.depth(), vectors, bias)


_READERS: Mapping[str, Callable[[Parts], Verbalizer]] = {
    "linear": _read_linear,
    "prototype": _read_prototype,
    "soft": _read_soft,
}
_FURTHER: Mapping[str, tuple[str, ...]] = {"prototype": ("temperature",)}


def _deepness(verbalizer: Verbalizer) -> int:
    """How many mixtures stand inside one another."""
    return 1 + max(map(_deepness, verbalizer.members)) if isinstance(verbalizer, MixedVerbalizer) else 0


def _mixed_parts(verbalizer: MixedVerbalizer) -> tuple[dict[str, Any], dict[str, Tensor]]:
    members: list[dict[str, Any]] = []
    arrays: dict[str, Tensor] = {}
    for place, (member, weight) in enumerate(zip(verbalizer.members, verbalizer.weights, strict=True)):
        table, own = to_parts(member)
        members.append({**table, "weight": float(weight)})
        arrays |= {f"{place}.{name}": array for name, array in own.items()}
    head = _head(verbalizer) | {"by": verbalizer.by, "temperature": float(verbalizer.temperature)}
    return {**head, "member": members}, arrays


def _read_mixed(table: Mapping[str, Any], arrays: Arrays, *, where: str, deep: int) -> MixedVerbalizer:
    refuse_unknown(table, ("kind", "labels", "by", "temperature", "member"), where=where)
    parts, members = Parts(table, arrays, where), table.get("member")
    if deep == _DEEPEST:
        raise ConfigError(f"{where}: mixtures inside mixtures go {_DEEPEST} deep and no deeper.")
    if not isinstance(members, list) or not members or not all(isinstance(one, dict) for one in members):
        raise ConfigError(f"{where}: member must be a list of verbalizers.")
    by: Any = table.get("by")
    if by not in get_args(By):
        raise ConfigError(f"{where}: by is {shorten(str(by), 40)!r}; it can be {listed(get_args(By))}.")
    found = []
    for place, member in enumerate(members):
        at = f"{where}, member {place + 1}"
        own = {name.removeprefix(f"{place}."): one for name, one in arrays.items() if name.startswith(f"{place}.")}
        rest = {key: value for key, value in member.items() if key != "weight"}
        found.append((_read(rest, own, where=at, deep=deep + 1), Parts(member, own, at).weight("weight")))
    mixed = MixedVerbalizer(
        tuple(one for one, _ in found), tuple(weight for _, weight in found), by, parts.positive("temperature")
    )
    if parts.labels() != mixed.labels:
        raise ConfigError(f"{where}: labels are not those of its members.")
    return mixed


def _head(verbalizer: Verbalizer) -> dict[str, Any]:
    return {"kind": verbalizer.kind, "labels": list(verbalizer.labels)}


def _standard(standard: Standard) -> dict[str, Tensor]:
    return {"mean": standard.mean, "scale": standard.scale}
