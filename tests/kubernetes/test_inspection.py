"""What the commands say that look at an installation: its replicas, its proxies, the Envoy of a pod, its health."""

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from docs.schemas import problems
from kubernetes import objects
from kubernetes.kit.control import Control
from kubernetes.kit.kubelet import Kubelet, kubelet
from kubernetes.replicas import settings
from kubernetes.sidecar import Proof, connected
from pillion.controlplane.serve.server import Replica, serving
from pillion.install.cluster import Cluster
from pillion.install.inspection.reading import settings_of
from pillion.sources.kubernetes.access import from_kubeconfig
from pillion.sources.kubernetes.client import KubernetesClient
from pillion.xds.type_urls import CLUSTER, LISTENER

pytestmark = pytest.mark.root
ENVOY = Path(sys.prefix) / f"lib/python3.{sys.version_info.minor}/site-packages/envoy/_bin/envoy"
INJECTED = {"sidecar.istio.io/status": '{"containers":["istio-proxy"],"revision":"default"}'}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """A cluster with an installation, of which no process runs."""
    control = Control(tmp_path_factory.mktemp("cluster"), "cluster")
    try:
        control.start()
        assert pillion(control, "install")[0] == 0
        yield control
    finally:
        control.stop()


def pillion(control: Control, *words: str, schema: str = "") -> tuple[int, Any]:
    """Run a command; return its exit code and what it prints as JSON."""
    given = () if "--kubeconfig" in words else ("--kubeconfig", str(control.kubeconfig))
    done = subprocess.run(
        [sys.executable, "-m", "pillion", *words, *given, "-o", "json"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if not done.stdout:
        return done.returncode, done.stderr
    answer = json.loads(done.stdout)
    assert not schema or list(problems(answer, schema)) == []
    return done.returncode, answer


def played(play: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(120):
            await play

    asyncio.run(bounded())


async def said(control: Control, *words: str, schema: str = "") -> tuple[int, Any]:
    """Run a command beside the loop that serves it."""
    return await asyncio.to_thread(lambda: pillion(control, *words, schema=schema))


def replica_names(control: Control) -> list[str]:
    path = "/api/v1/namespaces/istio-system/pods?labelSelector=app%3Distiod"
    return sorted(each["metadata"]["name"] for each in control.request("GET", path)[1]["items"])


@asynccontextmanager
async def played_pods(control: Control) -> AsyncIterator[tuple[Kubelet, list[Replica]]]:
    """Run a real replica behind each pod of the control plane."""
    access = from_kubeconfig([control.kubeconfig])
    async with contextlib.AsyncExitStack() as stack:
        door = await stack.enter_async_context(kubelet(control))
        running: list[Replica] = []
        for name in await asyncio.to_thread(replica_names, control):
            replica = await stack.enter_async_context(serving(access, settings()))
            await replica.ready.wait()
            door.ways[f"istio-system/{name}", 8080] = replica.ports["debug"]
            running.append(replica)
        # A definition that was just made is served a moment late, and said to be missing until then.
        while any(each.problems() for each in running):  # noqa: ASYNC110 (nothing announces it)
            await asyncio.sleep(0.05)
        yield door, running


def account(control: Control, namespace: str) -> str:
    """Make a namespace with a service account; return a token of it."""
    objects.namespace(control, namespace)
    objects.create(control, f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "web"}})
    return objects.token(control, namespace, "web", "istio-ca")


@pytest.fixture
def tidy(cluster: Control) -> Iterator[Control]:
    """The cluster; whatever a test makes in namespaces of its own is gone afterwards."""
    before = {each["metadata"]["name"] for each in cluster.request("GET", "/api/v1/namespaces")[1]["items"]}
    yield cluster
    after = {each["metadata"]["name"] for each in cluster.request("GET", "/api/v1/namespaces")[1]["items"]}
    for name in after - before:
        cluster.kubectl("-n", name, "delete", "deployments,pods,sidecars.networking.istio.io", "--all")


def test_proxies_and_replicas_are_told_and_a_replica_that_is_silent_too(tidy: Control) -> None:
    token = account(tidy, "told")

    async def play() -> None:
        async with played_pods(tidy) as (door, (first, second)):
            one, two = await asyncio.to_thread(replica_names, tidy)
            assert first.keeper.authority is not None
            proof = Proof(first.keeper.authority.certificate, token=token)
            async with (
                connected(first.ports["tls"], proof, "web-1", "told", "web") as a,
                connected(second.ports["tls"], proof, "web-2", "told", "web") as b,
            ):
                for sidecar, replica in ((a, first), (b, second)):
                    await sidecar.subscribe()
                    await sidecar.until(lambda one=sidecar: one.has(LISTENER, "virtualOutbound"))
                    await replica.plane.settled(replica.plane.generation)
                code, answer = await said(tidy, "proxy-status", schema="proxy-status")
                assert code == 0, answer
                shown = [(each["name"], each["istiod"], each["cds"], each["rds"]) for each in answer["proxies"]]
                assert shown == [("web-1.told", one, "SYNCED", "NOT SENT"), ("web-2.told", two, "SYNCED", "NOT SENT")]
                assert {each["version"] for each in answer["replicas"]} == {first.version}
                for name in ("web-2.told", "told/web-2"):
                    code, answer = await said(tidy, "proxy-status", name)
                    assert (code, [each["name"] for each in answer["proxies"]]) == (0, ["web-2.told"])
                assert (await said(tidy, "proxy-status", "web-9.told"))[0] == 1
                del door.ways[f"istio-system/{one}", 8080]
                code, answer = await said(tidy, "proxy-status", schema="proxy-status")
                assert (code, [each["name"] for each in answer["proxies"]]) == (1, ["web-2.told"])
                assert f"nothing listens on port 8080 of istio-system/{one}" in answer["replicas"][0]["problem"]
        code, answer = await said(tidy, "proxy-status", "-i", "told")
        assert (code, answer) == (2, "pillion: namespace told has no control plane\n")

    played(play())


def test_health_is_told_and_what_is_wrong_in_sentences(tidy: Control) -> None:
    token = account(tidy, "lost")
    pod = objects.pod("web-1")
    pod["metadata"]["annotations"] = INJECTED
    sidecars = "/apis/networking.istio.io/v1/namespaces/lost/sidecars"
    wrong = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Sidecar",
        "metadata": {"name": "wrong"},
        "spec": {"egress": "everything"},
    }
    kind = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sidecars.networking.istio.io"

    def lenient() -> None:
        """Let everything in, as a definition of long ago does."""
        definition = tidy.request("GET", kind)[1]
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        versions = [{**each, "schema": schema} for each in definition["spec"]["versions"]]
        objects.patch(tidy, kind, {"spec": {"versions": versions}})

    def got_in() -> bool:
        return tidy.request("POST", sidecars, wrong)[0] == 201

    async def play() -> None:
        async with played_pods(tidy) as (_, (first, second)):
            code, answer = await said(tidy, "status", schema="status")
            assert (code, answer["problems"], answer["healthy"]) == (0, [], True)
            assert {each["name"]: each["available"] for each in answer["deployments"]} == {
                "istio-sidecar-injector": 2,
                "istiod": 2,
            }
            assert [each["state"] for each in answer["replicas"]] == ["ready", "ready"]
            webhooks = {each["kind"]: (each["service"], each["endpoints"]) for each in answer["webhooks"]}
            assert webhooks["MutatingWebhookConfiguration"] == ("istio-system/istio-sidecar-injector", 2)
            assert {each["name"].partition("/")[0] for each in answer["certificates"]} == {
                "of the authority",
                "of the control plane",
                "in Secret istio-system",
            }
            # A pod with a sidecar is there, and its sidecar is not; a Sidecar that cannot be read got in.
            await asyncio.to_thread(objects.create, tidy, "/api/v1/namespaces/lost/pods", {
                **pod, "spec": {**pod["spec"], "serviceAccountName": "web"}})  # fmt: skip
            await asyncio.to_thread(lenient)
            while not await asyncio.to_thread(got_in):  # noqa: ASYNC110 (a definition takes effect a moment late)
                await asyncio.sleep(0.05)
            while not all(each.problems() for each in (first, second)):  # noqa: ASYNC110 (nothing announces it)
                await asyncio.sleep(0.05)
            code, answer = await said(tidy, "status", schema="status")
            assert (code, answer["proxies"]["disconnected"]) == (1, ["lost/web-1"])
            assert any("Sidecar lost/wrong" in each for each in answer["findings"])
            assert "pod lost/web-1: its sidecar is not connected to any replica" in answer["problems"]
            assert first.keeper.authority is not None
            proof = Proof(first.keeper.authority.certificate, token=token)
            async with connected(first.ports["tls"], proof, "web-1", "lost", "web") as sidecar:
                await sidecar.subscribe()
                await sidecar.until(lambda: sidecar.has(CLUSTER, "BlackHoleCluster"))
                code, answer = await said(tidy, "status", schema="status")
                assert (answer["proxies"]["connected"], answer["proxies"]["disconnected"]) == (1, [])

    played(play())


