"""Objects of an API server as values."""

import json
from typing import Any

import msgspec
import pytest

from pillion.inject import reversal
from pillion.resources.decode import decode
from pillion.resources.istio.service_entry import ServiceEntry
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.kubernetes.endpoint_slice import EndpointSlice
from pillion.resources.kubernetes.pod import Pod
from pillion.resources.kubernetes.service import Service
from pillion.sources.kubernetes.decoding import BrokenError, ItemDecoder, trimmed
from pillion.sources.kubernetes.reflector import Bookmark, Changed, Deleted, Failed, Item
from pillion.sources.kubernetes.watched import DEFINITIONS, mesh_collections

COLLECTIONS = {each.kind: each for each in mesh_collections()}
METADATA: dict[str, Any] = {
    "name": "web",
    "namespace": "shop",
    "uid": "1234",
    "resourceVersion": "77",
    "creationTimestamp": "2026-01-02T03:04:05Z",
    "labels": {"app": "web"},
    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "sidecar.istio.io/inject": "true"},
    "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:metadata": {}}}],
}
POD: dict[str, Any] = {
    "metadata": METADATA,
    "spec": {
        "serviceAccountName": "web",
        "nodeName": "node",
        "containers": [
            {"name": "app", "image": "app:1", "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}]},
            {"name": "helper", "image": "helper:1", "env": [{"name": "A", "value": "B"}]},
        ],
    },
    "status": {
        "phase": "Running",
        "podIP": "10.0.0.1",
        "podIPs": [{"ip": "10.0.0.1"}],
        "hostIP": "192.0.2.1",
        "conditions": [
            {"type": "Initialized", "status": "True", "lastTransitionTime": "2026-01-02T03:04:05Z"},
            {"type": "Ready", "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-01-02T03:04:06Z"},
        ],
    },
}
SERVICE: dict[str, Any] = {
    "metadata": METADATA,
    "spec": {
        "clusterIP": "10.96.0.9",
        "clusterIPs": ["10.96.0.9"],
        "type": "ClusterIP",
        "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}, {"port": 1, "targetPort": 2}],
        "selector": {"app": "web"},
        "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
    },
    "status": {"loadBalancer": {}},
}
SLICE: dict[str, Any] = {
    "metadata": METADATA,
    "addressType": "IPv4",
    "endpoints": [
        {
            "addresses": ["10.0.0.1"],
            "conditions": {"ready": True, "serving": None},
            "targetRef": {"kind": "Pod", "name": "web"},
        }
    ],
    "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
}
NODE = {
    "metadata": {"name": "node", "labels": {"topology.kubernetes.io/zone": "a"}},
    "status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.1"}], "images": [{"names": ["x"]}]},
}


def read(kind: str, document: object, served: int = 0) -> Item:
    return ItemDecoder(COLLECTIONS[kind]).item(msgspec.Raw(json.dumps(document).encode()), served)


@pytest.mark.parametrize(
    ("kind", "version", "document"),
    [
        ("Pod", "v1", POD),
        ("Service", "v1", SERVICE),
        ("Node", "v1", NODE),
        ("EndpointSlice", "discovery.k8s.io/v1", SLICE),
    ],
)
def test_the_short_way_reads_what_the_long_way_reads(kind: str, version: str, document: dict[str, Any]) -> None:
    slow, found = decode({"apiVersion": version, "kind": kind, **document})
    assert slow is not None
    assert found == ()
    assert read(kind, document).resource == trimmed(slow)


def test_reads_a_service() -> None:
    item = read("Service", SERVICE)
    service = item.resource
    assert isinstance(service, Service)
    assert (item.key, item.version) == (("shop", "web"), "77")
    assert service.spec.ports[0].target_port == "http"
    assert dict(service.spec.selector) == {"app": "web"}
    assert dict(service.metadata.annotations) == {"sidecar.istio.io/inject": "true"}


def test_what_means_nothing_to_a_mesh_makes_no_other_value() -> None:
    beat = {**POD, "metadata": {**METADATA, "resourceVersion": "78", "managedFields": []}}
    beat["status"] = {**POD["status"], "conditions": [{"type": "Ready", "status": "True", "message": "still"}]}
    assert read("Pod", beat).resource == read("Pod", POD).resource
    node = {**NODE, "status": {**NODE["status"], "conditions": [{"type": "Ready", "status": "True"}]}}
    assert read("Node", node).resource == read("Node", NODE).resource


def test_keeps_of_a_pod_where_it_listens_and_whether_it_is_ready() -> None:
    pod = read("Pod", POD).resource
    assert isinstance(pod, Pod)
    assert [each.name for each in pod.spec.containers] == ["app"]
    assert [(each.type, each.status) for each in pod.status.conditions] == [("Ready", "True")]


@pytest.mark.parametrize("broken", [{}, {"status": {"conditions": None}}])
def test_keeps_no_annotation_that_says_what_an_object_was_before(broken: dict[str, Any]) -> None:
    annotations = {**METADATA["annotations"], reversal.ANNOTATION: "{}"}
    pod = POD | {"metadata": METADATA | {"annotations": annotations}} | broken
    item = ItemDecoder(COLLECTIONS["Pod"]).item(msgspec.Raw(json.dumps(pod).encode()), 0)
    assert item.resource is not None
    assert dict(item.resource.metadata.annotations) == {"sidecar.istio.io/inject": "true"}


