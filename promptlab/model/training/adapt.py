"""Going on with the training of a language model on unlabelled text of one's own."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Literal

from promptlab.errors import ConfigError
from promptlab.model.gate import weight_files
from promptlab.model.load import load_model
from promptlab.model.source import Say, find
from promptlab.model.training.checkpoints import Checkpoints
from promptlab.model.training.documents import Texts
from promptlab.model.training.lora import add_lora
from promptlab.model.training.outcome import stored_dtype
from promptlab.model.training.run import Place, Run, begun
from promptlab.model.training.settings import Settings, rate_for
from promptlab.results.events import Event, Note

Method = Literal["full", "lora"]
_SEQUENCE = 128
_LORA_RATE = 1e-3


def adapt(
    model: str,
    texts: Texts,
    out: Path,
    *,
    settings: Settings = Settings(),  # noqa: B008 (frozen)
    method: Method = "full",
    rank: int = 16,
    revision: str = "",
    place: Place = Place(),  # noqa: B008 (frozen)
    resume: bool = False,
    say: Say | None = None,
) -> Generator[Event]:
    """Train a model on, by its own objective, and write the outcome to the folder ``out``; events as it goes.

    ``method`` "lora" trains matrices of ``rank`` beside the weights, which take a quarter of the memory, and merges
    them in the end. The last event is Done, with the losses on held-out documents. A run that is closed, killed or
    stopped by an error leaves ``out``.partial, from which ``resume`` goes on. Raises DataError for a text that cannot
    be used, ModelError for a model that cannot be trained or a loss that rises, ConfigError for options, StoreError
    for the disk.
    """
    settings.check()
    if rank < 1:
        raise ConfigError(f"--rank {rank}: it is at least 1.")
    computed = place.precision()
    checkpoints = Checkpoints(out)
    checkpoints.check(resume=resume)
    opened = texts.open()
    yield from (Note("info", note) for note in opened.notes)
    lm = load_model(
        model,
        revision=revision,
        device=place.device,
        dtype="float32",
        threads=place.threads,
        offline=place.offline,
        say=say,
    )
    source = find(model, revision=revision, offline=place.offline)
    sequence = settings.sequence or min(_SEQUENCE, lm.max_length)
    merge: Callable[[], None] = lambda: None  # noqa: E731
    if method == "lora":
        merge = add_lora(lm, rank=rank, seed=settings.seed)
    else:
        lm.model.requires_grad_(True)
    trained = sum(value.numel() for value in lm.model.parameters() if value.requires_grad)
    identity = {
        **opened.identity(),
        "command": "adapt",
        "model": lm.fingerprint,
        "method": method,
        "rank": rank if method == "lora" else 0,
        "sequence": sequence,
        "dtype": str(computed),
    }
    usual = _LORA_RATE if method == "lora" else rate_for(trained)
    with begun(checkpoints, identity, settings, usual, resume=resume) as (rate, notes):
        yield from notes
        yield from Run(
            lm,
            opened,
            checkpoints,
            settings,
            sequence=sequence,
            rate=rate,
            computed=computed,
            stored=stored_dtype(weight_files(source.folder)[0]),
            merge=merge,
            about={
                "command": "adapt",
                "model": lm.name,
                "method": "all weights" if method == "full" else f"LoRA, rank {rank}",
            },
        ).events()
