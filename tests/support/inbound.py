"""Inputs of inbound halves, made by hand."""

from collections.abc import Mapping
from typing import Any

from pillion.ir.inbound.inputs import InboundInputs, inbound_inputs
from pillion.ir.traits import InboundTraits
from pillion.mesh.service import Service
from pillion.mesh.settings import MeshSettings
from pillion.mesh.workload import ServiceTarget, Workload
from pillion.resources.istio.security import PeerAuthentication
from pillion.resources.istio.sidecar import Sidecar
from support.scopes import SETTINGS, resource, scope


def inputs_of(
    *services: Service,
    sidecar: Mapping[str, Any] | None = None,
    mode: str = "",
    settings: MeshSettings = SETTINGS,
    **traits: Any,
) -> InboundInputs:
    """Give the inputs of a workload that answers 8000 + n on the port n of each service."""
    peers = resource("PeerAuthentication", {"mtls": {"mode": mode}}) if mode else None
    declared = resource("Sidecar", sidecar, "default") if sidecar is not None else None
    made = scope(
        services,
        sidecar=declared if isinstance(declared, Sidecar) else None,
        peers=(peers,) if isinstance(peers, PeerAuthentication) else (),
        settings=settings,
    )
    targets = tuple(
        ServiceTarget(service=each, port=port, target_port=8000 + port.number)
        for each in services
        for port in each.ports
    )
    return inbound_inputs(made, Workload(name="web-0", namespace="shop"), targets, InboundTraits(**traits))