def watcher(control: Control, folder: Path) -> Path:
    """Write a kubeconfig of somebody who may look at the control plane's pods, and ask them."""
    role = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get", "create"]},
    ]
    home, rights = "/api/v1/namespaces/istio-system", f"{objects.RIGHTS}/namespaces/istio-system"
    objects.create(control, f"{home}/serviceaccounts", {"metadata": {"name": "watcher"}})
    objects.create(control, f"{rights}/roles", {"metadata": {"name": "watcher"}, "rules": role})
    subjects = [{"kind": "ServiceAccount", "namespace": "istio-system", "name": "watcher"}]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "watcher"}
    bound = {"metadata": {"name": "watcher"}, "roleRef": reference, "subjects": subjects}
    objects.create(control, f"{rights}/rolebindings", bound)
    place = folder / "watcher.kubeconfig"
    token = objects.token(control, "istio-system", "watcher")
    document = control.kubeconfig.read_text()
    place.write_text(re.sub(r"user: \{client-certificate: .*?\}", f"user: {{token: {token}}}", document))
    return place


def test_who_may_forward_to_the_control_plane_may_ask_it_and_hears_what_stays_unseen(
    tidy: Control, tmp_path: Path
) -> None:
    kubeconfig = watcher(tidy, tmp_path)

    async def play() -> None:
        async with played_pods(tidy):
            code, answer = await said(tidy, "proxy-status", "--kubeconfig", str(kubeconfig))
            assert (code, len(answer["replicas"])) == (0, 2)
            code, answer = await said(tidy, "status", "--kubeconfig", str(kubeconfig), schema="status")
            assert (code, answer["problems"], len(answer["replicas"])) == (0, [], 2)
            unseen = {each.partition(":")[0] for each in answer["unseen"]}
            assert unseen >= {"deployments", "mutatingwebhookconfigurations", "endpointslices"}
            code, text = await said(tidy, "inject", "status", "--kubeconfig", str(kubeconfig))
            assert (code, "403" in text) == (2, True)

    played(play())


