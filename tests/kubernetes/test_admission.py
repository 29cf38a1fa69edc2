"""What a real API server asks the injectors of two revisions, and what becomes of pods when they are gone."""

import datetime as dt
import json
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from kubernetes import objects
from kubernetes.injector import NAME, injecting
from kubernetes.kit.control import Control
from kubernetes.test_article import containers, pillion
from pillion.pki.authority import create, issue

pytestmark = pytest.mark.root
TIMEOUT = 60.0
LARGE = 2_800_000
"""Bytes; an API server takes 3 MiB."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """A cluster with two revisions installed, and namespaces that ask for one of them."""
    control = Control(tmp_path_factory.mktemp("cluster"), "cluster")
    try:
        control.start()
        for more in ((), ("--revision", "canary")):
            pillion("install", "--no-wait", "--kubeconfig", str(control.kubeconfig), *more)
        for name, label in {"auto": "istio-injection=enabled", "early": "istio.io/rev=canary"}.items():
            control.kubectl("create", "namespace", name)
            control.kubectl("label", "namespace", name, label)
        for name in ("istio-system", "kube-system"):
            control.kubectl("label", "namespace", name, "istio-injection=enabled")
        for name in ("auto", "early", "istio-system", "kube-system"):
            objects.create(control, f"/api/v1/namespaces/{name}/serviceaccounts", {"metadata": {"name": "app"}})
        yield control
    finally:
        control.stop()


def tried(control: Control, namespace: str, **more: Any) -> tuple[int, Any]:
    """Make a pod, without effect."""
    pod = objects.pod("tried")
    pod["spec"] |= {"serviceAccountName": "app", **more}
    return control.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)


def asked(control: Control, namespace: str) -> Any:
    """Make a pod, without effect, as soon as the API server goes by the webhooks that are there."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        status, answer = tried(control, namespace)
        if status == 201 and "istio-proxy" in containers(answer["spec"]):
            return answer
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)


def revision(pod: Any) -> str:
    return str(pod["metadata"]["annotations"]["istio.io/rev"])


def test_each_revision_injects_its_own_namespaces_and_is_asked_about_pods_alone(
    cluster: Control, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("injectors")
    with injecting(cluster, folder / "default"), injecting(cluster, folder / "canary", f"{NAME}-canary"):
        assert (revision(asked(cluster, "auto")), revision(asked(cluster, "early"))) == ("default", "canary")
        # A pod that is as large as an API server takes it.
        many = [{"name": f"V{number}", "value": "x" * 100_000} for number in range(LARGE // 100_000)]
        app = {"name": "app", "image": "app", "env": many}
        status, answer = tried(cluster, "auto", containers=[app])
        assert (status, "istio-proxy" in containers(answer["spec"])) == (201, True)
        # What is no pod, or a part of one, or there already, is nobody's business.
        objects.create(cluster, "/api/v1/namespaces/auto/configmaps", {"metadata": {"name": "plain"}})
        refused = objects.pod("plain")
        refused["metadata"]["labels"]["sidecar.istio.io/inject"] = "false"
        refused["spec"]["serviceAccountName"] = "app"
        plain = objects.create(cluster, "/api/v1/namespaces/auto/pods", refused)
        objects.patch(cluster, "/api/v1/namespaces/auto/pods/plain", {"metadata": {"annotations": {"a": "b"}}})
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "plain"}}
        status, answer = cluster.request("POST", "/api/v1/namespaces/auto/pods/plain/eviction", eviction)
        assert (status, containers(plain["spec"])) == (201, ["app"]), answer


def variables(pod: Any) -> dict[str, str]:
    """Environment of a pod's proxy."""
    (proxy,) = [each for each in pod["spec"]["containers"] if each["name"] == "istio-proxy"]
    return {each["name"]: each.get("value", "") for each in proxy["env"]}


def told(control: Control) -> list[tuple[str, str, str, list[str]]]:
    """What `pillion inject status` says of the pods of a namespace."""
    words = ["inject", "status", "-n", "early", "--kubeconfig", str(control.kubeconfig), "-o", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "pillion", *words], capture_output=True, text=True, check=False, timeout=120
    )
    found = json.loads(done.stdout)["pods"]
    return [(each["status"], each["revision"], each["version"], each["drift"]) for each in found]


