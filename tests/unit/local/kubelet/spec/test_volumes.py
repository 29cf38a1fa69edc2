"""Volumes as files, and where containers see them."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from pillion.local.kubelet.spec import env, volumes
from pillion.local.kubelet.spec.pod import decode

OBJECTS = {("ConfigMap", "c"): {"a": "1", "b": "2"}, ("Secret", "s"): {"k": "secret"}}


def lookup(kind: str, name: str) -> Mapping[str, str] | None:
    return OBJECTS.get((kind, name))


def sources(*written: dict[str, Any], mounts: list[dict[str, Any]] | None = None) -> volumes.Sources:
    document = {
        "metadata": {"name": "p", "labels": {"app": "web"}},
        "spec": {"volumes": list(written), "containers": [{"name": "c", "volumeMounts": mounts or []}]},
    }
    pod, diagnostics = decode(document)
    assert pod
    assert diagnostics == ()
    return volumes.Sources(pod=pod, facts=env.PodFacts(), lookup=lookup)


def files(volume: dict[str, Any]) -> dict[str, tuple[bytes, int]]:
    (folder,), diagnostics = volumes.folders(sources({"name": "v", **volume}))
    assert diagnostics == ()
    return {file.path: (file.content, file.mode) for file in folder.files}


def test_an_empty_folder_is_for_everybody() -> None:
    (folder,), _ = volumes.folders(sources({"name": "v", "emptyDir": {"medium": "Memory"}}))
    assert folder == volumes.Folder(name="v", mode=0o777)


def test_a_config_map_is_a_file_per_key_or_those_chosen() -> None:
    assert files({"configMap": {"name": "c"}}) == {"a": (b"1", 0o644), "b": (b"2", 0o644)}
    chosen = {"name": "c", "items": [{"key": "b", "path": "deep/er", "mode": 0o400}], "defaultMode": 0o600}
    assert files({"configMap": chosen}) == {"deep/er": (b"2", 0o400)}


def test_a_secret() -> None:
    assert files({"secret": {"secretName": "s", "defaultMode": 0o400}}) == {"k": (b"secret", 0o400)}


def test_the_pod_itself() -> None:
    items = [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]
    assert files({"downwardAPI": {"items": items}}) == {"labels": (b'app="web"', 0o644)}


def test_several_sources_in_one_folder() -> None:
    parts = [
        {"configMap": {"name": "c", "items": [{"key": "a", "path": "a"}]}},
        {"secret": {"name": "s"}},
        {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}},
        {"serviceAccountToken": {"path": "token", "audience": "istio-ca", "expirationSeconds": 1}},
        {"configMap": {"name": "none", "optional": True}},
    ]
    found = files({"projected": {"sources": parts, "defaultMode": 0o640}})
    assert found == {
        "a": (b"1", 0o640),
        "k": (b"secret", 0o640),
        "name": (b"p", 0o640),
        "token": (b"", 0o640),
    }


@pytest.mark.parametrize(
    "volume",
    [
        {"configMap": {"name": "none"}},
        {"secret": {"secretName": "none"}},
        {"configMap": {"name": "c", "items": [{"key": "none", "path": "x"}]}},
    ],
)
def test_what_is_missing_holds_the_pod_unless_optional(volume: dict[str, Any]) -> None:
    with pytest.raises(env.MissingReferenceError, match="none"):
        files(volume)
    ((_, source),) = volume.items()
    assert files({kind: source | {"optional": True} for kind in volume}) == {}


def test_a_path_cannot_leave_its_volume() -> None:
    escape = {"name": "c", "items": [{"key": "a", "path": "../../etc/passwd"}]}
    assert files({"configMap": escape}) == {"etc/passwd": (b"1", 0o644)}


def test_a_path_of_the_machine_is_an_empty_folder_and_a_warning() -> None:
    (folder,), (diagnostic,) = volumes.folders(sources({"name": "v", "hostPath": {"path": "/etc"}}))
    assert folder.files == ()
    assert (diagnostic.code, diagnostic.severity) == ("host-path-ignored", "warning")


def test_mounts_outer_folders_first_and_data_read_only() -> None:
    mounts = [
        {"name": "data", "mountPath": "/etc/app/conf/extra/", "subPath": "a"},
        {"name": "space", "mountPath": "/etc/app", "subPathExpr": "$(NAME)/../x"},
        {"name": "space", "mountPath": "/ro", "readOnly": True},
    ]
    pod = sources({"name": "data", "configMap": {"name": "c"}}, {"name": "space"}, mounts=mounts).pod
    assert volumes.binds(pod.spec.containers[0], pod, {"NAME": "n"}) == (
        volumes.Bind(source="/.pillion/space", target="/ro", read_only=True),
        volumes.Bind(source="/.pillion/space/x", target="/etc/app"),
        volumes.Bind(source="/.pillion/data/a", target="/etc/app/conf/extra", read_only=True),
    )


def test_an_unknown_volume_is_named() -> None:
    pod = sources(mounts=[{"name": "none", "mountPath": "/x"}]).pod
    with pytest.raises(env.MissingReferenceError, match="volume none"):
        volumes.binds(pod.spec.containers[0], pod, {})


def test_keys_of_objects() -> None:
    encoded = base64.b64encode(b"\xff\x00").decode()
    config = {"kind": "ConfigMap", "data": {"a": "x", "n": 1}, "binaryData": {"b": encoded}}
    assert volumes.keys_of(config) == {"a": "x", "n": "1", "b": "\udcff\x00"}
    secret = {"kind": "Secret", "data": {"a": base64.b64encode(b"x").decode(), "bad": "%"}, "stringData": {"s": "y"}}
    assert volumes.keys_of(secret) == {"a": "x", "bad": "", "s": "y"}
