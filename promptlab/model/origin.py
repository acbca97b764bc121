"""origin.toml: what a converted model folder was made from, kept beside the weights; and its README."""

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from promptlab.errors import ConfigError
from promptlab.text import shorten
from promptlab.toml import edit_toml, read_toml

ORIGIN, CARD = "origin.toml", "README.md"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a converted model comes from.

    ``source`` is the file's or folder's name, ``path`` where it lay (in the cache only), ``quantization`` how its
    weights were packed (empty when they were not), ``stored`` the dtype that they have now.
    """

    source: str
    sha256: str
    architecture: str
    quantization: str = ""
    stored: str = ""
    licence: str = ""
    path: str = ""
    created: str = ""


def write_origin(folder: Path, origin: Origin) -> None:
    """Write ``origin.toml`` into a folder; what is empty is left out."""
    created = origin.created or datetime.now(UTC).isoformat(timespec="seconds")
    table = {**asdict(origin), "created": created}
    edit_toml(folder / ORIGIN, {key: value for key, value in table.items() if value})


def read_origin(folder: Path) -> Origin | None:
    """What a folder says it was made from; None where it says nothing that can be read."""
    try:
        table = read_toml(folder / ORIGIN)
    except ConfigError:
        return None
    known = {
        field.name: shorten(table.get(field.name, ""), 300) for field in fields(Origin) if _is_text(table, field.name)
    }
    return Origin(**{"source": "", "sha256": "", "architecture": "", **known}) if known else None


def write_card(folder: Path, origin: Origin) -> None:
    """Write the README of a converted folder: source, what was done to it, licence."""
    packed = f", whose weights were packed as {origin.quantization}" if origin.quantization else ""
    lines = [
        f"# {origin.source}",
        "",
        f"Made by promptlab from {origin.source} ({origin.architecture}{packed}), sha256 {origin.sha256}.",
        f"The weights are stored as {origin.stored} in safetensors form. Nothing was trained.",
        *(["What packing lost stays lost: the answers are those of the packed model."] if packed else []),
        "",
        f"Licence: {origin.licence or 'the source names none; that of the original model applies'}",
    ]
    (folder / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _is_text(table: dict[str, object], key: str) -> bool:
    return isinstance(table.get(key, ""), str) and key in table