def deployment(control: Control, namespace: str, replicas: int) -> list[str]:
    """Make a Deployment of pods that carry the record of a sidecar; return their names when all run."""
    template = {"metadata": {"labels": {"app": "web"}, "annotations": INJECTED}, "spec": objects.pod("web")["spec"]}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    objects.create(control, path, {"metadata": {"name": "web"}, "spec": spec})
    deadline = time.monotonic() + 90
    while control.request("GET", f"{path}/web")[1].get("status", {}).get("availableReplicas") != replicas:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pods = f"/api/v1/namespaces/{namespace}/pods?labelSelector=app%3Dweb"
    return sorted(each["metadata"]["name"] for each in control.request("GET", pods)[1]["items"])


def test_every_pod_of_a_template_is_told_by_its_own_name(tidy: Control) -> None:
    objects.namespace(tidy, "many")
    names = deployment(tidy, "many", 3)
    code, answer = pillion(tidy, "inject", "status", "-n", "many", schema="inject-status")
    assert (code, answer["problems"]) == (1, [])
    assert [(each["name"], each["status"], each["rule"]) for each in answer["pods"]] == [
        (name, "outdated", "by-hand") for name in names
    ]


def native(control: Control) -> frozenset[str]:
    """Read which revisions make native sidecars."""

    async def read() -> frozenset[str]:
        async with KubernetesClient(from_kubeconfig([control.kubeconfig])) as client:
            return (await settings_of(Cluster(client), "istio-system"))[0].native

    return asyncio.run(read())


