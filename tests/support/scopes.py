"""Services and scopes made by hand, for what stands on them."""

from collections.abc import Iterable, Mapping
from typing import Any

from pillion.mesh.destination_rules import ConsolidatedRule
from pillion.mesh.endpoint import Endpoint
from pillion.mesh.service import Service, ServicePort
from pillion.mesh.settings import MeshSettings
from pillion.resources.decode import decode
from pillion.resources.istio.destination_rule import DestinationRule
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.istio.security import PeerAuthentication
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.mesh_settings import default_mesh_config
from pillion.resources.protocol import Protocol
from pillion.scope.model import EgressListener, OutboundPolicy, SidecarScope
from pillion.value import FrozenMap

SETTINGS = MeshSettings(config=default_mesh_config())
CONFIG: MeshConfig = SETTINGS.config


def service(
    name: str, ports: Mapping[int, Protocol], address: str = "10.96.0.1", namespace: str = "shop", **more: Any
) -> Service:
    """Give a Kubernetes service; a port's name is its protocol and number."""
    return Service(
        hostname=f"{name}.{namespace}.svc.cluster.local",
        namespace=namespace,
        name=name,
        registry="Kubernetes",
        addresses=(address,) if address else (),
        ports=tuple(
            ServicePort(name=f"{protocol}-{number}", number=number, protocol=protocol)
            for number, protocol in ports.items()
        ),
        **more,
    )


def entry(host: str, ports: Mapping[int, Protocol], **more: Any) -> Service:
    """Give a service that a ServiceEntry declares."""
    return Service(
        hostname=host,
        namespace="shop",
        name=host,
        registry="External",
        external=True,
        ports=tuple(
            ServicePort(name=f"{protocol}-{number}", number=number, protocol=protocol)
            for number, protocol in ports.items()
        ),
        **more,
    )


def member(address: str, port: int, port_name: str, **more: Any) -> Endpoint:
    """Give an endpoint."""
    return Endpoint(address=address, port=port, port_name=port_name, **more)


def resource(kind: str, spec: Mapping[str, Any], name: str = "x", namespace: str = "shop", created: str = "") -> Any:
    """Give an Istio resource from its spec as YAML has it."""
    group = {"PeerAuthentication": "security.istio.io", "Telemetry": "telemetry.istio.io"}.get(
        kind, "networking.istio.io"
    )
    metadata = {"name": name, "namespace": namespace} | ({"creationTimestamp": created} if created else {})
    found, wrong = decode({"apiVersion": f"{group}/v1", "kind": kind, "metadata": metadata, "spec": spec})
    assert found is not None, wrong
    return found


def virtual_service(spec: Mapping[str, Any], name: str = "x") -> VirtualService:
    """Give a VirtualService."""
    found = resource("VirtualService", spec, name)
    assert isinstance(found, VirtualService)
    return found


def rule(spec: Mapping[str, Any], name: str = "x", namespace: str = "shop") -> ConsolidatedRule:
    """Give a DestinationRule as a scope holds it."""
    found = resource("DestinationRule", spec, name, namespace)
    assert isinstance(found, DestinationRule)
    return ConsolidatedRule(rule=found, origins=())


def scope(
    services: Iterable[Service],
    *,
    rules: Iterable[ConsolidatedRule] = (),
    virtual_services: Iterable[VirtualService] = (),
    peers: Iterable[PeerAuthentication] = (),
    policy: OutboundPolicy | None = None,
    settings: MeshSettings = SETTINGS,
    sidecar: Sidecar | None = None,
) -> SidecarScope:
    """Give the scope of namespace `shop` with one catch-all egress entry, or with those of a Sidecar."""
    found = tuple(services)
    by_rule: dict[str, tuple[ConsolidatedRule, ...]] = {}
    for each in rules:
        by_rule[each.rule.spec.host] = (*by_rule.get(each.rule.spec.host, ()), each)
    declared = sidecar.spec.egress if sidecar is not None and sidecar.spec.egress else (None,)
    return SidecarScope(
        namespace="shop",
        sidecar=sidecar,
        egress=tuple(
            EgressListener(declared=each, index=index, services=found, virtual_services=tuple(virtual_services))
            for index, each in enumerate(declared)
        ),
        services=found,
        by_host=FrozenMap({each.hostname: each for each in found}),
        destination_rules=FrozenMap(by_rule),
        outbound_policy=policy or OutboundPolicy(),
        peer_authentications=tuple(peers),
        settings=settings,
    )
