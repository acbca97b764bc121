"""Which rows of a table of any size are looked at: a filter, an order, and the window that is mounted of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from promptlab.errors import ConfigError

WINDOW = 300  # rows that are mounted
MARGIN = 40  # rows from the window's edge at which the next one is fetched
# The orders that one key steps through: what by, and whether the greatest comes first, with its name.
ORDERS: tuple[tuple[str, bool, str], ...] = (
    ("place", False, "as in the data"),
    ("confidence", False, "least confident first"),
    ("confidence", True, "most confident first"),
    ("margin", False, "smallest margin first"),
    ("margin", True, "largest margin first"),
)
_PREDICTIONS = frozenset({"predicted", "right", "least", "most"})
_NUMBER = r"(\d*\.?\d+)\s*(%?)"


@dataclass(frozen=True)
class RowView:
    """``filter`` as the engine's ``page`` takes it; ``order`` is a place in ``ORDERS``."""

    filter: Mapping[str, Any] = field(default_factory=dict)
    order: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether other predictions leave the rows and their order as they are."""
        return ORDERS[self.order][0] == "place" and not _PREDICTIONS & self.filter.keys()

    @property
    def order_name(self) -> str:
        """The order in words."""
        return ORDERS[self.order][2]

    def asked(self) -> dict[str, Any]:
        """Filter and order as the engine takes them."""
        by, is_descending, _ = ORDERS[self.order]
        return {"filter": dict(self.filter), "sort": by, "descending": is_descending}

    def filtered(self, wanted: Mapping[str, Any]) -> "RowView":
        """The same order of other rows; what is None or empty in the filter is left out."""
        return replace(self, filter={key: value for key, value in wanted.items() if value not in (None, "")})

    def sorted_next(self) -> "RowView":
        """The next order."""
        return replace(self, order=(self.order + 1) % len(ORDERS))


def window_start(index: int, total: int) -> int:
    """Where the window begins that has a row in its middle, or at the table's ends as near to it as can be."""
    return max(0, min(index - WINDOW // 2, total - WINDOW))


def confidence_range(text: str) -> tuple[float | None, float | None]:
    """``0.2-0.5``, ``>0.8``, ``<30%`` or ``0.9`` (at least) as the least and the most; nothing for an empty text.

    Raises ConfigError for anything else.
    """
    text = text.strip()
    if not text:
        return None, None
    if found := re.fullmatch(rf"{_NUMBER}\s*(?:-|to)\s*{_NUMBER}", text):
        return _checked(_share(*found.group(1, 2)), _share(*found.group(3, 4)))
    if found := re.fullmatch(rf"([<>]=?)?\s*{_NUMBER}", text):
        share = _share(*found.group(2, 3))
        return _checked(None, share) if (found.group(1) or "").startswith("<") else _checked(share, None)
    raise ConfigError("Confidence: write 0.2-0.5, >0.8 or <0.3.")


def _share(digits: str, percent: str) -> float:
    return float(digits) / (100 if percent else 1)


def _checked(least: float | None, most: float | None) -> tuple[float | None, float | None]:
    if any(end is not None and not 0 <= end <= 1 for end in (least, most)):
        raise ConfigError("Confidence lies between 0 and 1.")
    return least, most
