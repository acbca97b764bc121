"""What a check of a task found: a level and a sentence each, with the rows that it is about."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. ``split`` is empty when it concerns several; ``ids`` are the first rows, ``counts`` numbers."""

    kind: str
    level: Level
    sentence: str
    split: str = ""
    ids: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about a task, in the order of its splits."""

    task: str
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing found is an error."""
        return not self.of_level("error")

    def of_level(self, level: Level) -> tuple[Finding, ...]:
        """The findings of one level."""
        return tuple(finding for finding in self.findings if finding.level == level)

    def of_kind(self, kind: str) -> tuple[Finding, ...]:
        """The findings of one kind, such as ``leakage``."""
        return tuple(finding for finding in self.findings if finding.kind == kind)

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's types."""
        findings = [{**asdict(finding), "ids": list(finding.ids)} for finding in self.findings]
        return {"task": self.task, "holds": self.holds, "findings": findings}
