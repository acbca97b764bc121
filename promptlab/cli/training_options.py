"""Options of the commands that train language models."""

from pathlib import Path
from typing import Annotated, Literal

import typer

TrainedModel = Annotated[str, typer.Argument(metavar="MODEL", help="embedded, a folder, a GGUF file, or a hub name.")]
More = Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="More files, after --text FILE.")]
Files = Annotated[
    list[Path] | None,
    typer.Option("--text", metavar="FILE", help="Text, packed (.gz, .xz) or not. Several may follow."),
]
Out = Annotated[Path, typer.Option(metavar="FOLDER", help="The new model's folder.")]
Family = Annotated[str, typer.Option(metavar="FAMILY", help="masked, causal or seq2seq.")]
Size = Annotated[str, typer.Option(metavar="SIZE", help="tiny (4 layers of 256) or small (6 of 384).")]
Column = Annotated[str | None, typer.Option(metavar="COLUMN", help="The files are tables: the column with the texts.")]
Unit = Literal["lines", "paragraphs"]
Documents = Annotated[Unit, typer.Option(metavar="UNIT", help="What a document is in plain text: lines or paragraphs.")]
Minutes = Annotated[float | None, typer.Option(metavar="N", help="How long to train. Default: 30, without --steps.")]
Steps = Annotated[int | None, typer.Option(metavar="N", help="How many steps to train, in place of --minutes.")]
BatchPieces = Annotated[int, typer.Option(metavar="N", help="Pieces a step.")]
Sequence = Annotated[
    int | None, typer.Option(metavar="N", help="Pieces a row. Default: 128; of a new model, which reads no more, 256.")
]
Starts = Annotated[bool, typer.Option("--starts", help="A row is the start of a document. Default: documents joined.")]
LearningRate = Annotated[
    float | None, typer.Option(metavar="RATE", help="The highest learning rate. Default: by the model's size.")
]
Decay = Annotated[Literal["linear", "cosine"], typer.Option(metavar="DECAY", help="linear or cosine.")]
Warmup = Annotated[float, typer.Option(metavar="SHARE", help="The share of the run over which the rate rises.")]
MaskShare = Annotated[float, typer.Option(metavar="SHARE", help="The share of pieces that is hidden.")]
Dropout = Annotated[bool, typer.Option("--dropout", help="With the model's dropout: for little text, read many times.")]
HeldOut = Annotated[float, typer.Option(metavar="SHARE", help="Documents held out for validation, at most 1,000.")]
Method = Annotated[
    Literal["full", "lora"], typer.Option(metavar="METHOD", help="full: all weights. lora: less memory.")
]
Rank = Annotated[int, typer.Option(metavar="N", help="The rank of LoRA's matrices.")]
Vocabulary = Annotated[int | None, typer.Option(metavar="N", help="Pieces. Default: 8,000 (tiny), 16,000 (small).")]
Lowercase = Annotated[bool, typer.Option("--lowercase", help="Read capitals as small letters.")]
CheckpointMinutes = Annotated[float, typer.Option(metavar="N", help="Minutes between checkpoints.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")]
