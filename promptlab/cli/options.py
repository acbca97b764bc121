"""Options that several commands share, each with one name, one type and one sentence of help."""

from pathlib import Path
from typing import Annotated

import typer

Task = Annotated[
    str | None,
    typer.Option(
        "--task",
        "-t",
        metavar="TASK",
        help="A file, a folder, a sample (reviews, tickets) or hub:name/config@revision.",
    ),
]
Split = Annotated[
    str | None, typer.Option(metavar="SPLIT", help="train, dev or test. Default: dev, else test, else all rows.")
]
ReportOn = Annotated[
    str | None, typer.Option("--split", metavar="SPLIT", help="The rows to report on. Default: test, else dev.")
]
Limit = Annotated[int | None, typer.Option(metavar="N", help="A seeded sample of this many rows.")]
Seed = Annotated[int | None, typer.Option(metavar="N", help="The seed of every draw. Default: 13.")]
Text = Annotated[str | None, typer.Option(metavar="COLUMN", help="The column that holds the text.")]
Label = Annotated[str | None, typer.Option(metavar="COLUMN", help="The column that holds the label.")]
Labels = Annotated[
    str | None, typer.Option(metavar="OLD=NEW,...", help="New names of labels, in order: '1=positive,0=negative'.")
]
Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="The encoding of the files, where the guess is wrong.")
]

Templates = Annotated[
    list[str] | None,
    typer.Option(
        "--template",
        metavar="TEMPLATE",
        help="A template written out, file.toml#name, or one of the library: sst2#it-was.",
    ),
]
Template = Annotated[
    str | None,
    typer.Option(
        "--template",
        metavar="TEMPLATE",
        help="A template written out, file.toml#name, or one of the library: sst2#it-was.",
    ),
]
WordsList = Annotated[
    list[str] | None,
    typer.Option(
        "--words",
        metavar="WORDS",
        help="'positive=great,good negative=bad', file.toml#name, or the library's: sst2#manual.",
    ),
]
Words = Annotated[
    str | None,
    typer.Option(
        "--words",
        metavar="WORDS",
        help="'positive=great,good negative=bad', file.toml#name, or the library's: sst2#manual.",
    ),
]
Bundle = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="A bundle's folder, in place of model, template and words.")
]

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="MODEL",
        help="embedded, gemma-3-270m, a folder, a GGUF file or a hub name. Default: embedded.",
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        metavar="MODEL",
        help="embedded, gemma-3-270m, a folder, a GGUF file or a hub name. Default: embedded.",
    ),
]
Revision = Annotated[str | None, typer.Option(metavar="REVISION", help="The hub model's branch, tag or commit.")]
Device = Annotated[str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda, cuda:1 or mps.")]
Dtype = Annotated[
    str | None, typer.Option(metavar="DTYPE", help="float32, bfloat16 or float16. Default: bfloat16 where it is fast.")
]
Threads = Annotated[int | None, typer.Option(metavar="N", help="CPU threads to compute with.")]
Offline = Annotated[bool, typer.Option("--offline", help="Keep off the network: use what is on this machine.")]
MaxLength = Annotated[
    int | None, typer.Option(metavar="PIECES", help="The longest prompt in pieces, below the model's own limit.")
]
Cache = Annotated[
    bool | None,
    typer.Option("--cache/--no-cache", help="Keep readings on disk. Default: yes, up to 50,000 rows."),
]

Workspace = Annotated[Path, typer.Option(metavar="FOLDER", help="The folder of the run store.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Events = Annotated[bool, typer.Option("--events", help="Print events as lines of JSON, the result in the last.")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's number, last, last-1, or the start of its hash.")]

WORKSPACE = Path(".promptlab")
