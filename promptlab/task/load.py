"""A task by its reference: a file, a folder, a sample's name, or a data set of the Hugging Face hub."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from promptlab.errors import DataError
from promptlab.task.assemble import Wishes, assemble
from promptlab.task.blocks import Reading
from promptlab.task.example import Task
from promptlab.task.formats import SPLITS, ending_of, split_of, stem_of
from promptlab.task.tables import read_table
from promptlab.task.taskfile import NAME, TaskFile, read_task_file
from promptlab.text import listed, nearest

_SAMPLES = Path(__file__).parent / "samples"
_DEFAULT_SAMPLE = "reviews"
_HUB = "hub:"


def load_task(
    reference: str | Path,
    *,
    text: str | None = None,
    label: str | None = None,
    labels: Mapping[str, str] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    header: bool | None = None,
    offline: bool = False,
) -> Task:
    """The task that ``reference`` names: a file, a folder of train, dev and test files, ``reviews``, ``tickets``,
    ``sample``, or ``hub:name/config@revision``.

    ``text`` and ``label`` name columns and ``labels`` gives labels new names, in order; they go before ``task.toml``,
    which goes before what is guessed. What was guessed is in the task's ``notes``. Labels keep the order in which they
    first appear, train first; numbers go by size. With ``offline`` a hub data set comes from its cache alone.

    Raises DataError for a file or row that cannot be used, ConfigError for ``task.toml`` or an option.
    """
    wishes = Wishes(text, label, labels)
    if str(reference).startswith(_HUB):
        from promptlab.task.hub import load_hub

        return load_hub(str(reference).removeprefix(_HUB), wishes, offline=offline)
    reading = Reading(encoding, delimiter, header)
    path = Path(reference).expanduser()
    if path.is_dir():
        return _folder(path, wishes, reading)
    if path.is_file():
        return _file(path, wishes, reading)
    sample = _DEFAULT_SAMPLE if str(reference) == "sample" else str(reference)
    if sample in sample_names():
        return replace(_folder(_SAMPLES / sample, wishes, reading), source=f"sample:{sample}")
    raise _nothing(str(reference), path)


def sample_names() -> tuple[str, ...]:
    """The tasks that come with the package."""
    return tuple(sorted(folder.name for folder in _SAMPLES.glob("*") if folder.is_dir()))


def _nothing(reference: str, path: Path) -> DataError:
    try:
        beside = {file.name: str(file) for file in path.parent.iterdir()}
    except OSError:
        beside = {}
    close = nearest(path.name, (*sample_names(), "sample", *beside))
    return DataError(
        f"There is no file, folder or sample {reference!r}.{close} Samples: {listed(sample_names())}. "
        "A data set of the Hugging Face hub is written hub:name."
    )


def _file(path: Path, wishes: Wishes, reading: Reading) -> Task:
    """One file: the rows of the split that its name says, or of test."""
    task_file, split = _beside(path)
    notes: tuple[str, ...] = ()
    if not split and (path.parent / NAME).is_file():
        notes = (f"{NAME} beside {path.name} does not name it in [files]: not used",)
    split = split or split_of(path)
    table = read_table(path, reading)
    name = task_file.name or (path.resolve().parent.name if split_of(path) else "") or stem_of(path)
    joined = _joined(wishes, task_file)
    return assemble({split or "test": table}, joined, name=name, source=str(path), notes=notes, is_lone=not split)


def _beside(path: Path) -> tuple[TaskFile, str]:
    """The ``task.toml`` beside a file, if it names the file, and the split that it gives it."""
    found = path.parent / NAME
    task_file = read_task_file(found) if found.is_file() else TaskFile()
    for split, name in task_file.files.items():
        if (path.parent / name).resolve() == path.resolve():
            return task_file, split
    return TaskFile(), ""


def _folder(folder: Path, wishes: Wishes, reading: Reading) -> Task:
    found = folder / NAME
    task_file = read_task_file(found) if found.is_file() else TaskFile()
    files = {split: folder / task_file.files[split] for split in SPLITS if split in task_file.files}
    files = files or _split_files(folder)
    tables = {split: read_table(path, reading) for split, path in files.items()}
    notes = [f"{path.name} is the {split} split" for split, path in files.items() if stem_of(path).lower() != split]
    name = task_file.name or folder.resolve().name
    return assemble(tables, _joined(wishes, task_file), name=name, source=str(folder), notes=notes)


def _split_files(folder: Path) -> dict[str, Path]:
    """The folder's files by split, train first; DataError when there is none, or two for one split."""
    tables = [path for path in sorted(folder.iterdir()) if ending_of(path) and path.is_file()]
    files: dict[str, Path] = {}
    for path in tables:
        split = split_of(path)
        if split in files:
            raise DataError(
                f"{str(folder)!r} has two files for {split}: {files[split].name} and {path.name}. "
                f"Remove one, or name one in {NAME}, [files]."
            )
        if split:
            files[split] = path
    if not files:
        there = (
            f"There are {listed(path.name for path in tables)}: name one of these." if tables else "It has no table."
        )
        raise DataError(f"{str(folder)!r} has no file train, dev or test (such as train.csv). {there}")
    return {split: files[split] for split in SPLITS if split in files}


def _joined(wishes: Wishes, task_file: TaskFile) -> Wishes:
    """Options first, then ``task.toml``; a text column given as an option also replaces a derived text."""
    fields = {name: template for name, template in task_file.fields.items() if not (wishes.text and name == "text")}
    return Wishes(
        text=wishes.text or task_file.text,
        label=wishes.label or task_file.label,
        labels=wishes.labels if wishes.labels is not None else task_file.labels,
        fields=fields,
        where=str(task_file.path or NAME),
    )
