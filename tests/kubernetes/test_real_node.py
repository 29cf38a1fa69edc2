"""On a real node, with kubelet, containerd and Envoy: control plane and injector run as pods beside what they inject.

One test: what can be tried with an API server alone is tried there.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubernetes.kit.cluster import Cluster
from kubernetes.kit.image import PILLION, SLEEP

pytestmark = pytest.mark.root
SAMPLE = Path(__file__).parents[2] / "samples" / "sleep" / "sleep.yaml"
PATIENCE = 180.0
WGET = ("timeout", "20", "wget", "-qO-")
"""Debian's busybox has been built without wget's own limit."""
WEB = f"""
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{selector: {{app: web}}, ports: [{{name: http, port: 8000, targetPort: 80}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: web
        image: {SLEEP}
        command: [sh, -c, "mkdir /tmp/www && echo from the web > /tmp/www/index.html && exec httpd -f -h /tmp/www"]
        ports: [{{containerPort: 80}}]
        readinessProbe: {{httpGet: {{port: 80, path: /}}, periodSeconds: 1}}
"""
WAYS = {
    "native": {"sidecar.istio.io/nativeSidecar": "true"},
    "beside": {"sidecar.istio.io/nativeSidecar": "false"},
    "held": {
        "sidecar.istio.io/nativeSidecar": "false",
        "proxy.istio.io/config": "{holdApplicationUntilProxyStarts: true}",
    },
    "transparent": {"sidecar.istio.io/interceptionMode": "TPROXY"},
}
"""Annotations by the name of a pod."""
SIDECAR = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default}
spec:
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
  egress: [{hosts: [istio-system/*]}]
"""
NAMESPACES = ("net", "mnt", "pid")


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with a real node; afterwards nothing of it is on the machine."""
    folder = tmp_path_factory.mktemp("node")
    cluster = Cluster(folder)
    with contextlib.ExitStack() as opened:
        # An open namespace keeps its number, which would be another's soon.
        of_first = [Path(f"/proc/{cluster.machine.pid}/ns", each) for each in NAMESPACES]
        inside = {os.fstat(opened.enter_context(each.open()).fileno()).st_ino for each in of_first}
        try:
            assert who_is_in(inside) != []
            yield cluster.start()
        finally:
            cluster.stop()
        assert not folder.exists()
        assert list(Path("/sys/fs/cgroup").glob(f"**/{cluster.machine.cgroup}")) == []
        assert who_is_in(inside) == []


def who_is_in(namespaces: set[int]) -> list[str]:
    """List the processes of this machine that are in one of these namespaces."""
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        # A process may have ended.
        with contextlib.suppress(OSError):
            if any((process / "ns" / each).stat().st_ino in namespaces for each in NAMESPACES):
                found.append((process / "cmdline").read_text())
    return found


def pillion(cluster: Cluster, *words: str, codes: tuple[int, ...] = (0,)) -> str:
    argv = [sys.executable, "-m", "pillion", *words, "--kubeconfig", str(cluster.kubeconfig)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE + 60)
    assert done.returncode in codes, done.stdout + done.stderr
    return done.stdout


def told(cluster: Cluster, command: str) -> Any:
    """Ask one of our commands, which may have found something."""
    return json.loads(pillion(cluster, command, "-o", "json", codes=(0, 1)))


@contextlib.contextmanager
def explained(cluster: Cluster) -> Iterator[None]:
    """Say of a failure what the cluster says."""
    try:
        yield
    except BaseException as problem:
        for words in (
            "get pods -A -o wide",
            "describe pods -A",
            "logs -n istio-system -l app=istiod --tail 40",
            "logs -n istio-system -l app=sidecar-injector --tail 40",
            "logs -l app=sleep --all-containers --tail 40",
            "logs -l app=web --all-containers --tail 40",
        ):
            try:
                problem.add_note(f"--- kubectl {words}\n{cluster.kubectl(*words.split())[-6000:]}")
            except (RuntimeError, OSError) as other:
                problem.add_note(f"--- {other}")
        raise


def caller(name: str, annotations: dict[str, str]) -> str:
    """Write a pod that calls are made from."""
    container = {"name": "sleep", "image": SLEEP, "command": ["sleep", "infinity"]}
    metadata = {"name": name, "labels": {"app": "caller"}, "annotations": annotations}
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def until(true: Callable[[], bool]) -> None:
    """Wait for something that the cluster does."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.1)


def is_injecting(cluster: Cluster) -> bool:
    """Try a pod: of a new webhook, of its Service and of the namespace's label all parts hear in their own time."""
    try:
        made = cluster.kubectl("run", "tried", f"--image={SLEEP}", "--dry-run=server", "-o", "yaml")
    except RuntimeError:
        return False
    return "istio-proxy" in made


def call(cluster: Cluster, pod: str = "deploy/sleep") -> str:
    """Call web from a pod; return what came, or how it failed."""
    try:
        return cluster.kubectl("exec", pod, "-c", "sleep", "--", *WGET, "http://web:8000/").strip()
    except RuntimeError as problem:
        return str(problem)


def requests(cluster: Cluster, deployment: str, name: str) -> int:
    """Count the requests that a pod's Envoy sent to a cluster of its."""
    words = (
        "exec",
        f"deploy/{deployment}",
        "-c",
        "istio-proxy",
        "--",
        "pillion",
        "agent",
        "request",
        "GET",
        "/clusters",
    )
    lines = cluster.kubectl(*words).splitlines()
    counts = [re.fullmatch(rf"{re.escape(name)}::[\d.]+:80::rq_total::(\d+)", line) for line in lines]
    return sum(int(each[1]) for each in counts if each)


def test_injected_pods_talk_through_envoy_and_a_sidecar_cuts_it(cluster: Cluster) -> None:
    kubectl = cluster.kubectl
    image, _, tag = PILLION.removeprefix("docker.io/").rpartition(":")
    with explained(cluster):
        given = ("--hub", image.partition("/")[0], "--tag", tag, "--replicas", "1", "--timeout", str(PATIENCE))
        pillion(cluster, "install", *given)
        kubectl("label", "namespace", "default", "istio-injection=enabled")
        until(lambda: is_injecting(cluster))
        sleep = SAMPLE.read_text().replace("image: example/sleep\n", f"image: {SLEEP}\n")
        kubectl("apply", "-f", "-", given=f"{sleep}\n---\n{WEB}")
        kubectl("apply", "-f", "-", given="\n---\n".join(caller(*way) for way in WAYS.items()))
        for each in ("sleep", "web"):
            kubectl("rollout", "status", f"deployment/{each}", f"--timeout={PATIENCE:.0f}s")
        shown = kubectl("get", "pod", "-l", "app=sleep").splitlines()
        assert len(shown) == 2
        assert re.fullmatch(r"sleep-\S+ +2/2 +Running +0 +\S+ *", shown[1])

        until(lambda: call(cluster) == "from the web")
        assert requests(cluster, "sleep", "outbound|8000||web.default.svc.cluster.local") > 0
        assert requests(cluster, "web", "inbound|80||") > 0

        kubectl("wait", "--for=condition=Ready", "pod", "-l", "app=caller", f"--timeout={PATIENCE:.0f}s")
        for pod in WAYS:
            until(lambda pod=pod: call(cluster, pod) == "from the web")
        until(lambda: told(cluster, "status")["healthy"])
        until(
            lambda: [each["lds"] for each in told(cluster, "proxy-status")["proxies"]] == ["SYNCED"] * (len(WAYS) + 2)
        )
        kubectl("delete", "pod", "-l", "app=caller")

        kubectl("apply", "-f", "-", given=SIDECAR)
        until(lambda: "Connection reset by peer" in call(cluster))
        kubectl("delete", "sidecar", "default")
        until(lambda: call(cluster) == "from the web")

        removed = json.loads(pillion(cluster, "uninstall", "-o", "json"))
        assert sorted(pod["name"].partition("-")[0] for pod in removed["pods"]) == ["sleep", "web"]
        assert call(cluster) == "from the web", "what is injected goes on with what it was told"
