"""A configuration from the JSON of any Envoy: its dump, an export of its parts, a bootstrap, or what we rendered."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from pillion.envoy.view.configuration import Cluster, Configuration
from pillion.envoy.view.read_listener import read_listener
from pillion.envoy.view.read_route import EMPTY, Message, read_table
from pillion.value import FrozenMap

PARTS = ("listeners", "routes", "clusters", "endpoints")
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def read_configuration(document: Mapping[str, Any]) -> Configuration:
    """Read a configuration, keys in snake or camel case.

    Understood are `{"configs": [...]}` (Envoy's `/config_dump`, `istioctl proxy-config all -o json`),
    `{"static_resources": {...}}` (a bootstrap) and `{"listeners", "clusters", "routes", "endpoints"}`.
    """
    content: Message = snake_case(document)
    sections = _dumped(content["configs"]) if "configs" in content else _plain(content)
    counts = {name: count for each in sections["endpoints"] for name, count in _assignment(each)}
    return Configuration(
        listeners=tuple(map(read_listener, sections["listeners"])),
        tables=FrozenMap({table.name: table for table in map(read_table, sections["routes"])}),
        clusters=FrozenMap({each.name: each for each in (_cluster(each, counts) for each in sections["clusters"])}),
    )


def snake_case(value: Any) -> Any:
    """Give JSON with all keys in snake case, as in Envoy's own files."""
    known: dict[str, str] = {}

    def walk(each: Any) -> Any:
        if isinstance(each, Mapping):
            found: dict[str, Any] = {}
            for key, inner in cast(Mapping[str, Any], each).items():
                name = known.get(key)
                if name is None:
                    name = known[key] = key if "." in key else _CAPITAL.sub(r"_\1", key).lower()
                found[name] = walk(inner) if isinstance(inner, dict | list) else inner
            return found
        return [walk(inner) for inner in cast(Iterable[Any], each)] if isinstance(each, list) else each

    return walk(value)


def _plain(content: Message) -> dict[str, list[Message]]:
    source: Message = content.get("static_resources") or content
    return {part: list(source.get(part, ())) for part in PARTS}


def _dumped(configs: Iterable[Message]) -> dict[str, list[Message]]:
    found: dict[str, list[Message]] = {part: [] for part in PARTS}
    for each in configs:
        name = str(each.get("@type", "")).rpartition(".")[2]
        if name in _SECTIONS:
            part, read = _SECTIONS[name]
            found[part].extend(read(each))
    return found


def _dumped_listeners(dump: Message) -> Iterator[Message]:
    yield from (each["listener"] for each in dump.get("static_listeners", ()) if "listener" in each)
    for each in dump.get("dynamic_listeners", ()):
        active = each.get("active_state") or EMPTY
        if "listener" in active:
            yield active["listener"]


def _dumped_clusters(dump: Message) -> Iterator[Message]:
    for kind in ("static_clusters", "dynamic_active_clusters"):
        yield from (each["cluster"] for each in dump.get(kind, ()) if "cluster" in each)


def _dumped_routes(dump: Message) -> Iterator[Message]:
    yield from (each["route_config"] for each in dump.get("dynamic_route_configs", ()) if "route_config" in each)


def _dumped_endpoints(dump: Message) -> Iterator[Message]:
    for kind in ("static_endpoint_configs", "dynamic_endpoint_configs"):
        yield from (each["endpoint_config"] for each in dump.get(kind, ()) if "endpoint_config" in each)


_SECTIONS: Mapping[str, tuple[str, Callable[[Message], Iterator[Message]]]] = {
    "ListenersConfigDump": ("listeners", _dumped_listeners),
    "ClustersConfigDump": ("clusters", _dumped_clusters),
    "RoutesConfigDump": ("routes", _dumped_routes),
    "EndpointsConfigDump": ("endpoints", _dumped_endpoints),
}


def _cluster(message: Message, counts: Mapping[str, int]) -> Cluster:
    name = str(message.get("name", ""))
    kind = (message.get("cluster_type") or EMPTY).get("name") or str(message.get("type", "STATIC"))
    if kind == "EDS":
        asked = (message.get("eds_cluster_config") or EMPTY).get("service_name") or name
        return Cluster(name=name, kind=kind, endpoints=counts.get(asked))
    assigned = message.get("load_assignment")
    own = None if assigned is None else sum(count for _, count in _assignment(assigned))
    return Cluster(name=name, kind=kind, endpoints=own)


def _assignment(message: Message) -> Iterator[tuple[str, int]]:
    count = sum(len(group.get("lb_endpoints", ())) for group in message.get("endpoints", ()))
    yield str(message.get("cluster_name", "")), count
