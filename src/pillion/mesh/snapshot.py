"""The world: everything that all resources say together, in shelves by namespace.

A shelf is a tuple of values in order of age. What did not change is the same object as in the world before, so whoever
remembers results by the shelves they were made from recomputes nothing.
"""

from pillion.memo import differing
from pillion.mesh.destination_rules import DestinationRuleShelf
from pillion.mesh.endpoint import NOBODY, EndpointTable
from pillion.mesh.service import Service
from pillion.mesh.settings import MeshSettings
from pillion.mesh.workload import Workload
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.resources.istio.gateway import Gateway
from pillion.resources.istio.proxy_config import ProxyConfig
from pillion.resources.istio.security import AuthorizationPolicy, PeerAuthentication, RequestAuthentication
from pillion.resources.istio.service_entry import WorkloadEntry
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.istio.telemetry import Telemetry
from pillion.resources.istio.virtual_service import VirtualService
from pillion.value import FrozenMap, Labels, Value


class MeshSnapshot(Value):
    """One immutable world. Every map is by namespace; absent means nothing there."""

    settings: MeshSettings
    namespaces: FrozenMap[Labels] = FrozenMap()
    """The labels of each Namespace."""
    services: FrozenMap[tuple[Service, ...]] = FrozenMap()
    virtual_services: FrozenMap[tuple[VirtualService, ...]] = FrozenMap()
    """Roots only: names whole, delegates merged, `exportTo` filled in."""
    destination_rules: FrozenMap[DestinationRuleShelf] = FrozenMap()
    sidecars: FrozenMap[tuple[Sidecar, ...]] = FrozenMap()
    """Those with a workloadSelector first, then by age."""
    peer_authentications: FrozenMap[tuple[PeerAuthentication, ...]] = FrozenMap()
    request_authentications: FrozenMap[tuple[RequestAuthentication, ...]] = FrozenMap()
    authorization_policies: FrozenMap[tuple[AuthorizationPolicy, ...]] = FrozenMap()
    telemetries: FrozenMap[tuple[Telemetry, ...]] = FrozenMap()
    proxy_configs: FrozenMap[tuple[ProxyConfig, ...]] = FrozenMap()
    envoy_filters: FrozenMap[tuple[EnvoyFilter, ...]] = FrozenMap()
    gateways: FrozenMap[tuple[Gateway, ...]] = FrozenMap()
    workload_entries: FrozenMap[tuple[WorkloadEntry, ...]] = FrozenMap()
    workloads: FrozenMap[tuple[Workload, ...]] = FrozenMap()
    """Pods that have an address."""


class Changes(Value):
    """What differs between two worlds, as names. Two shelves that are not the same object count as different."""

    everything: bool = False
    """The settings differ: nothing is as it was."""
    namespaces: frozenset[str] = frozenset()
    """Where any resource is other than a workload."""
    workloads: frozenset[str] = frozenset()
    """Where a workload is."""
    hosts: frozenset[str] = frozenset()
    """The hosts of services that are not the same."""


NO_SERVICES: tuple[Service, ...] = ()


def changes_between(before: MeshSnapshot, after: MeshSnapshot) -> Changes:
    """Find the differences; costs a look at every shelf, and into those of services that differ."""
    if before.settings != after.settings:
        return Changes(everything=True)
    moved = differing(before.services, after.services)
    old, new = ({each for name in moved for each in world.services.get(name, NO_SERVICES)} for world in (before, after))
    kinds = [name for name in MeshSnapshot.__struct_fields__ if name not in {"settings", "workloads"}]
    found: set[str] = set()
    for kind in kinds:
        found |= differing(getattr(before, kind), getattr(after, kind))
    return Changes(
        namespaces=frozenset(found),
        workloads=frozenset(differing(before.workloads, after.workloads)),
        hosts=frozenset(each.hostname for each in old ^ new),
    )


class World(Value):
    """The two halves: configuration, and the endpoints that take their own short way to the proxies."""

    snapshot: MeshSnapshot
    endpoints: EndpointTable = NOBODY
