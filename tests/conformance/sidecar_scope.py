"""`sidecar_scope/*`: which services, hosts and rules a Sidecar imports, and what a proxy depends on."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from conformance.outcome import Outcome, tally
from pillion.mesh.destination_rules import DestinationRuleShelf, shelve
from pillion.mesh.rules.virtual_services import resolve_names
from pillion.mesh.service import Resolution, Service, ServicePort, age
from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import MeshSnapshot
from pillion.resources.decode import decode, decode_mesh_config
from pillion.resources.host import is_wildcard
from pillion.resources.istio.destination_rule import DestinationRule
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.istio.security import PeerAuthentication
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.meta import Ref
from pillion.resources.protocol import parse_protocol
from pillion.resources.visibility import is_visible
from pillion.scope.build import build_scope
from pillion.scope.hosts import ImportedHosts
from pillion.scope.imports import most_specific_rules, select_services
from pillion.scope.input import egress_hosts, scope_input
from pillion.scope.model import SidecarScope
from pillion.value import FrozenMap

T = TypeVar("T")
Case = Mapping[str, Any]
RESOLUTIONS: dict[str, Resolution] = {
    "ClientSideLB": "EDS",
    "DNSLB": "DNS",
    "DNSRoundRobinLB": "DNS_ROUND_ROBIN",
    "Passthrough": "PASSTHROUGH",
    "Alias": "ALIAS",
    "DynamicDNS": "DYNAMIC_DNS",
}


def run(data: Path) -> dict[str, Outcome]:
    """Answer every case of every group."""
    groups = json.loads((data / "sidecar_scope" / "cases.json").read_text())
    answers: dict[str, Callable[[Case, Case], bool]] = {
        "create_sidecar_scope": _create,
        "select_services": _select,
        "select_services_exact_parity": _parity,
        "TestContainsEgressDependencies": _egress_dependencies,
        "TestRootNsSidecarDependencies": _root_dependencies,
        "outbound_traffic_policy": _policy,
        "inbound_connection_pool": _pools,
        "wildcard_virtualservice_index": _index,
        "authn_policies": _authentications,
    }
    return {
        f"sidecar_scope/{name}": tally((case["name"], answers[name](case, group)) for case in group["cases"])
        for name, group in groups.items()
    }


def _create(case: Case, group: Case) -> bool:
    scope = _scope(
        case["config_namespace"],
        case["sidecar"],
        services=case["services"],
        virtual_services=case["virtual_services"],
        rules=group["destination_rules_always_present"],
        settings=MeshSettings(
            config=MeshConfig(),
            pick_best_service_namespace=case["features"].get("features.SidecarPickBestServiceNamespace", True),
        ),
    )
    if len(scope.egress) != case["expected_egress_listener_count"]:
        return False
    expected = [_facts(_service(each)) for each in case["expected_services"]]
    actual = [_facts(each) for each in scope.services]
    if not case["order_matters"]:
        expected, actual = sorted(expected), sorted(actual)
    return expected == actual and (case["sidecar"] is None or _same_rule(scope, case))


def _same_rule(scope: SidecarScope, case: Case) -> bool:
    labels = FrozenMap(case["sidecar"]["metadata"].get("labels", {}))
    found = scope.destination_rule("httpbin.org", labels)
    expected = case["expected_destination_rule_for_httpbin_org"]
    if expected is None or found is None:
        return expected is None and found is None
    return found.rule.spec == _resource(expected, DestinationRule).spec


def _select(case: Case, group: Case) -> bool:
    hosts = FrozenMap({name: _hosts(each) for name, each in case["listener_hosts"].items()})
    services = [_service(each) for each in case["services"]]
    found = select_services(services, case["config_namespace"], hosts, 0)
    return [_facts(each) for each in found] == [_facts(_service(each)) for each in case["expected"]]


def _parity(case: Case, group: Case) -> bool:
    namespace = case["config_namespace"]
    hosts = FrozenMap({name: _hosts(each) for name, each in case["listener_hosts"].items()})
    services = [_service(each) for each in group["services"]]
    visible = [each for each in services if is_visible(each.export_to, each.namespace, namespace)]
    found = select_services(visible, namespace, hosts, 0)
    return sorted([each.hostname, each.namespace] for each in found) == sorted(case["expected_hosts"])


def _hosts(parsed: Case) -> ImportedHosts:
    return ImportedHosts(
        exact=frozenset(parsed["exact"]),
        every=tuple(parsed["all"]),
        excluded=tuple(parsed["excluded"]),
        wild=tuple(name for name in parsed["all"] if is_wildcard(name)),
    )


def _egress_dependencies(case: Case, group: Case) -> bool:
    services = [{"hostname": "svc1.com", "namespace": "ns"}, {"hostname": "nomatch", "namespace": "nomatch"}]
    virtual_service = _document("VirtualService", "vs1", "ns", {"hosts": ["svc1.com"]})
    rule = _document("DestinationRule", "dr1", "ns", {"host": "svc1.com", "exportTo": ["*"]})
    hosts = case["egress_hosts"]
    sidecar = None if hosts is None else _document("Sidecar", "foo", "default", {"egress": [{"hosts": hosts}]})
    scope = _scope("default", sidecar, services=services, virtual_services=[virtual_service], rules=[rule])
    return _depends(scope, case["depends_on"])


def _root_dependencies(case: Case, group: Case) -> bool:
    sidecar = _document("Sidecar", "foo", "istio-system", {"egress": [{"hosts": case["egress_hosts"]}]})
    return _depends(_scope("default", sidecar), case["depends_on"])


def _depends(scope: SidecarScope, expected: Iterable[Case]) -> bool:
    return all(
        scope.depends_on(Ref(kind=each["kind"], namespace=each["namespace"], name=each["name"])) == each["depends"]
        for each in expected
    )


def _policy(case: Case, group: Case) -> bool:
    config, _ = decode_mesh_config(case["mesh_config"])
    scope = _scope("not-default", case["sidecar"], settings=MeshSettings(config=config))
    return scope.outbound_policy.mode == case["expected_outbound_traffic_policy"]["mode"]


def _pools(case: Case, group: Case) -> bool:
    scope = _scope("default", _document("Sidecar", "foo", "default", case["sidecar_spec"]))
    for port, expected in case["expected_pool_by_port"].items():
        found = scope.inbound_connection_pool(int(port))
        wanted = None
        if expected is not None:
            spec = {"inboundConnectionPool": expected}
            wanted = _resource(_document("Sidecar", "x", "x", spec), Sidecar).spec.inbound_connection_pool
        if found != wanted:
            return False
    return True


def _index(case: Case, group: Case) -> bool:
    rules = [_resource(_aged(each), VirtualService) for each in case["virtual_services"]]
    found = most_specific_rules(rules, [_service(each) for each in case["services"]])
    names = {host: {"Name": ref.name, "Namespace": ref.namespace} for host, ref in found.items()}
    return names == case["expected_index"]


def _aged(document: Case) -> Case:
    metadata = {key: value for key, value in document["metadata"].items() if key != "creationTimestamp"}
    return {**document, "metadata": metadata}


def _authentications(case: Case, group: Case) -> bool:
    policies = [
        _document("PeerAuthentication", each["name"], each["namespace"], {"mtls": {"mode": each["mode"]}})
        for each in case["peer_authentications"]
    ]
    namespace = case["config_namespace"]
    sidecar = _document("Sidecar", "foo", namespace, {"egress": [{"hosts": case["sidecar_egress_hosts"]}]})
    settings = MeshSettings(config=MeshConfig(root_namespace=case["root_namespace"]))
    scope = _scope(namespace, sidecar, services=case["services"], policies=policies, settings=settings)
    known = {each["name"]: each["namespace"] for each in case["peer_authentications"]}
    expected = [{**each, "kind": "PeerAuthentication", "namespace": known[each["name"]]} for each in case["depends_on"]]
    return _depends(scope, expected)


def _scope(
    namespace: str,
    sidecar: Case | None,
    *,
    services: Sequence[Case] = (),
    virtual_services: Sequence[Case] = (),
    rules: Sequence[Case] = (),
    policies: Sequence[Case] = (),
    settings: MeshSettings | None = None,
) -> SidecarScope:
    settings = settings or MeshSettings(config=MeshConfig())
    made = sorted((_service(each) for each in services), key=age)
    routes = [_resource(each, VirtualService) for each in virtual_services]
    ready = [resolve_names(each, "", ()) for each in routes]
    snapshot = MeshSnapshot(
        settings=settings,
        services=_shelved(made, lambda each: each.namespace),
        virtual_services=_shelved(ready, lambda each: each.metadata.namespace),
        destination_rules=_rule_shelves([_resource(each, DestinationRule) for each in rules], settings),
        peer_authentications=_shelved(
            [_resource(each, PeerAuthentication) for each in policies], lambda each: each.metadata.namespace
        ),
    )
    by_host: dict[str, list[Service]] = {}
    for service in made:
        by_host.setdefault(service.hostname, []).append(service)
    declared = None if sidecar is None else _resource(sidecar, Sidecar)
    return build_scope(scope_input(snapshot, (namespace, declared), egress_hosts(declared, namespace), by_host))


def _rule_shelves(rules: Sequence[DestinationRule], settings: MeshSettings) -> FrozenMap[DestinationRuleShelf]:
    shelved = _shelved(rules, lambda each: each.metadata.namespace)
    return FrozenMap({name: shelve(shelf, settings.domain, ()) for name, shelf in shelved.items()})


def _shelved(values: Iterable[T], namespace: Callable[[T], str]) -> FrozenMap[tuple[T, ...]]:
    shelves: dict[str, list[T]] = {}
    for value in values:
        shelves.setdefault(namespace(value), []).append(value)
    return FrozenMap({name: tuple(shelf) for name, shelf in shelves.items()})


def _service(document: Case) -> Service:
    return Service(
        hostname=document["hostname"],
        namespace=document["namespace"],
        name=document.get("name", ""),
        ports=tuple(
            ServicePort(name=each["name"], number=each["port"], protocol=parse_protocol(each["protocol"]))
            for each in document.get("ports", ())
        ),
        export_to=tuple(document.get("export_to", ())),
        labels=FrozenMap(document.get("labels", {})),
        selector=FrozenMap(document.get("label_selectors", {})),
        registry=document.get("service_registry", ""),
        created=f"{document['creation_time_unix']:012d}" if "creation_time_unix" in document else "",
        resolution=RESOLUTIONS[document.get("resolution", "ClientSideLB")],
    )


def _facts(service: Service) -> tuple[Any, ...]:
    ports = tuple((port.name, port.number, port.protocol) for port in service.ports)
    return service.hostname, service.namespace, service.name, ports, service.resolution


def _document(kind: str, name: str, namespace: str, spec: Mapping[str, Any]) -> Case:
    group = "security" if kind == "PeerAuthentication" else "networking"
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": f"{group}.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def _resource(document: Case, kind: type[T]) -> T:
    resource, found = decode(document)
    if not isinstance(resource, kind):
        raise TypeError(f"{document}: {found}")
    return cast(T, resource)
