"""A tokenizer and a language model from nothing, for languages and domains that have none."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch

from promptlab.errors import ConfigError, StoreError
from promptlab.model import hardware
from promptlab.model.load import wrap_model
from promptlab.model.quiet import quieten
from promptlab.model.training.checkpoints import Checkpoints
from promptlab.model.training.documents import Texts
from promptlab.model.training.run import Place, Run, begun
from promptlab.model.training.settings import Settings
from promptlab.model.training.sizes import check_family, check_size, new_model
from promptlab.model.training.vocabulary import LEAST, Measured, measure, new_tokenizer
from promptlab.results.events import Event, Note

_SEQUENCE = 256
_RATE = 1e-3


def pretrain(
    family: str,
    size: str,
    texts: Texts,
    out: Path,
    *,
    settings: Settings = Settings(),  # noqa: B008 (frozen)
    vocabulary: int | None = None,
    lowercase: bool = False,
    place: Place = Place(),  # noqa: B008 (frozen)
    resume: bool = False,
) -> Generator[Event]:
    """Train a tokenizer and a ``masked``, ``causal`` or ``seq2seq`` model, ``tiny`` or ``small``, from nothing.

    ``vocabulary`` is the number of pieces (None: 8,000 or 16,000, less where the text is small). Events, errors and
    ``resume`` are those of ``adapt``.
    """
    kind, measures = check_family(family), check_size(size)
    settings.check()
    wanted = vocabulary or measures.vocabulary
    if wanted < LEAST:
        raise ConfigError(f"--vocabulary {wanted}: it is at least {LEAST}.")
    computed = place.precision()
    hardware.set_threads(place.threads)
    quieten()
    checkpoints = Checkpoints(out)
    checkpoints.check(resume=resume)
    opened = texts.open()
    yield from (Note("info", note) for note in opened.notes)
    sequence = settings.sequence or _SEQUENCE
    identity = {
        **opened.identity(),
        "command": "pretrain",
        "family": kind,
        "size": size,
        "vocabulary": wanted,
        "lowercase": lowercase,
        "sequence": sequence,
        "dtype": str(computed),
    }
    with begun(checkpoints, identity, settings, _RATE, resume=resume) as (rate, notes):
        yield from notes
        stored = checkpoints.folder / "tokenizer"
        if not stored.is_dir():
            yield Note("info", "Making a vocabulary.")
            measured = measure(opened)
            allowed = min(wanted, measured.most_pieces)
            made = new_tokenizer(kind, opened, measured, size=allowed, lowercase=lowercase, sequence=sequence)
            _store(made, stored)
            if len(made) < wanted:
                yield Note("info", _fewer(len(made), wanted, measured))
        tokenizer = _load(stored)
        model = new_model(kind, measures, tokenizer, sequence=sequence, seed=settings.seed)
        lm = wrap_model(model.to(hardware.choose_device(place.device)), tokenizer, name=out.name)
        lm.model.requires_grad_(True)
        yield from Run(
            lm,
            opened,
            checkpoints,
            settings,
            sequence=sequence,
            rate=rate,
            computed=computed,
            stored=torch.float32,
            merge=lambda: None,
            about={"command": "pretrain", "size": size, "method": "all weights", "vocabulary": len(tokenizer)},
        ).events()


def _fewer(pieces: int, wanted: int, measured: Measured) -> str:
    return (
        f"The vocabulary has {pieces:,} pieces and not {wanted:,}: {measured.characters:,} characters of text do not "
        "give more that occur often enough."
    )


def _store(tokenizer: Any, folder: Path) -> None:
    """Write the tokenizer whole: a run that goes on must find the same one."""
    new = folder.with_name(".tokenizer.new")
    try:
        tokenizer.save_pretrained(new)
        new.replace(folder)
    except Exception as error:  # tokenizers raise bare Exception for a full disk
        raise StoreError(f"{str(folder)!r} cannot be written ({error}). Free some space and start again.") from error


def _load(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
