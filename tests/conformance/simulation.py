"""`simulation`: the calls, routes and inbound clusters of Istio's simulation tests, a group at a time."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from conformance.outcome import Outcome, tally
from conformance.worlds import Json, build, documents, features_of, proxy_of, told
from pillion.analysis.call import Call, Direction, Result
from pillion.analysis.simulate import simulate
from pillion.envoy.view.read import read_configuration
from pillion.proxy.telling import Teller

DIRECTIONS: Mapping[str, Direction] = {"inbound": "inbound", "outbound": "outbound", "gateway": "direct"}
ERRORS: Mapping[str | None, str] = {
    "no listener matched": "ErrNoListener",
    "no filter chains matched": "ErrNoFilterChain",
    "multiple filter chains matched": "ErrMultipleFilterChain",
    "invalid TLS": "ErrTLSError",
    "invalid mTLS": "ErrMTLSError",
    "protocol error": "ErrProtocolError",
    "no virtual host matched": "ErrNoVirtualHost",
    "tls required, sending 301": "ErrTLSRedirect",
    "no route matched": "ErrNoRoute",
}
"""`no destination` is none of Istio's: its simulation leaves the cluster empty."""
FIELDS = ("listener", "filter_chain", "route", "route_config", "virtual_host", "cluster")


def run(data: Path) -> dict[str, Outcome]:
    """Answer every group: it passes when all of it does."""
    groups: list[Json] = json.loads((data / "simulation" / "cases.json").read_text())
    return {"simulation": tally((group["id"], not list(differences(data, group))) for group in groups)}


def differences(data: Path, group: Json) -> Iterator[str]:
    """Say what of a group we answer differently."""
    if (group.get("proxy") or {}).get("Type", "sidecar") != "sidecar":
        yield "gateways are not served"
        return
    kinds: Mapping[str, Callable[[Path, Json], Iterator[str]]] = {
        "traffic": _traffic,
        "routes": _routes,
        "inbound-clusters": _inbound_clusters,
    }
    yield from kinds[group["kind"]](data, group)


def _rendered(data: Path, group: Json) -> dict[str, list[dict[str, Any]]]:
    options: Json = group.get("options") or {}
    found = [
        *documents(group.get("istio_config_yaml") or ""),
        *documents(group.get("kube_config_yaml") or ""),
        *(options.get("configs") or ()),
    ]
    teller = Teller()
    world = build(teller, found, options.get("MeshConfig") or {}, features_of(data, group))
    return told(teller, world, proxy_of(group.get("proxy")))


def _traffic(data: Path, group: Json) -> Iterator[str]:
    config = read_configuration(_rendered(data, group))
    for each in group.get("calls") or ():
        result = simulate(config, _call(each["call"]), "istio_test")
        for wrong in _compare(each["expect"], result):
            yield f"{each['name']}: {wrong}"


def _call(asked: Json) -> Call:
    host = asked.get("host_header", "")
    return Call(
        direction=DIRECTIONS[asked.get("call_mode") or "outbound"],
        address=asked.get("address") or "1.3.3.7",
        port=asked["port"],
        protocol=asked.get("protocol") or "tcp",
        encryption=asked.get("tls") or "plaintext",
        sni=asked.get("sni") or None,
        alpn=(asked["alpn"],) if asked.get("alpn") else None,
        host=host,
        path=asked.get("path") or "/",
        workload_certificate=asked.get("mtls_secret_config_name") or "default",
    )


def _compare(expect: Json, result: Result) -> Iterator[str]:
    if ERRORS.get(result.error) != expect.get("error"):
        yield f"error {result.error}, not {expect.get('error')}"
    for field in FIELDS:
        got = getattr(result, field)
        if (field in expect or expect.get("strict")) and got != expect.get(field, ""):
            yield f"{field} {got!r}, not {expect.get(field)!r}"
    if "chain_tls" in expect:
        certificates = result.tls.certificates if result.tls else ()
        got = {
            "certificate_sds_secret": certificates[0] if certificates else "",
            "require_client_certificate": bool(result.tls and result.tls.require_client_certificate),
        }
        if any(got[name] != value for name, value in expect["chain_tls"].items()):
            yield f"TLS {got}, not {expect['chain_tls']}"


