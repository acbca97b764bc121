"""Data sets of the Hugging Face hub, by name, configuration and revision, or from the cache (the ``hub`` extra)."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from promptlab.errors import ConfigError, DataError
from promptlab.task.assemble import Wishes, assemble
from promptlab.task.blocks import text_schema
from promptlab.task.cells import named_column, readable_columns, text_batches
from promptlab.task.example import Task
from promptlab.task.formats import SPLIT_NAMES, SPLITS
from promptlab.task.names import unique_names
from promptlab.task.tables import Table
from promptlab.text import listed, shorten

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


@dataclass(frozen=True, slots=True)
class HubName:
    """``name/config@revision`` taken apart; empty where nothing was written."""

    name: str
    config: str = ""
    revision: str = ""


def parse_hub_name(text: str) -> list[HubName]:
    """The readings of ``owner/name/config@revision``, likeliest first.

    ``a/b`` can be the data set b of the owner a, or the configuration b of a. An absolute path names a folder.
    """
    if Path(text).is_absolute():
        folder, _, config = text.rpartition("/")
        return [HubName(text)] if Path(text).is_dir() else [HubName(folder, config)]
    name, _, revision = text.partition("@")
    parts = name.split("/")
    written = [*parts, *(revision.split("/") if "@" in text else ())]  # a revision may be refs/convert/parquet
    if len(parts) > 3 or not all(re.fullmatch(r"\w[\w.\-]*", part) for part in written):
        raise DataError(f"{'hub:' + text!r} is not hub:name, hub:owner/name/config or hub:name@revision.")
    if Path(name).is_dir():
        raise DataError(f"The folder {name!r} here hides the hub's data set. To use the folder, leave hub: out.")
    if len(parts) == 3:
        return [HubName(f"{parts[0]}/{parts[1]}", parts[2], revision)]
    if len(parts) == 2:
        return [HubName(name, "", revision), HubName(parts[0], parts[1], revision)]
    return [HubName(name, "", revision)]


def load_hub(reference: str, wishes: Wishes, *, offline: bool) -> Task:
    """The task of a hub data set; its code is never run, and with ``offline`` nothing but its cache is looked at.

    Class numbers become class names. Raises ConfigError without the ``datasets`` package, DataError for a data set that
    is not found, cannot be reached, or is cached in another revision than the one asked for.
    """
    found, splits = _load(parse_hub_name(reference), offline=offline)
    commit = _commit(splits)
    _refuse_other_revision(found, commit, offline=offline)
    chosen, notes = _by_split(splits)
    if commit:
        notes = [f"{found.name} at commit {commit}", *notes]
    tables = {split: _table(dataset, f"{found.name}, {split}") for split, dataset in chosen.items()}
    usual = {name: names for dataset in chosen.values() for name, names in _class_names(dataset).items()}
    name = found.config or found.name.rpartition("/")[2]
    return assemble(tables, replace(wishes, usual=usual), name=name, source=f"hub:{reference}", notes=notes)


def _load(readings: Sequence[HubName], *, offline: bool) -> tuple[HubName, "DatasetDict"]:
    try:
        import datasets
    except ImportError:
        raise ConfigError(
            'Data sets of the hub need the package datasets. From a checkout: pip install ".[hub]".'
        ) from None
    errors: list[Exception] = []
    for reading in readings:
        try:
            with _quiet(offline=offline):
                splits = datasets.load_dataset(reading.name, reading.config or None, revision=reading.revision or None)
            return reading, splits
        except Exception as error:  # errors of its HTTP client pass through, and that client is not always the same
            errors.append(error)
            if isinstance(error, ConnectionError) and not offline:
                break
    raise _refusal(readings[0], errors[0], offline=offline) from errors[0]


def _refusal(reading: HubName, error: Exception, *, offline: bool) -> DataError:
    called = " ".join(filter(None, (reading.name, reading.config, reading.revision and f"@{reading.revision}")))
    if offline:
        return DataError(f"The data set {called!r} is not in the cache, and --offline forbids to fetch it.")
    if isinstance(error, ConnectionError):
        return DataError(
            f"The hub cannot be reached, and the data set {called!r} is not in the cache. Try again online."
        )
    if "scripts are no longer supported" in str(error):
        return DataError(f"The data set {called!r} can only be read by running its code, which promptlab never does.")
    return DataError(f"The data set {called!r} cannot be loaded: {shorten(str(error), 300)}")


@contextmanager
def _quiet(*, offline: bool) -> Iterator[None]:
    """No progress bars, no warnings on the terminal; with ``offline`` no network either."""
    import datasets
    import huggingface_hub
    import huggingface_hub.utils

    settings = [(datasets.config, "HF_HUB_OFFLINE"), (huggingface_hub.constants, "HF_HUB_OFFLINE")]
    before = [getattr(module, name) for module, name in settings]
    bars = not huggingface_hub.utils.are_progress_bars_disabled(), not datasets.are_progress_bars_disabled()
    loudness = datasets.logging.get_verbosity(), huggingface_hub.logging.get_verbosity()
    try:
        for (module, name), value in zip(settings, before, strict=True):
            setattr(module, name, value or offline)
        huggingface_hub.utils.disable_progress_bars()
        datasets.disable_progress_bars()
        datasets.logging.set_verbosity(datasets.logging.CRITICAL)
        huggingface_hub.logging.set_verbosity(datasets.logging.CRITICAL)
        yield
    finally:
        for (module, name), value in zip(settings, before, strict=True):
            setattr(module, name, value)
        if bars[0]:
            huggingface_hub.utils.enable_progress_bars()
        if bars[1]:
            datasets.enable_progress_bars()
        datasets.logging.set_verbosity(loudness[0])
        huggingface_hub.logging.set_verbosity(loudness[1])


def _commit(splits: "DatasetDict") -> str:
    """The commit in the path of the cached files, ``name/config/version/commit``; empty for a local folder."""
    paths = [Path(file["filename"]) for files in splits.cache_files.values() for file in files]
    commits = {path.parent.name for path in paths if re.fullmatch(r"[0-9a-f]{40}", path.parent.name)}
    return commits.pop() if len(commits) == 1 else ""


def _refuse_other_revision(reading: HubName, commit: str, *, offline: bool) -> None:
    """The library falls back on the newest cached copy, whatever its revision, when the hub cannot be reached."""
    from huggingface_hub import constants

    if not reading.revision or Path(reading.name).is_dir():
        return
    wanted = reading.revision
    if not re.fullmatch(r"[0-9a-f]{40}", wanted):
        stored = Path(constants.HF_HUB_CACHE, f"datasets--{reading.name.replace('/', '--')}", "refs", wanted)
        if stored.is_file():
            wanted = stored.read_text(encoding="utf-8").strip()
        elif not offline:
            return
    if wanted != commit:
        raise DataError(
            f"The data set {reading.name!r} is cached at commit {commit or 'unknown'}, not at revision "
            f"{reading.revision!r}. Load that revision once while online."
        )


def _by_split(splits: "DatasetDict") -> tuple[dict[str, "Dataset"], list[str]]:
    """The data set's splits as train, dev and test, and what is said about it.

    ``validation_matched`` and the like stand in for a split that is missing; a lone split of another name is test.
    """
    chosen: dict[str, str] = {}
    for name in splits:
        chosen.setdefault(SPLIT_NAMES.get(name, ""), name)
    for name in splits:
        chosen.setdefault(SPLIT_NAMES.get(name.split("_")[0], ""), name)
    chosen.pop("", None)
    if not chosen and len(splits) == 1:
        chosen = {"test": next(iter(splits))}
    if not chosen:
        raise DataError(f"The data set has no split train, validation or test. There are {listed(splits)}.")
    notes = [f"{name} is the {split} split" for split, name in chosen.items() if name != split]
    left = [name for name in splits if name not in chosen.values()]
    notes += [f"splits left out: {listed(left)}"] if left else []
    return {split: splits[chosen[split]] for split in SPLITS if split in chosen}, notes


def _class_names(dataset: "Dataset") -> dict[str, list[str]]:
    from datasets import ClassLabel

    return {name: kind.names for name, kind in dataset.features.items() if isinstance(kind, ClassLabel)}


def _table(dataset: "Dataset", name: str) -> Table:
    """The split's columns as text; those that are text already stay in the mapped file of the cache."""
    classes = _class_names(dataset)
    schema, notes = readable_columns(dataset.data.schema)
    names, renamed = unique_names(schema.names)

    def scan(columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for batch in dataset.data.to_batches():
            yield _with_class_names(batch.select(list(columns)), classes)

    named = pa.schema([pa.field(each.name, pa.string()) if each.name in classes else each for each in schema])
    batches = tuple(text_batches(named, scan, names=names))
    digest = hashlib.sha256()
    for batch in batches:
        digest.update(batch.replace_schema_metadata(text_schema(names).metadata).serialize())
    return Table(
        names, batches, digest.hexdigest(), tuple(f"{name}: {note}" for note in (*notes, *renamed)), True, name
    )


def _with_class_names(batch: pa.RecordBatch, classes: Mapping[str, Sequence[str]]) -> pa.RecordBatch:
    columns = [
        named_column(column, classes[name]) if name in classes else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
