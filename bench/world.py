"""From resources to bytes, without a network: cold, and after one change; with counts of what was recomputed."""

import gc
import time
from collections.abc import Iterator

from bench import mesh
from bench.figure import Figure, figure

from pillion.mesh.catalog import Catalog
from pillion.proxy.telling import Teller
from pillion.resources.istio.destination_rule import (
    ConnectionPoolSettings,
    DestinationRule,
    DestinationRuleSpec,
    TCPSettings,
    TrafficPolicy,
)
from pillion.resources.istio.virtual_service import (
    Destination,
    HTTPRoute,
    HTTPRouteDestination,
    VirtualService,
    VirtualServiceSpec,
)
from pillion.resources.meta import HasMetadata, Metadata

PROXIES = 1000
RUNS = 9


def benchmarks() -> Iterator[Figure]:
    """Measure building and telling."""
    yield figure("world of 1000 services, cold", "ms", [_cold(1000) for _ in range(5)], 400)
    yield figure("one unscoped proxy of 1000 services, cold", "ms", [_first_view() for _ in range(5)])
    yield from _changes()
    yield _memory()


def _cold(services: int) -> float:
    catalog, settings = mesh.catalog(services), mesh.settings()
    teller = Teller()
    gc.collect()
    began = time.perf_counter()
    teller.build(catalog, settings)
    return (time.perf_counter() - began) * 1000


def _first_view() -> float:
    teller = Teller()
    world, _ = teller.build(mesh.catalog(1000, scoped=False), mesh.settings())
    gc.collect()
    began = time.perf_counter()
    teller.view(world, mesh.proxy(0, "ns-0"))
    return (time.perf_counter() - began) * 1000


def _changes() -> Iterator[Figure]:
    """Change one thing among 1000 services and 1000 proxies of 50 namespaces; tell all of them."""
    teller, settings = Teller(), mesh.settings()
    catalog = mesh.catalog(1000)
    proxies = [mesh.proxy(number, f"ns-{number % mesh.NAMESPACES}") for number in range(PROXIES)]
    world, _ = teller.build(catalog, settings)
    views = {each: teller.view(world, each) for each in proxies}
    teller.sweep()

    def tell(catalog: Catalog) -> tuple[float, str]:
        scopes, misses = teller.scopes.scopes.computed, teller.memo.misses
        began = time.perf_counter()
        world, _ = teller.build(catalog, settings)
        now = {each: teller.view(world, each) for each in teller.turn_to(world)}
        seconds = time.perf_counter() - began
        teller.sweep()
        told = sum(view is not views[each] for each, view in now.items())
        assert told == PROXIES // mesh.NAMESPACES, f"{told} proxies were told"
        assert all(teller.view(world, each) is views[each] for each in proxies if each not in now)
        views.update(now)
        made = (teller.scopes.scopes.computed - scopes, teller.memo.misses - misses)
        return seconds * 1000, f"{made[0]} scopes and {made[1]} parts recomputed, {told} of {PROXIES} proxies told"

    for name, changes, aim in (
        ("an endpoint", _endpoint_changes(), 1.0),
        ("a VirtualService", _rule_changes(), 5.0),
        ("a DestinationRule", _policy_changes(), 5.0),
        ("a Sidecar", _sidecar_changes(), 5.0),
    ):
        runs: list[float] = []
        counted = ""
        for change in changes:
            catalog = catalog.with_changes([change])
            seconds, counted = tell(catalog)
            runs.append(seconds)
        print(f"  {name} changed: {counted}")
        yield figure(f"{name} changed, 1000 proxies told", "ms", runs[1:], aim)


def _endpoint_changes() -> Iterator[HasMetadata]:
    for number in range(RUNS):
        yield mesh.endpoints(7, "10.1.0.8", f"10.9.9.{number + 1}")


def _rule_changes() -> Iterator[HasMetadata]:
    for number in range(RUNS):
        destination = Destination(host="svc-7.ns-7.svc.cluster.local", subset=f"v{number}")
        route = HTTPRoute(route=(HTTPRouteDestination(destination=destination),))
        yield VirtualService(
            metadata=Metadata(name="one", namespace="ns-7"),
            spec=VirtualServiceSpec(hosts=("svc-7.ns-7.svc.cluster.local",), http=(route,)),
        )


def _policy_changes() -> Iterator[HasMetadata]:
    for number in range(RUNS):
        pool = ConnectionPoolSettings(tcp=TCPSettings(max_connections=100 + number))
        yield DestinationRule(
            metadata=Metadata(name="one", namespace="ns-7"),
            spec=DestinationRuleSpec(host="svc-7", traffic_policy=TrafficPolicy(connection_pool=pool)),
        )


def _sidecar_changes() -> Iterator[HasMetadata]:
    for number in range(RUNS):
        yield mesh.sidecar("ns-7", "./*", f"ns-{number + 8}/*")


def _memory() -> Figure:
    """Weigh a thousand proxies of fifty namespaces, in memory beyond that of fifty."""
    teller, settings = Teller(), mesh.settings()
    world, _ = teller.build(mesh.catalog(1000), settings)
    for number in range(mesh.NAMESPACES):
        teller.view(world, mesh.proxy(number, f"ns-{number}"))
    gc.collect()
    before = _resident()
    kept = [mesh.proxy(number, f"ns-{number % mesh.NAMESPACES}") for number in range(PROXIES)]
    views = [teller.view(world, each) for each in kept]
    gc.collect()
    grown = (_resident() - before) / len(views)
    return figure("memory of one more proxy with a known view", "kB", [grown], 100)


def _resident() -> float:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * 4.096
