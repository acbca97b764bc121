"""What a bundle's manifest holds, and whether it can be taken into the editors: one template with label words."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from promptlab.errors import ConfigError
from promptlab.pipeline.using import predict_command
from promptlab.template import Truncate
from promptlab.verbalizer import CalibrationKind, LabelWords, from_table


@dataclass(frozen=True)
class Prompt:
    """A template and its words, as the editors take them."""

    template: str
    truncate: Truncate
    words: LabelWords
    calibration: CalibrationKind | None


def read_manifest_text(text: str) -> Mapping[str, Any]:
    """The manifest's tables; an empty table for a text that is no TOML."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def prompt_of(manifest: Mapping[str, Any]) -> Prompt:
    """The bundle's template and words; ConfigError that says why it has none that the editors could take."""
    if "member" in manifest:
        raise ConfigError("This bundle combines several prompts; the workbench edits one at a time.")
    template, verbalizer = manifest.get("template"), manifest.get("verbalizer")
    if not isinstance(template, Mapping) or not isinstance(verbalizer, Mapping):
        raise ConfigError("The bundle's manifest has no template. Save the bundle again.")
    if (kind := verbalizer.get("kind", "words")) != "words":
        raise ConfigError(f"This bundle was trained ({kind}): it has no label words to edit. Try it with t.")
    if "demonstration" in manifest:
        raise ConfigError("This bundle shows examples in its prompt, which the workbench does not edit. Try it with t.")
    table = {key: value for key, value in verbalizer.items() if key != "kind"}
    words = from_table(table, where="the bundle's words")
    calibration = words.calibration.kind if words.calibration else None
    truncate = cast(Truncate, str(template.get("truncate", "tail")))
    return Prompt(str(template["text"]), truncate, replace(words, calibration=None), calibration)


def commands(folder: str) -> tuple[str, str, str]:
    """How a bundle is used: for one text, for a file, and in Python."""
    return (
        predict_command(folder),
        f"{predict_command(folder, 'rows.csv')} --text text --out labelled.csv",
        f"import promptlab\nclassify = promptlab.load({folder!r})\nprint(classify(['text']))",
    )
