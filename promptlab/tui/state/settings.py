"""Settings: what a person chose once for every workspace, in one TOML file that they may edit by hand."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from promptlab.errors import ConfigError
from promptlab.text import shorten
from promptlab.tui.state.session import ModelChoice

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("", "float32", "bfloat16", "float16")  # empty: what is fast on the device
ANIMATIONS = ("full", "basic", "none")
DEFAULT_THEME = "promptlab-dark"


@dataclass(frozen=True, slots=True)
class Settings:
    """``keys`` holds keys by the ids of actions, where they differ from the default ones."""

    theme: str = DEFAULT_THEME
    animation: str = "none"
    model: str = "embedded"
    device: str = "auto"
    precision: str = ""
    threads: int | None = None
    keys: Mapping[str, str] = field(default_factory=dict)

    def choice(self) -> ModelChoice:
        """The model that a new session begins with."""
        return ModelChoice(self.model, device=self.device, dtype=self.precision or None, threads=self.threads)


def settings_path() -> Path:
    """The file of the settings; ``PROMPTLAB_CONFIG`` names another one."""
    if named := os.environ.get("PROMPTLAB_CONFIG"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_config_dir("promptlab")) / "config.toml"


def read_settings(path: Path) -> tuple[Settings, list[str]]:
    """The settings, and a sentence for each thing in the file that cannot be used, in whose place the default holds."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings(), []
    except (OSError, ValueError) as error:
        return Settings(), [f"The settings in {path} cannot be read ({shorten(str(error), 120)}). The defaults hold."]
    settings, problems = Settings(), []
    for name, value in table.items():
        try:
            settings = changed(settings, name, value)
        except ConfigError as error:
            problems.append(f"{path}: {error}")
    return settings, problems


def changed(settings: Settings, name: str, value: Any) -> Settings:
    """The settings with one of them changed; ConfigError for a name or a value that cannot be."""
    if name not in Settings.__dataclass_fields__:
        raise ConfigError(f"{name!r} is no setting; there are {', '.join(Settings.__dataclass_fields__)}.")
    if problem := _problem(name, value):
        raise ConfigError(f"{name} cannot be {shorten(repr(value), 40)}: {problem}.")
    change: dict[str, Any] = {name: dict(value) if name == "keys" else value}
    return replace(settings, **change)


def write_setting(path: Path, name: str, value: Any) -> None:
    """Change one setting in the file and leave the rest as it stands, comments too; None takes it out.

    ConfigError, with a sentence, when the file cannot be written or is damaged.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    from promptlab.paths import write_whole

    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        if value is None or value == {}:
            document.pop(name, None)
        elif isinstance(value, Mapping):
            document[name] = tomlkit.item(dict(value))
        else:
            document[name] = value
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, tomlkit.dumps(document).encode())
    except (OSError, ValueError, TOMLKitError) as error:
        raise ConfigError(
            f"The setting holds until you leave; it was not saved: {shorten(str(error), 120)} ({path})."
        ) from None


def _problem(name: str, value: Any) -> str:
    """Why a setting cannot have this value; empty when it can."""
    choices = {"animation": ANIMATIONS, "precision": PRECISIONS}.get(name)
    if name == "keys":
        is_table = isinstance(value, Mapping) and all(isinstance(key, str) and key for key in value.values())
        return "" if is_table else "it is a table of actions with their keys"
    if name == "threads":
        is_number = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10_000
        return "" if value is None or is_number else "it is a whole number from 1"
    if not isinstance(value, str):
        return "it is text"
    if choices is not None and value not in choices:
        return f"it is one of {', '.join(repr(choice) for choice in choices)}"
    return "" if value or name == "precision" else "it is empty"