def test_a_pod_that_a_proxy_config_counts_for_is_as_it_would_be_today(
    cluster: Control, tmp_path_factory: pytest.TempPathFactory
) -> None:
    at = "/apis/networking.istio.io/v1beta1/namespaces/early/proxyconfigs"
    body = {"apiVersion": "networking.istio.io/v1beta1", "kind": "ProxyConfig", "metadata": {"name": "all"}}
    with injecting(cluster, tmp_path_factory.mktemp("injectors") / "canary", f"{NAME}-canary"):
        asked(cluster, "early")
        objects.create(cluster, at, {**body, "spec": {"environmentVariables": {"COLOUR": "red"}}})
        deadline = time.monotonic() + TIMEOUT
        while variables(asked(cluster, "early")).get("COLOUR") != "red":
            assert time.monotonic() < deadline
        pod = objects.pod("coloured")
        pod["spec"]["serviceAccountName"] = "app"
        objects.create(cluster, "/api/v1/namespaces/early/pods", pod)
    assert told(cluster) == [("injected", "canary", "latest", [])]
    objects.delete(cluster, f"{at}/all")
    ((status, _, _, drift),) = told(cluster)
    assert (status, any("COLOUR" in each for each in drift)) == ("outdated", True)
    objects.delete(cluster, "/api/v1/namespaces/early/pods/coloured")


def test_the_injector_shows_a_certificate_that_somebody_gives(
    cluster: Control, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, now = tmp_path_factory.mktemp("injectors"), dt.datetime.now(dt.UTC)
    authority = create("somebody", now)
    leaf = issue(authority, [f"{NAME}-given.istio-system.svc"], now)
    (folder / "ca.pem").write_text(authority.certificate)
    texts = {"tls.crt": leaf.certificate, "tls.key": leaf.key}
    data = {key: b64encode(text.encode()).decode() for key, text in texts.items()}
    secrets = "/api/v1/namespaces/istio-system/secrets"
    objects.create(cluster, secrets, {"metadata": {"name": "theirs"}, "type": "kubernetes.io/tls", "data": data})
    where = ("--revision", "given", "--kubeconfig", str(cluster.kubeconfig))
    pillion(
        "install", "--no-wait", "--ca-bundle", str(folder / "ca.pem"), "--certificate-secret", "theirs", *where
    )  # fmt: skip
    cluster.kubectl("create", "namespace", "given")
    cluster.kubectl("label", "namespace", "given", "istio.io/rev=given")
    objects.create(cluster, "/api/v1/namespaces/given/serviceaccounts", {"metadata": {"name": "app"}})
    with injecting(cluster, folder / "given", f"{NAME}-given"):
        assert revision(asked(cluster, "given")) == "given"
    pillion("uninstall", *where)
    assert cluster.request("GET", f"{secrets}/theirs")[1]["data"] == data
    assert cluster.request("GET", f"{secrets}/{NAME}-given-certificate")[0] == 404


def test_without_an_injector_pods_are_refused_in_so_many_words_but_never_the_clusters_own(cluster: Control) -> None:
    assert cluster.network is not None
    cluster.network.ways.clear()
    deadline = time.monotonic() + TIMEOUT
    while True:
        # Nothing listens at the Service's address; a new label takes effect a moment late.
        status, answer = tried(cluster, "auto")
        if status != 201:
            break
        assert time.monotonic() < deadline
    assert status == 500
    assert 'failed calling webhook "namespace.sidecar-injector.istio.io"' in answer["message"]
    for namespace in ("istio-system", "kube-system"):
        status, answer = tried(cluster, namespace)
        assert (status, containers(answer["spec"])) == (201, ["app"])
