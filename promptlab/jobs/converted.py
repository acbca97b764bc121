"""Converting a model to an ordinary folder by hand, and removing what the cache holds of converted models."""

from pathlib import Path

from promptlab.errors import ConfigError, ModelError
from promptlab.model.bin_weights import convert_bin
from promptlab.model.gguf.cached import Unpacked, fingerprint_of, in_cache, remove
from promptlab.model.gguf.convert import convert
from promptlab.model.gguf.header import is_gguf, read_header
from promptlab.model.new_folder import one_at_a_time, refuse_in_use
from promptlab.model.origin import Origin, read_origin
from promptlab.model.source import EMBEDDED, Say
from promptlab.model.weights import content_hash
from promptlab.text import listed, nearest

_LEAST_OF_A_HASH = 6


def convert_model(source: Path, target: Path, *, say: Say | None = None) -> Origin:
    """Write a GGUF file, or a folder with ``.bin`` weights, as an ordinary model folder; what it came from.

    Raises ModelError for a source that cannot be converted and for a target that is in use; nothing is left then.
    """

    def wait() -> None:
        if say is not None:
            say(f"Another process is writing {target}; waiting for it.")

    with one_at_a_time(target, wait):
        refuse_in_use(target)
        return convert_bin(source, target, say=say) if source.is_dir() else _convert_file(source, target, say)


def _convert_file(source: Path, target: Path, say: Say | None) -> Origin:
    if not source.is_file():
        raise ModelError(f"There is no file or folder {str(source)!r}.")
    if not is_gguf(source):
        raise ModelError(
            f"{str(source)!r} is no GGUF file. `promptlab model convert` takes one, or a folder with .bin weights."
        )
    read_header(source)
    origin = Origin(source.name, content_hash(source), "")
    convert(source, target, say=say, origin=origin)
    return read_origin(target) or origin


def delete_model(name: str) -> Unpacked:
    """Remove a converted model from the cache, by its source's name or path or the start of a hash; what it was.

    Raises ConfigError when none or several are meant, or when the model is not promptlab's to remove.
    """
    held = list(in_cache())
    meant = [model for model in held if name in _names(model)] or [model for model in held if _begins(model, name)]
    if not meant:
        meant = [model for model in held if model.origin.sha256 == _hash_of(name)]
    if len(meant) > 1:
        choices = listed(f"{model.origin.path or model.origin.source} ({model.origin.sha256[:12]})" for model in meant)
        raise ConfigError(f"{name!r} is the name of several converted models: {choices}. Give the start of the hash.")
    if not meant:
        raise ConfigError(_not_ours(name, held))
    remove(meant[0])
    return meant[0]


def _names(model: Unpacked) -> tuple[str, ...]:
    origin = model.origin
    path = Path(origin.path).expanduser() if origin.path else Path(origin.source)
    return (origin.source, Path(origin.source).stem, origin.path, str(path))


def _begins(model: Unpacked, start: str) -> bool:
    sha256 = model.origin.sha256
    is_start = sha256.startswith(start) or fingerprint_of(sha256).startswith(start)
    return len(start) >= _LEAST_OF_A_HASH and is_start


def _hash_of(name: str) -> str:
    """The content of the GGUF file of that path, if there is one."""
    path = Path(name).expanduser()
    return content_hash(path) if is_gguf(path) else ""


def _not_ours(name: str, held: list[Unpacked]) -> str:
    if name == EMBEDDED:
        return "The embedded model is a part of promptlab and cannot be deleted."
    if Path(name).expanduser().is_dir():
        return f"{name!r} is a folder of your own: remove it as any other folder."
    names = [model.origin.source for model in held]
    has = f"It has {listed(names)}." if names else "It has none."
    return (
        f"The cache has no converted model {name!r}.{nearest(name, names)} {has} Models of a hub are in the hub's own "
        "cache: `hf cache ls` lists them, `hf cache rm` deletes them."
    )
