"""Draws of shots, and how figures over them are told."""

from statistics import mean, stdev

from promptlab.results.wording import figure

SEEDS = (13, 21, 42, 87, 100)


def told(values: list[float] | tuple[float, ...]) -> str:
    """The mean and the sample standard deviation."""
    return f"{figure(mean(values))} (sd {figure(stdev(values))})"