def test_native_sidecars_that_go_by_the_nodes_are_judged_by_them(tidy: Control) -> None:
    deployments = "/apis/apps/v1/namespaces/istio-system/deployments"
    names = ("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion")
    rest = dict.fromkeys((*names, "kubeProxyVersion", "operatingSystem", "architecture"), "x")

    def injector(**variable: str) -> None:
        container = {"name": "sidecar-injector", "env": [{"name": "ENABLE_NATIVE_SIDECARS", **variable}]}
        body = {"spec": {"template": {"spec": {"containers": [container]}}}}
        kind = "application/strategic-merge-patch+json"
        assert tidy.request("PATCH", f"{deployments}/istio-sidecar-injector", body, kind)[0] == 200

    def nodes(version: str) -> None:
        for each in tidy.request("GET", "/api/v1/nodes")[1]["items"]:
            status = {"status": {"nodeInfo": {**rest, "kubeletVersion": version}}}
            objects.patch(tidy, f"/api/v1/nodes/{each['metadata']['name']}/status", status)

    assert native(tidy) == frozenset()
    injector(value="auto")
    try:
        nodes("v1.32.0")
        assert native(tidy) == frozenset()
        nodes("v1.33.0")
        assert native(tidy) == {"default"}
    finally:
        injector(**{"$patch": "delete"})
    assert native(tidy) == frozenset()


@asynccontextmanager
async def envoy(folder: Path) -> AsyncIterator[int]:
    """Run an Envoy with an admin page and a cluster; return the page's port."""
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    clusters = [{"name": "outbound|80||web.shop.svc.cluster.local", "type": "STATIC"}]
    config = folder / "envoy.json"
    config.write_text(json.dumps({"admin": {"address": address}, "static_resources": {"clusters": clusters}}))
    place = folder / "admin"
    words = ["-c", str(config), "--admin-address-path", str(place), "--concurrency", "1", "-l", "error"]
    words += ["--use-dynamic-base-id"]
    process = await asyncio.create_subprocess_exec(str(ENVOY), *words, stderr=asyncio.subprocess.DEVNULL)
    try:
        while not place.exists() or ":" not in place.read_text():
            assert process.returncode is None
            await asyncio.sleep(0.02)
        yield int(place.read_text().rpartition(":")[2])
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.envoy
def test_the_envoy_of_a_pod_is_asked_by_the_pods_name_and_by_its_workloads(tidy: Control, tmp_path: Path) -> None:
    objects.namespace(tidy, "asked")
    (name,) = deployment(tidy, "asked", 1)
    bare = {**objects.pod("bare")}
    objects.create(tidy, "/api/v1/namespaces/asked/serviceaccounts", {"metadata": {"name": "bare"}})
    bare["spec"]["serviceAccountName"] = "bare"
    objects.create(tidy, "/api/v1/namespaces/asked/pods", bare)

    async def play() -> None:
        async with kubelet(tidy) as door, envoy(tmp_path) as port:
            door.ways[f"asked/{name}", 15000] = port
            for meant in (f"asked/{name}", "asked/web"):
                code, clusters = await said(tidy, "proxy-config", "clusters", meant)
                assert (code, [each["name"] for each in clusters]) == (0, ["outbound|80||web.shop.svc.cluster.local"])
            code, dump = await said(tidy, "proxy-config", "all", "web", "-n", "asked")
            assert (code, "configs" in dump) == (0, True)
            code, text = await said(tidy, "proxy-config", "all", "asked/bare")
            assert (code, text) == (2, "pillion: pod asked/bare is not injected: it has no Envoy\n")
            code, text = await said(tidy, "proxy-config", "all", "asked/nobody")
            assert (code, "there is neither a pod nor a workload asked/nobody" in text) == (2, True)
            code, text = await said(tidy, "proxy-config", "all", "asked/web", "--mesh", "default")
            assert (code, "say one of them" in text) == (2, True)

    played(play())
