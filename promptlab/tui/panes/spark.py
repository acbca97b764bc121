"""A spark line with a fixed axis: the same value is always as high, whatever stands beside it."""

from collections.abc import Sequence

_BLOCKS = " ▁▂▃▄▅▆▇█"


def spark(values: Sequence[float], *, low: float, high: float, width: int, height: int = 1) -> list[str]:
    """The newest ``width`` values as columns of blocks between ``low`` and ``high``, the top line first.

    A value at or below ``low`` is the lowest block, so that it is seen; one above ``high`` fills its column.
    """
    levels = [_level(value, low, high, 8 * height) for value in values[-width:]] if width > 0 else []
    return ["".join(_BLOCKS[max(0, min(level - 8 * line, 8))] for level in levels) for line in reversed(range(height))]


def _level(value: float, low: float, high: float, most: int) -> int:
    share = (value - low) / (high - low) if high > low else 0.0
    return max(1, min(round(share * most), most))
