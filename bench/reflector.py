"""The memory of a process that keeps up with the pods of a real API server: 5000 of them, as big as pods are."""

import asyncio
import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPSConnection
from pathlib import Path
from threading import Event
from typing import Any

import yaml
from bench.figure import Figure, figure

PODS = 5000
NAMESPACES = 50
WRITERS = 4
KINDS = {"POST": "json", "PATCH": "merge-patch+json"}
AIM = 70
TESTS = Path(__file__).parents[1] / "tests"


def benchmarks() -> Iterator[Figure]:
    """Fill an API server with pods, and weigh a process of its own that watches them."""
    sys.path.insert(0, str(TESTS))
    from kubernetes.kit.control import Control  # noqa: PLC0415 (the tests' own; builds Kubernetes)

    with tempfile.TemporaryDirectory() as folder:
        control = Control(Path(folder))
        try:
            control.start()
            size = _fill(control)
            told = _weighed(control.kubeconfig)
        finally:
            control.stop()
    name = f"reflector: {told['pods']} pods of {size // 1000} kB"
    yield figure(f"{name}, memory of a process that watches them", "MB", [told["resident"]], AIM)
    yield figure(f"{name}, most memory while it lists them", "MB", [told["peak"]], AIM)
    yield figure(f"{name}, memory before the first list", "MB", [told["before"]])


def watch(kubeconfig: str) -> None:
    """Watch the pods until the last one is known and a watch is open; print what that takes of memory."""
    asyncio.run(_watch(kubeconfig))


async def _watch(kubeconfig: str) -> None:
    from pillion.controlplane import collector  # noqa: PLC0415
    from pillion.resources.meta import HasMetadata, Ref, ref_of  # noqa: PLC0415
    from pillion.sources.kubernetes.access import from_kubeconfig  # noqa: PLC0415
    from pillion.sources.kubernetes.client import KubernetesClient  # noqa: PLC0415
    from pillion.sources.kubernetes.cluster import Cluster  # noqa: PLC0415
    from pillion.sources.kubernetes.watched import mesh_collections  # noqa: PLC0415

    held: dict[Ref, HasMetadata] = {}
    collector.spare()  # as `pillion serve` does

    def deliver(changed: tuple[HasMetadata, ...], deleted: tuple[Ref, ...]) -> None:
        held.update({ref_of(each): each for each in changed})
        assert not deleted

    async with KubernetesClient(from_kubeconfig([Path(kubeconfig)])) as client, asyncio.TaskGroup() as tasks:
        cluster = Cluster(client, mesh_collections(), deliver)
        before = _memory("VmRSS")
        running = tasks.create_task(cluster.run())
        await cluster.synced()
        while not all(  # noqa: ASYNC110 (nobody tells that a watch has begun)
            each.watches for each in cluster.statuses() if each.phase == "synced"
        ):
            await asyncio.sleep(0.05)
        collector.settle()
        pods = sum(each.objects for each in cluster.statuses() if each.kind == "Pod")
        print(json.dumps({"pods": pods, "before": before, "resident": _memory("VmRSS"), "peak": _memory("VmHWM")}))
        running.cancel()


def _weighed(kubeconfig: Path) -> dict[str, Any]:
    argv = [sys.executable, "-c", "import sys; from bench.reflector import watch; watch(sys.argv[1])", str(kubeconfig)]
    return json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True).stdout)


def _memory(name: str) -> float:
    """Resident megabytes of this process: now (`VmRSS`), or the most there ever were (`VmHWM`)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kilobytes) * 1024 / 1e6


def _fill(control: Any) -> int:
    """Create the pods, as controllers, a scheduler and a kubelet would leave them; return their mean size in bytes."""
    for space in range(NAMESPACES):
        control.request("POST", "/api/v1/namespaces", {"metadata": {"name": f"space-{space}"}})
    pod, status = _pod()
    is_over = Event()

    def fill(writer: int) -> int:
        tls = ssl.create_default_context(cafile=str(control.folder / "ca.crt"))
        tls.load_cert_chain(control.folder / "admin.crt", control.folder / "admin.key")
        connection = HTTPSConnection("127.0.0.1", control.port, context=tls, timeout=60)

        def ask(method: str, path: str, body: str, number: int) -> int:
            for old, new in _names(number).items():
                body = body.replace(old, new)
            connection.request(method, path, body, {"Content-Type": f"application/{KINDS[method]}"})
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status in {200, 201}, content
            return len(content)

        size = 0
        for number in range(writer, PODS, WRITERS):
            if is_over.is_set():
                break
            path = f"/api/v1/namespaces/space-{number % NAMESPACES}/pods"
            ask("POST", path, pod, number)
            size += ask("PATCH", f"{path}/{_names(number)['NAME']}/status", status, number)
        connection.close()
        return size

    with ThreadPoolExecutor(WRITERS) as writers:
        try:
            return sum(writers.map(fill, range(WRITERS))) // PODS
        finally:
            is_over.set()  # whoever ends us does not wait for the last pod


def _names(number: int) -> dict[str, str]:
    """What makes a pod another one: replacements in its text."""
    app = f"application-{number % 250}"
    return {
        "NAME": f"{app}-5f7c9d8b6-{number:05d}",
        "OWNER": f"{app}-5f7c9d8b6",
        "APP": app,
        "NODE": f"node-{number % 100}",
        "10.0.0.0": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
    }


def _pod() -> tuple[str, str]:
    """A pod after injection, and the status of one that runs; both JSON with the placeholders of `_names`."""
    plain = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "NAME", "labels": {"app": "APP", "version": "v1", "pod-template-hash": "5f7c9d8b6"}},
        "spec": {
            "nodeName": "NODE",
            "serviceAccountName": "APP",
            "containers": [
                {
                    "name": "application",
                    "image": "registry.example/application:1.0",
                    "ports": [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}],
                    "env": [{"name": f"SETTING_{each}", "value": f"what setting {each} says"} for each in range(25)],
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
                    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
                }
            ],
        },
    }
    done = subprocess.run(
        [sys.executable, "-m", "pillion", "kube-inject", "-f", "-"],
        input=json.dumps(plain), stdout=subprocess.PIPE, check=True, text=True,
    )  # fmt: skip
    pod = yaml.safe_load(done.stdout)
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "OWNER", "controller": True}
    uid = "0c5c7d7e-8c0b-4b0e-9d0f-0a1b2c3d4e5f"
    pod["metadata"]["ownerReferences"] = [{**owner, "uid": uid}]
    since = "2026-01-01T00:00:00Z"
    kinds = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    containers = [
        {
            "name": each["name"],
            "image": each["image"],
            "imageID": f"registry.example/image@sha256:{'0' * 64}",
            "containerID": f"containerd://{'0' * 64}",
            "ready": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": since}},
        }
        for each in pod["spec"]["containers"]
    ]
    status = {
        "phase": "Running",
        "hostIP": "192.0.2.1",
        "hostIPs": [{"ip": "192.0.2.1"}],
        "podIP": "10.0.0.0",
        "podIPs": [{"ip": "10.0.0.0"}],
        "startTime": since,
        "conditions": [{"type": kind, "status": "True", "lastTransitionTime": since} for kind in kinds],
        "containerStatuses": containers,
    }
    return json.dumps(pod), json.dumps({"status": status})
