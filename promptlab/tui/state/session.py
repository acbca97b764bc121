"""Session: what a person works on, as one frozen value; every edit makes a new one with a newer revision."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from promptlab.errors import ConfigError
from promptlab.template import Truncate
from promptlab.verbalizer import CalibrationKind, LabelWords, from_table, to_table

Rows = Literal["live", "all", "test"]
VERSION = 1


@dataclass(frozen=True, slots=True)
class TaskChoice:
    """Which table is read and how: a reference as ``--task`` takes it, and what was corrected of the guess."""

    reference: str
    text: str | None = None
    label: str | None = None
    labels: str | None = None
    encoding: str | None = None

    def table(self) -> dict[str, str]:
        """The same as the engine takes it."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model reads, and where: what ``load_model`` takes."""

    name: str = "embedded"
    revision: str = ""
    device: str = "auto"
    dtype: str | None = None
    threads: int | None = None
    offline: bool = False

    def table(self) -> dict[str, Any]:
        """The same as the engine takes it."""
        return {key: value for key, value in asdict(self).items() if value not in (None, "", False)}


@dataclass(frozen=True)
class Session:
    """Task, rows, model and template (``read_rev`` counts their edits), words and calibration (``score_rev``).

    ``template`` is the text as it stands in the editor, whether or not it parses; ``template_name`` and ``words.name``
    say where they came from. ``words`` is None before there is a task. ``test_reads`` counts how often the test rows of
    the task were read on purpose.
    """

    task: TaskChoice | None = None
    rows: Rows = "live"
    model: ModelChoice = field(default_factory=ModelChoice)
    template: str = ""
    truncate: Truncate = "tail"
    template_name: str = ""
    words: LabelWords | None = None
    calibration: CalibrationKind | None = None
    read_rev: int = 0
    score_rev: int = 0
    test_reads: int = 0

    def reading(self, **changes: Any) -> "Session":
        """The session with other things to read: what was read of the old ones is no longer current."""
        return replace(self, **changes, read_rev=self.read_rev + 1, score_rev=self.score_rev + 1)

    def scoring(self, **changes: Any) -> "Session":
        """The session with other words or another calibration: the reading stays."""
        return replace(self, **changes, score_rev=self.score_rev + 1)

    def to_json(self) -> dict[str, Any]:
        """The session in JSON's types."""
        words = None if self.words is None else {"name": self.words.name, **to_table(self.words)}
        return {**asdict(replace(self, words=None)), "words": words, "version": VERSION}

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> "Session":
        """The inverse of ``to_json``; ConfigError for a table that is not a session."""
        try:
            given = {key: value for key, value in table.items() if key != "version"}
            words = given.pop("words")
            task, model = given.pop("task"), given.pop("model")
            if table["version"] != VERSION:
                raise ConfigError(f"This session was saved by another version of promptlab ({table['version']!r}).")
            return cls(
                **given,
                task=None if task is None else TaskChoice(**task),
                model=ModelChoice(**model),
                words=None if words is None else _words(words),
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ConfigError(f"This is not a saved session ({error}).") from None


def _words(table: Mapping[str, Any]) -> LabelWords:
    rest = {key: value for key, value in table.items() if key != "name"}
    return replace(from_table(rest, where="the session's words"), name=str(table.get("name", "")))
