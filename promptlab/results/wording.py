"""How figures are written wherever a person reads them: one form each, in plain characters."""

from collections.abc import Sequence

from promptlab.text import counted


def figure(value: float) -> str:
    """An accuracy, an F1 or any figure between -1 and 1: ``0.812``."""
    return f"{value:.3f}"


def interval(bounds: tuple[float, float]) -> str:
    """``0.784 to 0.837``."""
    return f"{figure(bounds[0])} to {figure(bounds[1])}"


def accuracy(value: float, bounds: tuple[float, float], n: int) -> str:
    """``0.812 (0.784 to 0.837, 872 rows)``: no accuracy without its interval and its rows."""
    return f"{figure(value)} ({interval(bounds)}, {counted(n, 'row')})"


def points(difference: float) -> str:
    """A difference of two accuracies in hundredths, signed: ``+3.2`` for 0.032."""
    return f"{round(100 * difference, 1) + 0.0:+.1f}"


def p_value(p: float) -> str:
    """``p = 0.031``, ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def unpacked(quantization: str) -> str:
    """How a model's weights were packed, behind its name or family: ``, unpacked from Q4_K_M``; nothing when not."""
    return f", unpacked from {quantization}" if quantization else ""


def depths(read: Sequence[int | str]) -> str:
    """Where a slot is read: ``after layer 12``, ``after layers 12, 14 and at the top``, ``at the top``."""
    layers = [str(depth) for depth in read if depth != "top"]
    after = f"after {'layer' if len(layers) == 1 else 'layers'} {', '.join(layers)}" if layers else ""
    return " and ".join(filter(None, (after, "at the top" if "top" in read else "")))


def about(n: int) -> str:
    """An estimated count to two significant digits: ``about 1,400``."""
    return f"about {int(float(f'{n:.1e}')):,}"
