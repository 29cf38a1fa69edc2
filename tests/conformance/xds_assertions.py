"""`xds_assertions`: facts about what a proxy is told in a configuration."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.outcome import Outcome, tally
from conformance.worlds import Json, build, documents, proxy_of, told
from pillion.envoy.view.configuration import Configuration
from pillion.envoy.view.listener import ChainMatch, Http, Listener, Tcp
from pillion.envoy.view.read import read_configuration
from pillion.envoy.view.route import Forward
from pillion.proxy.telling import Teller

Told = dict[str, list[dict[str, Any]]]
FIELDS = {
    "ip_addresses": "IPAddresses",
    "config_namespace": "ConfigNamespace",
    "metadata": "Metadata",
    "labels": "Labels",
}


def run(data: Path) -> dict[str, Outcome]:
    """Answer every case: it passes when every fact holds."""
    folder = data / "xds_assertions"
    cases: list[Json] = json.loads((folder / "cases.json").read_text())["cases"]
    return {"xds_assertions": tally((case["id"], not list(differences(folder, case))) for case in cases)}


def differences(folder: Path, case: Json) -> Iterator[str]:
    """Say which facts of a case do not hold."""
    found = [each for each in _documents(folder, case) if "istio.io/" in each.get("apiVersion", "")]
    variants: list[Json] = case.get("variants") or [case]
    for variant in variants:
        mesh: Json = variant.get("mesh_config") or case.get("mesh_config") or {}
        if "by_proxy_cluster" in variant:
            yield from _by_cluster(case, variant, found, mesh)
        expect: Json = variant.get("expect") or {}
        if expect:
            rendered = _told(found, mesh, case.get("proxy") or {})
            for name, wanted in expect.items():
                check = CHECKS.get(name)
                got = check(rendered, wanted) if check else "no fact that is known here"
                if got != wanted:
                    yield f"{name}: {got}, not {wanted}"


def _documents(folder: Path, case: Json) -> Iterator[Json]:
    """Read the configuration; it is Istio's alone that counts, as in a config store."""
    yield from documents(case.get("config_yaml") or "")
    if "config_file" in case:
        yield from documents((folder / case["config_file"]).read_text())
    if "config_dir" in case:
        for path in sorted((folder / case["config_dir"]).rglob("*.y*ml")):
            yield from documents(path.read_text())


def _told(found: list[Json], mesh: Json, proxy: Json, **metadata: str) -> Told:
    described = {FIELDS[name]: value for name, value in proxy.items() if name in FIELDS}
    described["Metadata"] = {**(described.get("Metadata") or {}), **metadata}
    teller = Teller()
    return told(teller, build(teller, found, mesh), proxy_of(described))


def _by_cluster(case: Json, variant: Json, found: list[Json], mesh: Json) -> Iterator[str]:
    for place, wanted in variant["by_proxy_cluster"].items():
        rendered = _told(found, mesh, case.get("proxy") or {}, CLUSTER_ID=place)
        got = _assigned(rendered).get(case["cluster"], [])
        if sorted(got) != sorted(wanted):
            yield f"endpoints for a proxy in {place}: {got}, not {wanted}"


def _endpoints(assignment: Json) -> list[str]:
    addresses = [
        each["endpoint"]["address"]
        for group in assignment.get("endpoints", ())
        for each in group.get("lbEndpoints", ())
    ]
    return [
        each["pipe"]["path"]
        if "pipe" in each
        else f"{each['socketAddress']['address']}:{each['socketAddress'].get('portValue', 0)}"
        for each in addresses
    ]


def _assigned(rendered: Told) -> dict[str, list[str]]:
    return {each["clusterName"]: _endpoints(each) for each in rendered["endpoints"]}


def _own(rendered: Told) -> dict[str, list[str]]:
    return {
        each["name"]: _endpoints(each["loadAssignment"]) for each in rendered["clusters"] if "loadAssignment" in each
    }


def _like(wanted: list[str], got: list[str]) -> list[str]:
    """Give what was got in the order wanted, where order has no meaning."""
    return wanted if sorted(wanted) == sorted(got) else sorted(got)


def _named(kind: str) -> Callable[[Told, Any], object]:
    return lambda rendered, wanted: _like(wanted, [each["name"] for each in rendered[kind]])


def _counted(kind: str) -> Callable[[Told, Any], object]:
    return lambda rendered, _: len(rendered[kind])


def _listeners(rendered: Told) -> tuple[Configuration, list[Listener], list[Listener]]:
    config = read_configuration(rendered)
    http = [each for each in config.listeners if any(isinstance(chain.handler, Http) for chain in each.chains)]
    return config, http, [each for each in config.listeners if each not in http]


def _match_all(rendered: Told) -> object:
    listener = read_configuration(rendered).listener_named("virtualOutbound")
    chains = (*listener.chains, *filter(None, [listener.default_chain])) if listener else ()
    tcp = [chain.handler for chain in chains if chain.match == ChainMatch() and isinstance(chain.handler, Tcp)]
    return tcp[0].cluster if tcp else None


def _allow_any(rendered: Told) -> object:
    found = {
        route.action.cluster
        for table in read_configuration(rendered).tables.values()
        for host in table.virtual_hosts
        for route in host.routes
        if host.name == "allow_any" and isinstance(route.action, Forward)
    }
    return found.pop() if len(found) == 1 else sorted(found)


def _unordered(got: Mapping[str, list[str]], wanted: Mapping[str, list[str]]) -> object:
    return {name: _like(wanted[name], addresses) for name, addresses in got.items() if name in wanted}


CHECKS: Mapping[str, Callable[[Told, Any], object]] = {
    "endpoints_unordered": lambda rendered, wanted: _unordered(_assigned(rendered), wanted),
    "cluster_endpoints": lambda rendered, wanted: _unordered(_own(rendered), wanted),
    "listener_names_unordered": _named("listeners"),
    "cluster_names_unordered": _named("clusters"),
    "listener_count": _counted("listeners"),
    "cluster_count": _counted("clusters"),
    "http_listener_count": lambda rendered, _: len(_listeners(rendered)[1]),
    "tcp_listener_count": lambda rendered, _: len(_listeners(rendered)[2]),
    "tcp_listeners_nonempty": lambda rendered, _: bool(_listeners(rendered)[2]),
    "virtual_outbound_match_all_chain_tcp_cluster": lambda rendered, _: _match_all(rendered),
    "allow_any_vhost_route_cluster": lambda rendered, _: _allow_any(rendered),
}
"""Fact -> what we have; `wanted` only gives the order where order has no meaning."""
