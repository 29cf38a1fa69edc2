"""A Kubernetes object as a value, its name in the world, and where an API server serves it."""

from typing import Any, cast

from pillion.resources.frozen import FrozenJson, freeze, thaw
from pillion.value import FrozenMap, Value

CLUSTER_WIDE = frozenset({
    "Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
})  # fmt: skip
KINDS = {
    "Namespace": ("v1", "namespaces"),
    "CustomResourceDefinition": ("apiextensions.k8s.io/v1", "customresourcedefinitions"),
    "ServiceAccount": ("v1", "serviceaccounts"),
    "ClusterRole": ("rbac.authorization.k8s.io/v1", "clusterroles"),
    "ClusterRoleBinding": ("rbac.authorization.k8s.io/v1", "clusterrolebindings"),
    "Role": ("rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("rbac.authorization.k8s.io/v1", "rolebindings"),
    "ConfigMap": ("v1", "configmaps"),
    "Secret": ("v1", "secrets"),
    "Service": ("v1", "services"),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies"),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets"),
    "Deployment": ("apps/v1", "deployments"),
    "Lease": ("coordination.k8s.io/v1", "leases"),
    "ValidatingWebhookConfiguration": ("admissionregistration.k8s.io/v1", "validatingwebhookconfigurations"),
    "MutatingWebhookConfiguration": ("admissionregistration.k8s.io/v1", "mutatingwebhookconfigurations"),
}
"""Every kind that we make, in the order of making: apiVersion and plural."""


class ObjectKey(Value, order=True):
    """The name of an object in a cluster."""

    api_version: str
    kind: str
    namespace: str
    """Empty for objects of the cluster."""
    name: str

    def __str__(self) -> str:
        """`Deployment istio-system/istiod`, or `ClusterRole istiod-istio-system`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Manifest(Value):
    """An object as it is applied."""

    content: FrozenMap[FrozenJson]

    @property
    def key(self) -> ObjectKey:
        """The name of the object."""
        return key_of(self.document())

    def document(self) -> dict[str, Any]:
        """Return the object as a document of its own."""
        return cast("dict[str, Any]", thaw(self.content))


def manifest(document: dict[str, Any]) -> Manifest:
    """Make a value of a document."""
    return Manifest(content=cast("FrozenMap[FrozenJson]", freeze(document)))


def key_of(document: dict[str, Any]) -> ObjectKey:
    """Name a document."""
    metadata = cast("dict[str, Any]", document.get("metadata") or {})
    return ObjectKey(
        api_version=str(document.get("apiVersion", "")),
        kind=str(document.get("kind", "")),
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata.get("name") or ""),
    )


def collection_path(api_version: str, plural: str, namespace: str = "") -> str:
    """Return where an API server serves a collection."""
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    return f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"


def path_of(key: ObjectKey, plural: str = "") -> str:
    """Return where an API server serves an object; `plural` is needed for kinds that we do not make."""
    return f"{collection_path(key.api_version, plural or KINDS[key.kind][1], key.namespace)}/{key.name}"
