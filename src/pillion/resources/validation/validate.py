"""The checks of a resource, picked by its kind."""

import msgspec

from pillion.resources.istio.destination_rule import DestinationRule
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.resources.istio.extension import TrafficExtension, WasmPlugin
from pillion.resources.istio.gateway import Gateway
from pillion.resources.istio.proxy_config import ProxyConfig
from pillion.resources.istio.security import AuthorizationPolicy, PeerAuthentication, RequestAuthentication
from pillion.resources.istio.service_entry import ServiceEntry, WorkloadEntry, WorkloadGroup
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.istio.telemetry import Telemetry
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.kinds import IstioResource, KubernetesResource, Resource
from pillion.resources.kubernetes.service import Service
from pillion.resources.meta import Metadata, ref_of
from pillion.resources.validation.destination_rule import check_destination_rule
from pillion.resources.validation.envoy_filter import check_envoy_filter
from pillion.resources.validation.extension import check_traffic_extension, check_wasm_plugin
from pillion.resources.validation.gateway import check_gateway
from pillion.resources.validation.report import Report
from pillion.resources.validation.routing.virtual_service import check_virtual_service
from pillion.resources.validation.security import (
    DRY_RUN,
    check_authorization_policy,
    check_peer_authentication,
    check_request_authentication,
)
from pillion.resources.validation.service import check_service
from pillion.resources.validation.service_entry import (
    check_service_entry,
    check_workload_entry,
    check_workload_group,
)
from pillion.resources.validation.sidecar import check_sidecar
from pillion.resources.validation.telemetry import check_telemetry
from pillion.resources.validation.workloads import check_selector
from pillion.value import Diagnostics, Origin

ALWAYS_REJECT = "internal.istio.io/webhook-always-reject"
"""Asks a webhook to prove that it refuses."""
_RESERVED = ("internal.istio.io/parents", "internal.istio.io/parent-namespace", ALWAYS_REJECT)


def validate(resource: Resource, origin: Origin | None = None) -> Diagnostics:
    """Say what Istio's webhook refuses (errors) and warns about; Kubernetes' kinds that are not checked say nothing."""
    report = Report()
    if not isinstance(resource, KubernetesResource):
        _check_annotations(resource, resource.metadata, report)
        _check_istio(resource, report)
    elif isinstance(resource, Service):
        check_service(resource, report)
    name = str(ref_of(resource))
    replace = msgspec.structs.replace
    return tuple(replace(d, where=replace(d.where, origin=origin, resource=name)) for d in report.diagnostics)


def _check_istio(resource: IstioResource, report: Report) -> None:  # noqa: C901, PLR0912  # one case a kind
    match resource:
        case Sidecar():
            check_sidecar(resource, report)
        case ServiceEntry():
            check_service_entry(resource, report)
        case WorkloadEntry():
            check_workload_entry(resource, report)
        case WorkloadGroup():
            check_workload_group(resource, report)
        case VirtualService():
            check_virtual_service(resource, report)
        case DestinationRule():
            check_destination_rule(resource, report)
        case Gateway():
            check_gateway(resource, report)
        case EnvoyFilter():
            check_envoy_filter(resource, report)
        case ProxyConfig():
            _check_proxy_config(resource, report)
        case PeerAuthentication():
            check_peer_authentication(resource, report)
        case AuthorizationPolicy():
            check_authorization_policy(resource, report)
        case RequestAuthentication():
            check_request_authentication(resource, report)
        case Telemetry():
            check_telemetry(resource, report)
        case WasmPlugin():
            check_wasm_plugin(resource, report)
        case TrafficExtension():
            check_traffic_extension(resource, report)


def _check_annotations(resource: IstioResource, metadata: Metadata, report: Report) -> None:
    for name in _RESERVED:
        if name in metadata.annotations:
            report.error("reserved", f"annotation {name} is not for users", "metadata", "annotations", name)
    if DRY_RUN in metadata.annotations and not isinstance(resource, AuthorizationPolicy):
        report.error("unsupported", "only an AuthorizationPolicy runs dry", "metadata", "annotations", DRY_RUN)


def _check_proxy_config(config: ProxyConfig, report: Report) -> None:
    check_selector(config.spec.selector, report.at("spec", "selector"))
    if (config.spec.concurrency or 0) < 0:
        report.error("out-of-range", f"is {config.spec.concurrency}, expected 0 or more", "spec", "concurrency")
