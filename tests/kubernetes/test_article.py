"""Injection from beginning to end, as Istio's documentation tells it: its commands, a real kubectl and cluster."""

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from docs.schemas import problems
from kubernetes.injector import Injector, injecting
from kubernetes.kit.control import Control

pytestmark = pytest.mark.root
SLEEP = Path(__file__).parents[2] / "samples" / "sleep" / "sleep.yaml"
TIMEOUT = 90.0
UNINSTALL = """
kubectl delete mutatingwebhookconfiguration istio-sidecar-injector
kubectl -n istio-system delete service istio-sidecar-injector
kubectl -n istio-system delete deployment istio-sidecar-injector
kubectl -n istio-system delete serviceaccount istio-sidecar-injector-service-account
kubectl delete clusterrole istio-sidecar-injector-istio-system
kubectl delete clusterrolebinding istio-sidecar-injector-admin-role-binding-istio-system
"""
LOCAL_COPIES = """
kubectl -n istio-system get configmap istio-sidecar-injector -o=jsonpath='{.data.config}'
kubectl -n istio-system get configmap istio-sidecar-injector -o=jsonpath='{.data.values}'
kubectl -n istio-system get configmap istio -o=jsonpath='{.data.mesh}'
"""


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """A cluster with controllers."""
    control = Control(tmp_path_factory.mktemp("cluster"), "cluster")
    try:
        yield control.start()
    finally:
        control.stop()


def typed(control: Control, commands: str) -> list[str]:
    """Do what somebody types, a command a line; return what each prints."""
    return [control.kubectl(*shlex.split(line)[1:]) for line in commands.strip().splitlines()]


def pillion(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pillion", *words], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def statuses(control: Control, code: int) -> dict[str, tuple[str, str]]:
    """Status and rule of each pod of the two namespaces, by namespace."""
    words = ["inject", "status", "--kubeconfig", str(control.kubeconfig), "-o", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "pillion", *words], capture_output=True, text=True, check=False, timeout=120
    )
    answer = json.loads(done.stdout)
    assert list(problems(answer, "inject-status")) == []
    assert (done.returncode, answer["problems"]) == (code, []), json.dumps(answer["pods"], indent=1)
    found = [each for each in answer["pods"] if each["namespace"] in {"auto", "manual"}]
    return {each["namespace"]: (each["status"], each["rule"]) for each in found}


def until(true: Callable[[], Any]) -> Any:
    """Wait for something that the cluster's controllers do."""
    deadline = time.monotonic() + TIMEOUT
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def containers(spec: dict[str, Any]) -> list[str]:
    return [each["name"] for part in ("initContainers", "containers") for each in spec.get(part, [])]


def variables(found: dict[str, Any]) -> list[str]:
    """Names of the variables of a pod's proxy."""
    (proxy,) = [each for each in found["spec"]["containers"] if each["name"] == "istio-proxy"]
    return [each["name"] for each in proxy["env"]]


def sleeping(control: Control, namespace: str) -> list[dict[str, Any]]:
    """The pods of the Deployment that are to stay."""
    found = control.request("GET", f"/api/v1/namespaces/{namespace}/pods?labelSelector=app%3Dsleep")[1]["items"]
    return [each for each in found if "deletionTimestamp" not in each["metadata"]]


def pod(control: Control, namespace: str, old: str = "") -> dict[str, Any]:
    """The one pod of the Deployment, when it runs and is not the old one any more."""

    def found() -> dict[str, Any] | None:
        pods = sleeping(control, namespace)
        new = [each for each in pods if each["metadata"]["name"] != old and each["status"].get("phase") == "Running"]
        return new[0] if len(pods) == 1 and new else None

    return until(found)


def rolled(control: Control, namespace: str, old: dict[str, Any]) -> dict[str, Any]:
    """Restart the Deployment as people do; return the new pod."""
    control.kubectl("-n", namespace, "rollout", "restart", "deployment", "sleep")
    control.kubectl("-n", namespace, "rollout", "status", "deployment", "sleep", f"--timeout={TIMEOUT:.0f}s")
    return pod(control, namespace, old["metadata"]["name"])


def deployment(control: Control, namespace: str) -> list[str]:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/sleep"
    return containers(control.request("GET", path)[1]["spec"]["template"]["spec"])


def ready(control: Control, namespace: str) -> tuple[str, str]:
    """Columns READY and STATUS of `kubectl get pod -l app=sleep`."""
    _, line = control.kubectl("-n", namespace, "get", "pod", "-l", "app=sleep").splitlines()
    return tuple(line.split()[1:3])


BOTH = ["istio-init", "sleep", "istio-proxy"]
ONE = ["sleep"]


