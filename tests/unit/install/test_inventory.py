"""What of ours is in a dump."""

from typing import Any

import pytest

from pillion.install.inventory import Inventory, from_documents, is_occupant
from pillion.install.objects import objects
from pillion.install.options import Options

STATUS = '{"containers":["istio-proxy"],"revision":"canary"}'


def document(kind: str, name: str, namespace: str = "shop", version: str = "v1", **metadata: Any) -> dict[str, Any]:
    home = {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **home, "uid": name, **metadata}}


def owned(by: str, version: str, name: str) -> list[dict[str, Any]]:
    return [{"apiVersion": version, "kind": by, "name": name, "uid": name, "controller": True}]


OURS = {"app.kubernetes.io/managed-by": "pillion"}
DEPLOYED = [
    document("ReplicaSet", "web-1", version="apps/v1", ownerReferences=owned("Deployment", "apps/v1", "web")),
    document(
        "Pod",
        "web-1-x",
        annotations={"sidecar.istio.io/status": STATUS},
        ownerReferences=owned("ReplicaSet", "apps/v1", "web-1"),
    ),
    document("Pod", "alone", annotations={"sidecar.istio.io/status": "not JSON"}),
    document("Pod", "plain"),
]


def names(inventory: Inventory) -> list[str]:
    return [str(entry.key) for entry in inventory.entries]


def test_an_installation_is_found_in_a_dump_as_it_was_made() -> None:
    made = objects(Options())
    found = from_documents(each.document() for each in made)
    assert {entry.key for entry in found.entries} == {each.key for each in made}
    assert {entry.revision for entry in found.entries} == {"", "default"}
    assert found.occupants == ()


def test_injected_pods_are_named_with_who_makes_them_anew() -> None:
    first, second = from_documents(DEPLOYED).pods
    assert (first.name, first.revision, first.owner) == ("alone", "", None)
    assert (second.name, second.revision, str(second.owner)) == ("web-1-x", "canary", "Deployment shop/web")


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"labels": OURS}, True),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, False),
        ({"managedFields": [{"manager": "pillion-install", "operation": "Apply"}]}, True),
        ({"managedFields": [{"manager": "pillion-install", "operation": "Update"}]}, False),
        ({"labels": OURS, "ownerReferences": owned("Service", "v1", "x")}, False),
    ],
)
def test_label_or_field_manager_tell_what_we_made(fields: dict[str, Any], found: bool) -> None:
    assert (names(from_documents([document("ConfigMap", "one", **fields)])) == ["ConfigMap shop/one"]) == found


def test_what_is_made_from_our_yaml_by_others_is_told_apart() -> None:
    fields = [{"manager": "argocd", "operation": "Apply"}]
    (entry,) = from_documents([document("ConfigMap", "one", labels=OURS, managedFields=fields)]).entries
    assert (entry.ownership, entry.authors) == ("handed-on", ("argocd",))


@pytest.mark.parametrize(
    ("content", "occupies"),
    [
        (document("ConfigMap", "mine"), True),
        (document("ConfigMap", "kube-root-ca.crt"), False),
        (document("ServiceAccount", "default"), False),
        (document("Event", "x"), False),
        (document("Pod", "web-1-x", ownerReferences=owned("ReplicaSet", "apps/v1", "web-1")), False),
        (document("ConfigMap", "ours", labels=OURS), False),
    ],
)
def test_what_others_keep_in_a_namespace(content: dict[str, Any], occupies: bool) -> None:
    assert is_occupant(content) == occupies


def test_occupants_are_those_of_our_namespaces() -> None:
    documents = [document("Namespace", "mesh", "", labels=OURS), document("ConfigMap", "a", "mesh"), *DEPLOYED]
    assert [str(key) for key in from_documents(documents).occupants] == ["ConfigMap mesh/a"]
