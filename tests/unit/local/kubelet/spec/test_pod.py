"""A pod's document becomes values, or a diagnostic that says what is wrong."""

from pillion.local.kubelet.spec.pod import Pod, decode


def test_nulls_and_unknown_fields_do_not_matter() -> None:
    document = {
        "apiVersion": "v1",
        "metadata": {"name": "p", "namespace": "n", "labels": None, "annotations": {"a": "b"}},
        "spec": {
            "containers": [{"name": "c", "env": None, "command": ["x", None], "stdin": True}],
            "schedulerName": "s",
        },
        "status": {"phase": "Pending"},
    }
    pod, diagnostics = decode(document)
    assert diagnostics == ()
    assert isinstance(pod, Pod)
    assert (pod.key, pod.hostname, pod.metadata.annotations["a"]) == ("n/p", "p", "b")
    assert pod.spec.containers[0].command == ("x",)
    assert hash(pod) == hash(decode(document)[0])


def test_a_mistake_is_named_by_its_path() -> None:
    document = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "env": [{"name": "X", "value": 1}]}]}}
    pod, (diagnostic,) = decode(document)
    assert pod is None
    assert diagnostic.code == "invalid-pod"
    assert "$.spec.containers[0].env[0].value" in diagnostic.message
    assert diagnostic.where.resource == "Pod default/p"


def test_the_machines_network_is_not_shared() -> None:
    pod, (diagnostic,) = decode({"metadata": {"name": "p"}, "spec": {"hostNetwork": True}})
    assert pod
    assert (diagnostic.code, diagnostic.where.field) == ("host-network-ignored", "spec.hostNetwork")


def test_a_host_name_is_short_enough() -> None:
    pod, _ = decode({"metadata": {"name": "a" * 62 + "-b"}})
    assert pod
    assert pod.hostname == "a" * 62


def test_a_sidecar_is_an_init_container_that_always_restarts() -> None:
    pod, _ = decode({"metadata": {"name": "p"}, "spec": {"initContainers": [{"name": "a", "restartPolicy": "Always"}]}})
    assert pod
    assert pod.spec.init_containers[0].is_sidecar
