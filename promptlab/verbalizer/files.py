"""Verbalizer files: TOML that people edit, one table a set of label words; the same tables stand in bundles."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from promptlab.errors import ConfigError
from promptlab.text import listed, nearest
from promptlab.toml import edit_toml, read_toml, refuse_unknown
from promptlab.verbalizer.words import Calibration, CalibrationKind, Combine, LabelWords, Pieces, Word

FILE_KEYS = ("task",)
ENTRY_KEYS = ("words", "pieces", "combine", "calibration", "source")
WORD_KEYS = ("text", "weight", "prior", "provenance", "on", "dropped")
CALIBRATION_KEYS = ("kind", "label_prior", "word_prior", "support")


def read_words(path: Path) -> dict[str, LabelWords]:
    """The file's entries by name; ConfigError naming file, entry and key for what is not as it should be."""
    document = read_toml(path)
    tables = {key: value for key, value in document.items() if isinstance(value, dict)}
    refuse_unknown([key for key in document if key not in tables], FILE_KEYS, where=str(path))
    if not tables:
        raise ConfigError(f'{path} has no label words; write them as [name] with words.label = ["word"] under it.')
    return {name: replace(from_table(table, where=f"{path}, [{name}]"), name=name) for name, table in tables.items()}


def save_words(words: LabelWords, path: Path, name: str) -> None:
    """Write one entry of a verbalizer file, made when missing; the file's other entries and comments stay.

    Raises ConfigError for a file that does not parse or a place that cannot be written.
    """
    try:
        edit_toml(path, {name: to_table(words)})
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}. Choose another place.") from error


def to_table(words: LabelWords) -> dict[str, Any]:
    """Label words as a table for TOML and JSON; what is as usual is left out."""
    table: dict[str, Any] = {
        "words": {label: [_word_item(word) for word in words.words[label]] for label in words.labels}
    }
    if words.pieces != "first":
        table["pieces"] = words.pieces
    if words.combine != "mean":
        table["combine"] = words.combine
    if words.calibration:
        table["calibration"] = _calibration_table(words.calibration)
    if words.source:
        table["source"] = words.source
    return table


def from_table(table: Mapping[str, Any], *, where: str) -> LabelWords:
    """The inverse of ``to_table``; ConfigError that names ``where`` and the key."""
    refuse_unknown(table, ENTRY_KEYS, where=where)
    listings = table.get("words")
    if not isinstance(listings, dict) or not listings:
        raise ConfigError(f'{where}: needs words.label = ["word", ...] for each label.')
    pieces: Pieces = _choice(table, "pieces", get_args(Pieces), where=where)
    combine: Combine = _choice(table, "combine", get_args(Combine), default="mean", where=where)
    words = {label: _words(listing, where=f"{where}: words.{label}") for label, listing in listings.items()}
    calibration = _calibration(table["calibration"], len(words), where=where) if "calibration" in table else None
    return LabelWords(words, pieces, combine, calibration, source=_read(table, "source", _is_string, "", where=where))


def _word_item(word: Word) -> Any:
    text = word.text if isinstance(word.text, str) else list(word.text)
    usual = Word("")
    settings = {key: getattr(word, key) for key in WORD_KEYS[1:] if getattr(word, key) != getattr(usual, key)}
    return {"text": text, **settings} if settings else text


def _calibration_table(calibration: Calibration) -> dict[str, Any]:
    table: dict[str, Any] = {"kind": calibration.kind}
    if calibration.label_prior is not None:
        table["label_prior"] = list(calibration.label_prior)
    if calibration.word_prior is not None:
        table["word_prior"] = dict(calibration.word_prior)
    return table | ({"support": calibration.support} if calibration.support else {})


def _words(listing: object, *, where: str) -> tuple[Word, ...]:
    if not isinstance(listing, list):
        raise ConfigError(f'{where} is {listing!r}, and a list of words is needed: ["word"].')
    return tuple(_word(item, where=f"{where}, word {number}") for number, item in enumerate(listing, 1))


def _word(item: object, *, where: str) -> Word:
    if not isinstance(item, dict):
        return Word(_word_text(item, where=where))
    refuse_unknown(item, WORD_KEYS, where=where)
    prior = _read(item, "prior", _is_number, None, where=where)
    return Word(
        _word_text(item.get("text"), where=where),
        float(_read(item, "weight", _is_number, 1.0, where=where)),
        None if prior is None else float(prior),
        _read(item, "provenance", _is_string, "user", where=where),
        _read(item, "on", _is_boolean, True, where=where),
        _read(item, "dropped", _is_string, "", where=where),
    )


def _word_text(item: object, *, where: str) -> str | tuple[str, ...]:
    if isinstance(item, str):
        return item
    if isinstance(item, list) and item and all(isinstance(text, str) for text in item):
        return tuple(item)
    raise ConfigError(
        f'{where} is {item!r}; a word is text in quotes, a list of texts (one a slot), or a table with text = "...".'
    )


def _calibration(table: object, labels: int, *, where: str) -> Calibration:
    where = f"{where}: calibration"
    if not isinstance(table, dict):
        raise ConfigError(f'{where} is {table!r}, and a table with kind = "..." is needed.')
    refuse_unknown(table, CALIBRATION_KEYS, where=where)
    kind: CalibrationKind = _choice(table, "kind", get_args(CalibrationKind), default="", where=where)
    label_prior = _read(table, "label_prior", _is_numbers, None, where=where)
    word_prior = _read(table, "word_prior", _is_number_table, None, where=where)
    if label_prior is not None and len(label_prior) != labels:
        raise ConfigError(f"{where}: label_prior has {len(label_prior)} numbers, and there are {labels} labels.")
    return Calibration(
        kind,
        None if label_prior is None else tuple(map(float, label_prior)),
        None if word_prior is None else {word: float(value) for word, value in word_prior.items()},
        _read(table, "support", _is_string, "", where=where),
    )


def _choice(table: Mapping[str, Any], key: str, choices: tuple[str, ...], *, default: str = "first", where: str) -> Any:
    value = table.get(key, default)
    if value not in choices:
        raise ConfigError(f"{where}: {key} is {value!r}; it can be {listed(choices)}.{nearest(str(value), choices)}")
    return value


def _read(table: Mapping[str, Any], key: str, fits: Callable[[object], bool], default: Any, *, where: str) -> Any:
    value = table.get(key, default)
    if key in table and not fits(value):
        raise ConfigError(f"{where}: {key} is {value!r}, and {_NEEDED[fits]} is needed.")
    return value


def _is_string(value: object) -> bool:
    return isinstance(value, str)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_numbers(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


def _is_number_table(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_number, value.values()))


_NEEDED: Mapping[Callable[[object], bool], str] = {
    _is_string: "text in quotes",
    _is_boolean: "true or false",
    _is_number: "a number",
    _is_numbers: "a list of numbers",
    _is_number_table: "a table of numbers",
}
