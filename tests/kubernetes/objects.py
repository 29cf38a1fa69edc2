"""Small objects for a real API server."""

from typing import Any

from kubernetes.kit.control import Control

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def namespace(control: Control, name: str) -> None:
    """Make a namespace."""
    create(control, "/api/v1/namespaces", {"metadata": {"name": name}})


def service(name: str, port: int = 80) -> dict[str, Any]:
    """A Service without a selector."""
    return {"metadata": {"name": name}, "spec": {"ports": [{"name": "http", "port": port}]}}


def endpoint_slice(of: str, *addresses: str) -> dict[str, Any]:
    """An EndpointSlice of ready addresses."""
    ready = {"ready": True, "serving": True, "terminating": False}
    return {
        "metadata": {"name": f"{of}-a", "labels": {"kubernetes.io/service-name": of}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
        "endpoints": [{"addresses": [each], "conditions": ready} for each in addresses],
    }


def pod(name: str, label: str = "") -> dict[str, Any]:
    """A pod that nobody runs."""
    return {
        "metadata": {"name": name, "labels": {"app": label or name}},
        "spec": {"containers": [{"name": "app", "image": "app", "ports": [{"containerPort": 8080}]}]},
    }


def definition(plural: str, kind: str, group: str = "networking.istio.io", *versions: str) -> dict[str, Any]:
    """A CustomResourceDefinition that lets everything in."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    served = versions or ("v1", "v1beta1", "v1alpha3")
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [
                {"name": each, "served": True, "storage": each == served[0], "schema": schema} for each in served
            ],
        },
    }


def create(control: Control, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Create an object."""
    status, answer = control.request("POST", path, body)
    assert status == 201, answer
    return answer


def delete(control: Control, path: str) -> None:
    """Delete an object at once."""
    status, answer = control.request("DELETE", path, {"gracePeriodSeconds": 0})
    assert status in {200, 202}, answer


def patch(control: Control, path: str, body: dict[str, Any]) -> None:
    """Merge something into an object."""
    status, answer = control.request("PATCH", path, body, "application/merge-patch+json")
    assert status == 200, answer


RIGHTS = "/apis/rbac.authorization.k8s.io/v1"


def reader(control: Control, home: str, name: str) -> str:
    """Make a service account that may read everything; return a token of it."""
    create(control, f"/api/v1/namespaces/{home}/serviceaccounts", {"metadata": {"name": name}})
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}]
    create(control, f"{RIGHTS}/clusterroles", {"metadata": {"name": name}, "rules": rules})
    bind(control, home, name)
    return token(control, home, name)


def bind(control: Control, home: str, name: str) -> None:
    """Give a service account the cluster role of its name."""
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    subjects = [{"kind": "ServiceAccount", "namespace": home, "name": name}]
    body = {"metadata": {"name": name}, "roleRef": role, "subjects": subjects}
    create(control, f"{RIGHTS}/clusterrolebindings", body)


def token(control: Control, home: str, name: str, *audiences: str) -> str:
    """Ask for a token of a service account."""
    body = {"spec": {"audiences": list(audiences)}} if audiences else {"spec": {}}
    answer = create(control, f"/api/v1/namespaces/{home}/serviceaccounts/{name}/token", body)
    return str(answer["status"]["token"])
