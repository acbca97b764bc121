"""``promptlab model adapt`` and ``promptlab model pretrain``: models of one's own text."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptlab.cli import console, options
from promptlab.cli import training_options as train
from promptlab.cli.training_progress import carry_out
from promptlab.errors import ConfigError

if TYPE_CHECKING:
    from promptlab.model.training import Texts


def adapt(
    model: train.TrainedModel,
    out: train.Out,
    more: train.More = None,
    text: train.Files = None,
    column: train.Column = None,
    documents: train.Documents = "lines",
    minutes: train.Minutes = None,
    steps: train.Steps = None,
    method: train.Method = "full",
    rank: train.Rank = 16,
    batch_pieces: train.BatchPieces = 4096,
    sequence: train.Sequence = None,
    starts: train.Starts = False,
    learning_rate: train.LearningRate = None,
    decay: train.Decay = "linear",
    warmup: train.Warmup = 0.06,
    mask_share: train.MaskShare = 0.15,
    dropout: train.Dropout = False,
    held_out: train.HeldOut = 0.02,
    checkpoint_minutes: train.CheckpointMinutes = 5.0,
    resume: train.Resume = False,
    seed: options.Seed = None,
    encoding: options.Encoding = None,
    revision: options.Revision = None,
    device: options.Device = "auto",
    dtype: options.Dtype = None,
    threads: options.Threads = None,
    offline: options.Offline = False,
    json: options.Json = False,
    events: options.Events = False,
) -> None:
    """Go on with the training of a model, on unlabelled text of one's own.

    promptlab model adapt embedded --text notes.txt --out my-model

    The objective is the model's own: whole words hidden, the next piece, or hidden spans. A run that was stopped goes
    on with the same command and --resume.
    """
    console.refuse_both(json, events)
    console.say(f"Loading {model}.")
    from promptlab.model.training import Place, Settings
    from promptlab.model.training import adapt as train_on

    settings = Settings(
        minutes=minutes,
        steps=steps,
        batch_pieces=batch_pieces,
        sequence=sequence,
        packed=not starts,
        learning_rate=learning_rate,
        decay=decay,
        warmup=warmup,
        mask_share=mask_share,
        dropout=dropout,
        held_out=held_out,
        seed=13 if seed is None else seed,
        checkpoint_minutes=checkpoint_minutes,
    )
    work = train_on(
        model,
        _texts(text, more, column, documents, encoding),
        out,
        settings=settings,
        method=method,
        rank=rank,
        revision=revision or "",
        place=Place(device, threads, dtype, offline),
        resume=resume,
        say=console.say,
    )
    carry_out("model adapt", work, out, json=json, events=events)


def pretrain(
    family: train.Family,
    out: train.Out,
    more: train.More = None,
    size: train.Size = "tiny",
    text: train.Files = None,
    column: train.Column = None,
    documents: train.Documents = "lines",
    minutes: train.Minutes = None,
    steps: train.Steps = None,
    vocabulary: train.Vocabulary = None,
    lowercase: train.Lowercase = False,
    batch_pieces: train.BatchPieces = 4096,
    sequence: train.Sequence = None,
    starts: train.Starts = False,
    learning_rate: train.LearningRate = None,
    decay: train.Decay = "linear",
    warmup: train.Warmup = 0.06,
    mask_share: train.MaskShare = 0.15,
    dropout: train.Dropout = False,
    held_out: train.HeldOut = 0.02,
    checkpoint_minutes: train.CheckpointMinutes = 5.0,
    resume: train.Resume = False,
    seed: options.Seed = None,
    encoding: options.Encoding = None,
    device: options.Device = "auto",
    dtype: options.Dtype = None,
    threads: options.Threads = None,
    json: options.Json = False,
    events: options.Events = False,
) -> None:
    """Make a tokenizer and a model from nothing but text.

    promptlab model pretrain --family masked --size tiny --text notes.txt --out my-model

    For languages and domains that have none. A run that was stopped goes on with the same command and --resume.
    """
    console.refuse_both(json, events)
    console.say("Looking at the text.")
    from promptlab.model.training import Place, Settings
    from promptlab.model.training import pretrain as make

    settings = Settings(
        minutes=minutes,
        steps=steps,
        batch_pieces=batch_pieces,
        sequence=sequence,
        packed=not starts,
        learning_rate=learning_rate,
        decay=decay,
        warmup=warmup,
        mask_share=mask_share,
        dropout=dropout,
        held_out=held_out,
        seed=13 if seed is None else seed,
        checkpoint_minutes=checkpoint_minutes,
    )
    work = make(
        family,
        size,
        _texts(text, more, column, documents, encoding),
        out,
        settings=settings,
        vocabulary=vocabulary,
        lowercase=lowercase,
        place=Place(device, threads, dtype),
        resume=resume,
    )
    carry_out("model pretrain", work, out, json=json, events=events)


def _texts(
    text: list[Path] | None, more: list[Path] | None, column: str | None, documents: train.Unit, encoding: str | None
) -> "Texts":
    """The files after ``--text``: the shell writes ``--text *.txt`` out, and only the first belongs to the option."""
    from promptlab.model.training import Texts

    if not text and more:
        raise ConfigError(f"What is {str(more[0])!r}? Files of text come after --text.")
    return Texts((*(text or ()), *(more or ())), column, documents, encoding)
