"""What Prometheus is told: Istio's names where they mean the same, `pillion_` for what is ours.

Counters live here; everything that can be read off the control plane is read when somebody asks.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, final

import prometheus_client as prometheus
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pillion.controlplane.plane import ControlPlane, Push
from pillion.controlplane.tally import Tally
from pillion.resources.meta import HasMetadata, Ref
from pillion.xds.provider import Attachment, Settled
from pillion.xds.request import Node
from pillion.xds.resource import View
from pillion.xds.stream import Event, Nacked
from pillion.xds.type_urls import CLUSTER, ENDPOINT, EXTENSION_CONFIG, LISTENER, ROUTE, SECRET

SHORT = {CLUSTER: "cds", ENDPOINT: "eds", LISTENER: "lds", ROUTE: "rds", SECRET: "sds", EXTENSION_CONFIG: "ecds"}
CONVERGENCE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 5, 10, 20, 30)
"""Istio's buckets, and finer below its first, 0.1."""
REGISTRY_KINDS = frozenset({"Service", "EndpointSlice", "Pod", "Node", "Namespace"})


class Reading(NamedTuple):
    """What is read off when somebody asks: a name, what it means, and its values by label."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    values: Callable[[], Iterable[tuple[tuple[str, ...], float]]]


@final
class Metrics:
    """The metrics of one replica."""

    def __init__(self, version: str) -> None:
        self.registry = prometheus.CollectorRegistry()
        self._pushes = Tally("pilot_xds_pushes", "Responses that proxies answered, by type.", "type")
        self._rejects = Tally("pilot_total_xds_rejects", "Responses that proxies refused, by type.", "type")
        self._registry_events = Tally("pilot_k8s_reg_events", "Events of Kubernetes' own resources.", "type", "event")
        self._config_events = Tally("pilot_k8s_cfg_events", "Events of configuration.", "type", "event")
        self._told = Tally("pillion_proxies_told", "Proxies whose view a push changed.")
        self._refused = Tally("pillion_views_refused", "Views that were not complete, so not published.")
        for each in (
            self._pushes, self._rejects, self._registry_events, self._config_events, self._told, self._refused,
        ):  # fmt: skip
            self.registry.register(each)
        self._convergence = prometheus.Histogram(
            "pilot_proxy_convergence_time",
            "Seconds from a change to the last proxy that it was handed to.",
            buckets=CONVERGENCE,
            registry=self.registry,
        )
        info = prometheus.Gauge("pilot_info", "The version.", ["version"], registry=self.registry)
        info.labels(version).set(1)
        prometheus.ProcessCollector(registry=self.registry)

    def read_off(self, readings: Iterable[Reading]) -> None:
        """Read these off at every scrape."""
        self.registry.register(_ReadOff(tuple(readings)))

    def pushed(self, push: Push) -> None:
        """Count a push."""
        self._convergence.observe(push.seconds)
        self._told.add(push.told)
        self._refused.add(len(push.refused))

    def answered(self, type_url: str, *, refused: bool) -> None:
        """Count a proxy's answer."""
        kind = SHORT.get(type_url, type_url.rpartition(".")[2])
        self._pushes.add(1, kind)
        if refused:
            self._rejects.add(1, kind)

    def changed(self, changed: Iterable[HasMetadata], deleted: Iterable[Ref]) -> None:
        """Count what the API server told."""
        for each in changed:
            self._event(type(each).__name__, "update")
        for ref in deleted:
            self._event(ref.kind, "delete")

    def _event(self, kind: str, event: str) -> None:
        counter = self._registry_events if kind in REGISTRY_KINDS else self._config_events
        counter.add(1, kind, event)

    def text(self) -> bytes:
        """Give all of them, as Prometheus reads them."""
        return prometheus.generate_latest(self.registry)


@final
class _ReadOff(Collector):
    def __init__(self, readings: tuple[Reading, ...]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        for reading in self._readings:
            family = GaugeMetricFamily(reading.name, reading.meaning, labels=reading.labels)
            for labels, value in reading.values():
                family.add_metric(labels, value)
            yield family


@final
class Counted:
    """A provider whose clients' answers are counted on the way (an `xds.provider.Provider`)."""

    def __init__(self, plane: ControlPlane, metrics: Metrics) -> None:
        self._plane = plane
        self._metrics = metrics

    def attach(self, node: Node, peer: str, notify: Callable[[View], None]) -> Attachment:
        """Begin a stream."""
        return _Counted(self._plane.attach(node, peer, notify), self._metrics)


class _Counted:
    __slots__ = ("_inner", "_metrics")

    def __init__(self, inner: Attachment, metrics: Metrics) -> None:
        self._inner = inner
        self._metrics = metrics

    @property
    def view(self) -> View | None:
        return self._inner.view

    def heard(self, event: Event | Settled, /) -> None:
        if not isinstance(event, Settled):
            self._metrics.answered(event.type_url, refused=isinstance(event, Nacked))
        self._inner.heard(event)

    def detach(self) -> None:
        self._inner.detach()