def test_takes_null_for_nothing() -> None:
    item = read("EndpointSlice", {**SLICE, "endpoints": None, "ports": None})
    assert item.resource == EndpointSlice(metadata=item.resource.metadata) if item.resource else False
    assert item.diagnostics == ()
    assert item.key == ("shop", "web")


def test_tells_what_is_wrong_with_an_object_and_where() -> None:
    item = read("Sidecar", {"metadata": METADATA, "spec": {"egress": "everything"}}, served=1)
    assert item.resource is None
    assert item.key == ("shop", "web")
    assert [each.where.field for each in item.diagnostics] == ["spec.egress"]


def test_reads_an_istio_object_of_any_served_version() -> None:
    item = read("Sidecar", {"metadata": METADATA, "spec": {"egress": [{"hosts": ["./*"]}]}}, served=2)
    assert isinstance(item.resource, Sidecar)


def test_sees_in_its_status_whether_an_object_was_judged() -> None:
    def marked(status: object) -> bool:
        return read("Sidecar", {"metadata": METADATA, "spec": {}, "status": status}).marked

    assert marked({"conditions": [{"type": "Other"}, {"type": "Accepted", "status": "False"}]})
    for status in (None, "x", {}, {"conditions": None}, {"conditions": ["Accepted"]}, {"conditions": {"a": 1}}):
        assert not marked(status)


def test_takes_what_others_write_into_the_status_of_a_service_entry() -> None:
    status = {"addresses": [{"value": "240.240.0.1"}], "conditions": [{"type": "Accepted"}], "validationMessages": []}
    item = read("ServiceEntry", {"metadata": METADATA, "spec": {"hosts": ["a.example"]}, "status": status})
    assert isinstance(item.resource, ServiceEntry)
    assert (item.resource.status.addresses[0].value, item.diagnostics) == ("240.240.0.1", ())


def test_reads_a_page() -> None:
    page = {"metadata": {"resourceVersion": "99", "continue": "more"}, "items": [POD, POD]}
    items, version, token = ItemDecoder(COLLECTIONS["Pod"]).page(json.dumps(page).encode(), 0)
    assert (len(items), version, token) == (2, "99", "more")
    assert ItemDecoder(COLLECTIONS["Pod"]).page(b'{"metadata": {"resourceVersion": "1"}, "items": null}', 0)[0] == []
    with pytest.raises(BrokenError):
        ItemDecoder(COLLECTIONS["Pod"]).page(b"<html>", 0)


def test_reads_the_lines_of_a_watch() -> None:
    decoder = ItemDecoder(COLLECTIONS["Pod"])

    def line(kind: str, content: object) -> bytes:
        return json.dumps({"type": kind, "object": content}).encode()

    assert isinstance(decoder.event(line("ADDED", POD), 0), Changed)
    assert decoder.event(line("DELETED", POD), 0) == Deleted(("shop", "web"), "77")
    bookmark = {"kind": "Pod", "metadata": {"resourceVersion": "80"}, "spec": {"containers": None}}
    assert decoder.event(line("BOOKMARK", bookmark), 0) == Bookmark("80")
    error = {"kind": "Status", "code": 410, "message": "too old", "metadata": {}}
    assert decoder.event(line("ERROR", error), 0) == Failed(410, "too old")
    with pytest.raises(BrokenError):
        decoder.event(b'{"type": "ADDED", "obj', 0)


def test_reads_the_metadata_of_definitions() -> None:
    decoder = ItemDecoder(DEFINITIONS)
    content = {"metadata": {"name": "sidecars.networking.istio.io", "resourceVersion": "5"}}
    item = decoder.item(msgspec.Raw(json.dumps(content).encode()), 0)
    assert item.key == ("", "sidecars.networking.istio.io")
    assert item.resource is not None
    assert item.resource.metadata.name == "sidecars.networking.istio.io"


def nested(levels: int) -> str:
    value = '{"a":' * levels + "1" + "}" * levels
    return f'{{"configPatches":[{{"applyTo":"CLUSTER","patch":{{"operation":"MERGE","value":{value}}}}}]}}'


@pytest.mark.parametrize("levels", [101, 500, 9_900])
def test_an_object_that_nests_deeply_is_refused_and_the_others_are_read(levels: int) -> None:
    deep, flat = (
        f'{{"metadata":{{"name":"{name}","namespace":"shop","resourceVersion":"7"}},"spec":{nested(depth)}}}'
        for name, depth in (("deep", levels), ("flat", 100))
    )
    decoder = ItemDecoder(COLLECTIONS["EnvoyFilter"])
    page = f'{{"metadata":{{"resourceVersion":"9"}},"items":[{deep},{flat}]}}'
    (refused, read), version, _ = decoder.page(page.encode(), 0)
    assert version == "9"
    assert (refused.resource, [each.code for each in refused.diagnostics]) == (None, ["out-of-range"])
    assert read.resource is not None
    changed = decoder.event(f'{{"type":"MODIFIED","object":{deep}}}'.encode(), 0)
    assert isinstance(changed, Changed)
    assert changed.item == refused
    gone = decoder.event(f'{{"type":"DELETED","object":{deep}}}'.encode(), 0)
    assert gone == Deleted(("shop", "deep"), "7")