def test_the_documentation_from_beginning_to_end(cluster: Control, tmp_path: Path) -> None:
    pillion("install", "--kubeconfig", str(cluster.kubeconfig))
    cluster.kubectl("create", "namespace", "auto")
    cluster.kubectl("create", "namespace", "manual")
    with injecting(cluster, tmp_path / "injector") as injector:
        by_hand(cluster, tmp_path)
        automatically(cluster, injector)
        typed(cluster, UNINSTALL)
    afterwards(cluster)


def by_hand(cluster: Control, folder: Path) -> None:
    """Inject with local copies of the cluster's settings: the Deployment itself is changed."""
    copies = dict(zip(("inject-config", "inject-values", "mesh-config"), typed(cluster, LOCAL_COPIES), strict=True))
    for name, text in copies.items():
        (folder / f"{name}.yaml").write_text(text)
    flags = [
        word
        for flag, name in zip(("injectConfigFile", "valuesFile", "meshConfigFile"), copies, strict=True)
        for word in (f"--{flag}", str(folder / f"{name}.yaml"))
    ]
    injected = pillion("kube-inject", *flags, "--filename", str(SLEEP))
    cluster.kubectl("-n", "manual", "apply", "-f", "-", given=injected)
    found = pod(cluster, "manual")
    assert sorted(deployment(cluster, "manual")) == sorted(containers(found["spec"])) == sorted(BOTH)
    assert ready(cluster, "manual") == ("2/2", "Running")


def automatically(cluster: Control, injector: Injector) -> None:
    """Inject what is made in a labelled namespace: the pod is changed, the Deployment is not."""
    cluster.kubectl("-n", "auto", "apply", "-f", str(SLEEP))
    bare = pod(cluster, "auto")
    assert (containers(bare["spec"]), ready(cluster, "auto")) == (ONE, ("1/1", "Running"))
    assert statuses(cluster, 0) == {"auto": ("skipped", "webhook"), "manual": ("injected", "by-hand")}
    typed(cluster, "kubectl label namespace auto istio-injection=enabled")
    until(lambda: is_asked(cluster))
    assert statuses(cluster, 1)["auto"] == ("missing", "policy")
    first = rolled(cluster, "auto", bare)
    assert sorted(containers(first["spec"])) == sorted(BOTH)
    assert (deployment(cluster, "auto"), ready(cluster, "auto")) == (ONE, ("2/2", "Running"))
    assert statuses(cluster, 0) == {"auto": ("injected", "policy"), "manual": ("injected", "by-hand")}
    # The template stands in the ConfigMap: it is edited, and the next pod is another one.
    (config,) = typed(cluster, LOCAL_COPIES.strip().splitlines()[0])
    before, variable = "        - name: POD_NAME\n", "        - name: EDITED\n          value: 'yes'\n"
    assert config.count(before) == 1
    edited = config.replace(before, variable + before)
    cluster.kubectl("-n", "istio-system", "apply", "--server-side", "--force-conflicts", "-f", "-", given=(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-sidecar-injector}\ndata:\n  config: |\n"
        + "".join(f"    {line}\n" for line in edited.splitlines())))  # fmt: skip
    injector.remount()
    assert statuses(cluster, 1)["auto"] == ("outdated", "policy")
    assert "EDITED" not in variables(pod(cluster, "auto"))
    cluster.kubectl("-n", "auto", "delete", "pod", first["metadata"]["name"])
    second = pod(cluster, "auto", first["metadata"]["name"])
    assert "EDITED" in variables(second)
    assert sorted(containers(second["spec"])) == sorted(BOTH)


def is_asked(cluster: Control) -> bool:
    """Whether the API server asks the webhook for the namespace: a new label takes effect a moment late."""
    tried = {"metadata": {"name": "tried"}, "spec": {"containers": [{"name": "app", "image": "app"}]}}
    tried["spec"]["serviceAccountName"] = "sleep"
    status, answer = cluster.request("POST", "/api/v1/namespaces/auto/pods?dryRun=All", tried)
    return status == 201 and "istio-proxy" in containers(answer["spec"])


def afterwards(cluster: Control) -> None:
    """Pods stay as they are when the injector is gone, until they are made anew."""
    old = pod(cluster, "auto")
    assert sorted(containers(old["spec"])) == sorted(BOTH)
    assert statuses(cluster, 1) == {"auto": ("leftover", "no-webhook"), "manual": ("outdated", "by-hand")}
    until(lambda: not is_asked(cluster))
    assert containers(rolled(cluster, "auto", old)["spec"]) == ONE
    assert ready(cluster, "auto") == ("1/1", "Running")
    # What was injected by hand stands in the Deployment, and goes with it only.
    by_hand = pod(cluster, "manual")
    assert sorted(containers(rolled(cluster, "manual", by_hand)["spec"])) == sorted(BOTH)
