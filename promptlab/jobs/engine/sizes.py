"""How large a model is, before it is loaded: from its files where it is here, else from what the hub says."""

from dataclasses import dataclass
from pathlib import Path

from promptlab.errors import ModelError
from promptlab.model.gate import weight_files
from promptlab.model.gguf.cached import folder_of, is_there
from promptlab.model.packaged import PACKAGED, is_installed
from promptlab.model.source import EMBEDDED, find, hub_folder, hub_size, is_hub_name
from promptlab.model.weights import parameter_count
from promptlab.text import size


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of the weights; ``parameters`` is None where only a look into the files would tell.

    ``before`` says what has to be done first for a model that is not here.
    """

    is_here: bool
    bytes: int | None
    parameters: int | None
    before: str = ""


def size_of(name: str, *, revision: str = "", offline: bool = False) -> Size:
    """The size of a model by the name that ``load_model`` takes; nothing is downloaded or unpacked.

    Raises ModelError for a model that cannot be had.
    """
    if name in PACKAGED and not is_there(folder_of(PACKAGED[name].sha256)):
        packaged = PACKAGED[name]
        if not is_installed(packaged):
            raise ModelError(f"The model {name!r} is not installed. In a checkout of promptlab: {packaged.install}.")
        return Size(False, None, None, f"It is unpacked when it is first used ({packaged.about}).")
    if name.lower().endswith(".gguf") and Path(name).expanduser().is_file():
        held = Path(name).expanduser().stat().st_size
        return Size(False, held, None, f"The file of {size(held)} is unpacked when it is first used.")
    hub, _, after = name.partition("@")
    revision = after or revision or "main"
    is_named = name == EMBEDDED or name in PACKAGED or Path(name).expanduser().exists()
    is_of_hub = not is_named and is_hub_name(hub)
    folder = hub_folder(hub, revision) if is_of_hub else find(name).folder
    if folder is None and offline:
        raise ModelError(f"The model {name!r} is not on this machine, and offline forbids a download.")
    if folder is None:
        held = hub_size(hub, revision=revision)
        return Size(False, held, None, f"{size(held)} must be downloaded.")
    files = weight_files(folder)
    return Size(True, sum(path.stat().st_size for path in files), parameter_count(files))
