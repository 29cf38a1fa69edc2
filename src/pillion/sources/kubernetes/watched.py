"""Which collections of an API server are watched, and where they are served."""

from pillion.resources.kinds import KINDS
from pillion.value import Value


class Watched(Value):
    """A collection."""

    kind: str
    group: str
    versions: tuple[str, ...]
    """In the order of preference; a cluster may serve only some."""
    plural: str
    namespace: str = ""
    """Watch this namespace only."""
    name: str = ""
    """Watch the object of this name only."""
    optional: bool = False
    """May be missing: its CustomResourceDefinition need not be there."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Where it may be served."""
        inside = f"/namespaces/{self.namespace}" if self.namespace else ""
        return tuple(
            f"{f'/apis/{self.group}' if self.group else '/api'}/{version}{inside}/{self.plural}"
            for version in self.versions
        )

    def path_of(self, served: int, namespace: str, name: str) -> str:
        """Where one object is served, at one of the places."""
        root, _, plural = self.paths[served].rpartition("/")
        inside = f"/namespaces/{namespace}" if namespace and not self.namespace else ""
        return f"{root}{inside}/{plural}/{name}"

    @property
    def selector(self) -> dict[str, str]:
        """The query that narrows it."""
        return {"fieldSelector": f"metadata.name={self.name}"} if self.name else {}

    @property
    def definition(self) -> str:
        """The name of its CustomResourceDefinition."""
        return f"{self.plural}.{self.group}"


_KUBERNETES = {
    "Namespace": "namespaces",
    "Node": "nodes",
    "Service": "services",
    "Pod": "pods",
    "EndpointSlice": "endpointslices",
}
_ISTIO = {
    "Sidecar": "sidecars",
    "ServiceEntry": "serviceentries",
    "WorkloadEntry": "workloadentries",
    "WorkloadGroup": "workloadgroups",
    "VirtualService": "virtualservices",
    "DestinationRule": "destinationrules",
    "Gateway": "gateways",
    "EnvoyFilter": "envoyfilters",
    "ProxyConfig": "proxyconfigs",
    "PeerAuthentication": "peerauthentications",
    "AuthorizationPolicy": "authorizationpolicies",
    "RequestAuthentication": "requestauthentications",
    "Telemetry": "telemetries",
    "WasmPlugin": "wasmplugins",
    "TrafficExtension": "trafficextensions",
}
DEFINITIONS = Watched(
    kind="CustomResourceDefinition",
    group="apiextensions.k8s.io",
    versions=("v1",),
    plural="customresourcedefinitions",
)
"""Only their metadata are asked for: they tell when an absent collection appears."""


def mesh_collections() -> tuple[Watched, ...]:
    """Name all that a control plane reads, but for the mesh's settings."""
    found: list[Watched] = []
    for (group, kind), (_, versions) in KINDS.items():
        plural = _KUBERNETES.get(kind) or _ISTIO.get(kind)
        if plural is not None:
            served = tuple(version for version in versions if kind != "EndpointSlice" or version == "v1")
            found.append(Watched(kind=kind, group=group, versions=served, plural=plural, optional=kind in _ISTIO))
    return tuple(found)


def config_map(namespace: str, name: str) -> Watched:
    """Name one ConfigMap."""
    return Watched(kind="ConfigMap", group="", versions=("v1",), plural="configmaps", namespace=namespace, name=name)


def secret(namespace: str, name: str) -> Watched:
    """Name one Secret."""
    return Watched(kind="Secret", group="", versions=("v1",), plural="secrets", namespace=namespace, name=name)


def webhook_configuration(kind: str, name: str) -> Watched:
    """Name one webhook configuration of a kind; only that it changed is told."""
    group, plural = "admissionregistration.k8s.io", f"{kind.lower()}s"
    return Watched(kind=kind, group=group, versions=("v1",), plural=plural, name=name)
