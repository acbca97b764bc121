"""Run: one evaluation as the store keeps it, without any text of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promptlab.results.scores import Scores


def utc_now() -> str:
    """The time in ISO form, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, eq=False)
class Run:
    """What was asked (``spec``), what came out (``result``, the keys of the command's JSON), and ``scores`` by row.

    ``id`` is the store's number, 0 before it is stored. ``task`` is the reference that the rows were read from and
    ``fingerprint`` the data's. Of the rows only ids, labels and log-probabilities are kept; ``scores`` is None when the
    rows were only counted.
    """

    name: str
    command: str
    spec: Mapping[str, Any]
    spec_hash: str
    result: Mapping[str, Any]
    task: str = ""
    fingerprint: str = ""
    scores: "Scores | None" = None
    pinned: bool = False
    created: str = field(default_factory=utc_now)
    id: int = 0
