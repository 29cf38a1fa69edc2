"""A figure of a benchmark, and how it is made from runs."""

import statistics
from collections.abc import Sequence

from pillion.value import Value


class Figure(Value):
    """One measured thing."""

    name: str
    unit: str
    median: float
    p99: float
    runs: int
    aim: float | None = None
    """What we aim at, in the same unit; less is better."""


def figure(name: str, unit: str, runs: Sequence[float], aim: float | None = None) -> Figure:
    """Sum runs up."""
    ordered = sorted(runs)
    place = min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))
    return Figure(
        name=name, unit=unit, median=statistics.median(ordered), p99=ordered[place], runs=len(ordered), aim=aim
    )
