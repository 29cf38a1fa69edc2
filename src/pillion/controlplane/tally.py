"""A counter that Prometheus reads under the very name that it was given.

Istio's counters do not end in `_total`, as `prometheus_client`'s always do.
"""

from collections.abc import Iterator
from typing import final

from prometheus_client.core import Metric, UnknownMetricFamily
from prometheus_client.registry import Collector


@final
class Tally(Collector):
    """A counter whose name is told as it is."""

    def __init__(self, name: str, meaning: str, *labels: str) -> None:
        self._described = (name, meaning)
        self._labels = labels
        self._counts: dict[tuple[str, ...], float] = {} if labels else {(): 0.0}

    def add(self, count: float, *labels: str) -> None:
        """Count."""
        self._counts[labels] = self._counts.get(labels, 0.0) + count

    def collect(self) -> Iterator[Metric]:
        """Tell."""
        family = UnknownMetricFamily(*self._described, labels=self._labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        yield family