def _routes(data: Path, group: Json) -> Iterator[str]:
    wanted: Json | None = group["expected_virtual_host_clusters"]
    tables = {each["name"]: each for each in _rendered(data, group)["routes"]}
    table = tables.get(group["route_name"], {})
    for domain, clusters in (wanted or {}).items():
        hosts = [each for each in table.get("virtualHosts", ()) if domain in each["domains"]]
        routes = [route.get("route", {}) for host in hosts for route in host.get("routes", ())]
        got = sorted(name for route in routes for name in _clusters(route))
        if got != (clusters or []):
            yield f"{domain}: {got}, not {clusters}"


def _clusters(route: Json) -> Iterator[str]:
    if "cluster" in route:
        yield route["cluster"]
    for each in route.get("weightedClusters", {}).get("clusters", ()):
        yield each["name"]


def _inbound_clusters(data: Path, group: Json) -> Iterator[str]:
    teller = Teller()
    found = [*_services(group), *(group.get("configs") or ())]
    world = build(teller, found, group.get("mesh_config") or {}, features_of(data, group))
    rendered = told(teller, world, proxy_of(group.get("proxy")))
    inbound = {each["name"]: each for each in rendered["clusters"] if each["name"].startswith("inbound")}
    wanted: Json = group["expected_inbound_clusters"]
    if inbound.keys() != wanted.keys():
        yield f"clusters {sorted(inbound)}, not {sorted(wanted)}"
    config = read_configuration(rendered)
    telemetry: Json = group.get("expected_telemetry_services") or {}
    for name in inbound.keys() & wanted.keys():
        if (got := _endpoints(inbound[name])) != (wanted[name] or []):
            yield f"{name}: endpoints {got}, not {wanted[name]}"
        if (hosts := _hosts(inbound[name])) != (telemetry.get(name) or []):
            yield f"{name}: services {hosts}, not {telemetry.get(name)}"
        call = Call(direction="inbound", address="1.2.3.4", port=int(name.split("|")[1]))
        if (reached := simulate(config, call, "istio_test").cluster) != name:
            yield f"{name}: a call comes to {reached}"


def _endpoints(cluster: Json) -> list[str]:
    addresses = [
        each["endpoint"]["address"]
        for group in cluster.get("loadAssignment", {}).get("endpoints", ())
        for each in group.get("lbEndpoints", ())
    ]
    return [
        each["pipe"]["path"]
        if "pipe" in each
        else f"{each['socketAddress']['address']}:{each['socketAddress']['portValue']}"
        for each in addresses
    ]


def _hosts(cluster: Json) -> list[str]:
    services = cluster.get("metadata", {}).get("filterMetadata", {}).get("istio", {}).get("services", ())
    return [each["host"] for each in services]


def _services(group: Json) -> Iterator[Json]:
    """Write Go's services and instances as a Kubernetes Service and its EndpointSlices, one for each instance."""
    numbers = count()
    for service in group.get("services") or ():
        yield {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": _named(service),
            "spec": {
                "clusterIP": service["DefaultAddress"],
                "ports": [
                    {"name": port["Name"], "port": port["Port"], "appProtocol": port["Protocol"].lower()}
                    for port in service["Ports"]
                ],
            },
        }
    for instance in group.get("instances") or ():
        metadata, endpoint = _named(instance["Service"]), instance["Endpoint"]
        yield {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{metadata['name']}-{next(numbers)}",
                "namespace": metadata["namespace"],
                "labels": {"kubernetes.io/service-name": metadata["name"]},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": endpoint["Addresses"]}],
            "ports": [{"name": endpoint["ServicePortName"], "port": endpoint["EndpointPort"]}],
        }


def _named(service: Json) -> dict[str, str]:
    name, namespace, *_ = service["Hostname"].split(".")
    return {"name": name, "namespace": namespace}
