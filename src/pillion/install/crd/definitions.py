"""One CustomResourceDefinition a kind that we read."""

from typing import Any

from pillion.install.crd.schema import schema_of
from pillion.resources.kinds import KINDS, is_istio_group
from pillion.value import Value


class Spelling(Value):
    """How a kind is called in paths and by people."""

    plural: str
    short: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    """Heading and field, as shown by `kubectl get`."""


SPELLINGS = {
    "Sidecar": Spelling(plural="sidecars"),
    "ServiceEntry": Spelling(
        plural="serviceentries",
        short="se",
        columns=(("Hosts", "spec.hosts"), ("Location", "spec.location"), ("Resolution", "spec.resolution")),
    ),
    "WorkloadEntry": Spelling(plural="workloadentries", short="we", columns=(("Address", "spec.address"),)),
    "WorkloadGroup": Spelling(plural="workloadgroups", short="wg"),
    "VirtualService": Spelling(
        plural="virtualservices", short="vs", columns=(("Gateways", "spec.gateways"), ("Hosts", "spec.hosts"))
    ),
    "DestinationRule": Spelling(plural="destinationrules", short="dr", columns=(("Host", "spec.host"),)),
    "Gateway": Spelling(plural="gateways", short="gw"),
    "EnvoyFilter": Spelling(plural="envoyfilters"),
    "ProxyConfig": Spelling(plural="proxyconfigs"),
    "PeerAuthentication": Spelling(plural="peerauthentications", short="pa", columns=(("Mode", "spec.mtls.mode"),)),
    "AuthorizationPolicy": Spelling(plural="authorizationpolicies", short="ap", columns=(("Action", "spec.action"),)),
    "RequestAuthentication": Spelling(plural="requestauthentications", short="ra"),
    "Telemetry": Spelling(plural="telemetries", short="telemetry"),
    "WasmPlugin": Spelling(plural="wasmplugins"),
    "TrafficExtension": Spelling(plural="trafficextensions"),
}


def definitions() -> dict[str, dict[str, Any]]:
    """Write the CustomResourceDefinitions: name -> spec. The first version of a kind is the one that is stored."""
    found: dict[str, dict[str, Any]] = {}
    for (group, kind), (resource, versions) in KINDS.items():
        if not is_istio_group(group):
            continue
        spelling = SPELLINGS[kind]
        names: dict[str, Any] = {
            "kind": kind,
            "listKind": f"{kind}List",
            "plural": spelling.plural,
            "singular": kind.lower(),
            "categories": ["istio-io", group.replace(".", "-")],
        }
        if spelling.short:
            names["shortNames"] = [spelling.short]
        found[f"{spelling.plural}.{group}"] = {
            "group": group,
            "names": names,
            "scope": "Namespaced",
            "versions": [_version(version, versions[0], resource, spelling) for version in versions],
        }
    return found


def _version(version: str, stored: str, resource: type[Any], spelling: Spelling) -> dict[str, Any]:
    columns = [
        *({"name": name, "type": "string", "jsonPath": f".{field}"} for name, field in spelling.columns),
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    return {
        "name": version,
        "served": True,
        "storage": version == stored,
        "additionalPrinterColumns": columns,
        "schema": {"openAPIV3Schema": schema_of(resource)},
        "subresources": {"status": {}},
    }
